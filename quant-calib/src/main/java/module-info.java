// SPDX-License-Identifier: Apache-2.0

/** Calibration pipelines, evaluation and reports. */
module quant4j.calib {
  requires static nd4j.api;
  requires static org.jspecify;
  // Recipes may need it, and quant4j.core asks for it only if somebody else does.
  requires commons.math3;
  requires org.slf4j;
  requires transitive quant4j.core;
  requires transitive quant4j.models;

  exports io.github.quant4j.allocate;
  exports io.github.quant4j.cost;
  exports io.github.quant4j.evaluate;
  exports io.github.quant4j.inspect;
  exports io.github.quant4j.nd4j;
  exports io.github.quant4j.pipeline;
  exports io.github.quant4j.sensitivity;
  exports io.github.quant4j.study;

  uses io.github.quant4j.pipeline.ReportPageProvider;
}
