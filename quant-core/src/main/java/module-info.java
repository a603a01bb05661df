// SPDX-License-Identifier: Apache-2.0

/** Tensors, number formats, quantizers, rounding, transforms, file formats and kernels. */
module quant4j.core {
  requires static jdk.management;
  requires static org.jspecify;
  // Only some recipes need it, and as an automatic module it would keep jlink from linking all
  // others.
  requires static commons.math3;
  requires org.slf4j;

  exports io.github.quant4j.activation;
  exports io.github.quant4j.annotation;
  exports io.github.quant4j.block;
  exports io.github.quant4j.decompose;
  exports io.github.quant4j.format;
  exports io.github.quant4j.grammar;
  exports io.github.quant4j.io;
  exports io.github.quant4j.io.gguf;
  exports io.github.quant4j.io.onnx;
  exports io.github.quant4j.io.packed;
  exports io.github.quant4j.io.quantized;
  exports io.github.quant4j.json to
      quant4j.models,
      quant4j.calib,
      quant4j.report;
  exports io.github.quant4j.kernel;
  exports io.github.quant4j.layer;
  exports io.github.quant4j.linalg;
  exports io.github.quant4j.linear;
  exports io.github.quant4j.matrix;
  exports io.github.quant4j.metric;
  exports io.github.quant4j.parallel;
  exports io.github.quant4j.progress;
  exports io.github.quant4j.quantize;
  exports io.github.quant4j.recipe;
  exports io.github.quant4j.rounding;
  exports io.github.quant4j.scheme;
  exports io.github.quant4j.search;
  exports io.github.quant4j.statistic;
  exports io.github.quant4j.tensor;
  exports io.github.quant4j.transform;
  exports io.github.quant4j.transform.rule;

  uses io.github.quant4j.kernel.KernelProvider;
  uses io.github.quant4j.linalg.LinearAlgebraProvider;
}
