// SPDX-License-Identifier: Apache-2.0
/**
 * JMH benchmarks of the kernels, with what they are to be compared with in the same run: scalar
 * code, dense f32 code, ONNX Runtime, Jlama, ND4J, and the rate at which memory can be read.
 *
 * <p>A benchmark is a method of {@link io.github.quant4j.bench.GemvBenchmark} (one token) or {@link
 * io.github.quant4j.bench.GemmBenchmark} (many) with one of the workloads, whose parameters say
 * what is multiplied: {@code format} (weights, and activations after an {@code @}, as in recipes),
 * {@code m} tokens, {@code k} inputs, {@code n} outputs, {@code threads}, {@code kernel} and where
 * the {@code weights} lie. {@link io.github.quant4j.bench.RatioTable} turns results into a table.
 */
@NullMarked
package io.github.quant4j.bench;

import org.jspecify.annotations.NullMarked;
