// SPDX-License-Identifier: Apache-2.0

/**
 * Model families, tokenizers, generation and speech: what an application that serves a model needs.
 */
module quant4j.models {
  requires static org.jspecify;
  requires org.slf4j;
  requires transitive quant4j.core;

  exports io.github.quant4j.checkpoint;
  exports io.github.quant4j.generate;
  exports io.github.quant4j.graph;
  exports io.github.quant4j.model;
  exports io.github.quant4j.model.config;
  exports io.github.quant4j.speech;
  exports io.github.quant4j.text;
  exports io.github.quant4j.text.gguf;
  exports io.github.quant4j.transcribe;
}
