// SPDX-License-Identifier: Apache-2.0
/**
 * Jlama's tensor operations as a peer: on the Vector API, and in C where its library loads. Its
 * class files are of Java 20 without preview features and run on JDK 25.
 */
@NullMarked
package io.github.quant4j.bench.jlama;

import org.jspecify.annotations.NullMarked;
