// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.model.config.ModelOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An open model of either kind. */
sealed interface AnyModel extends AutoCloseable {

  /** Reads and writes text. */
  record Text(LanguageModel model) implements AnyModel {
    @Override
    public List<String> warnings() {
      return model.warnings();
    }

    @Override
    public KernelOptions kernels() {
      return model.options().kernels();
    }

    @Override
    public BlockModel<?> graph() {
      return model.graph();
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** Listens. */
  record Speech(SpeechEncoder encoder) implements AnyModel {
    @Override
    public List<String> warnings() {
      return encoder.warnings();
    }

    @Override
    public KernelOptions kernels() {
      return encoder.options().kernels();
    }

    @Override
    public BlockModel<?> graph() {
      return encoder.graph();
    }

    @Override
    public void close() {
      encoder.close();
    }
  }

  /** What was noticed when it was opened. */
  List<String> warnings();

  /** What it runs with. */
  KernelOptions kernels();

  /** Its blocks. */
  BlockModel<?> graph();

  /** The names of the layers that recipes are chosen for: those within blocks. */
  default List<String> layers() {
    return graph().blocks().stream()
        .flatMap(block -> block.sites().stream())
        .map(site -> site.name())
        .toList();
  }

  /** Opens what is in a directory. */
  static AnyModel open(Path directory, ModelOptions options) throws IOException {
    return SpeechEncoder.isIn(directory)
        ? new Speech(SpeechEncoder.open(directory, options))
        : new Text(LanguageModel.open(directory, options));
  }

  /** Opens a language model for a command with {@code --text}. */
  static LanguageModel openForText(Path directory, ModelOptions options) throws IOException {
    if (SpeechEncoder.isIn(directory)) {
      throw new UsageException(
          directory
              + ": a speech encoder, which reads no text; expected --speech instead of --text");
    }
    return LanguageModel.open(directory, options);
  }

  /** Opens a speech encoder for a command with {@code --speech}. */
  static SpeechEncoder openForSpeech(Path directory, ModelOptions options) throws IOException {
    if (!SpeechEncoder.isIn(directory)) {
      throw new UsageException(
          directory + ": not a speech encoder; expected one, or --text instead of --speech");
    }
    return SpeechEncoder.open(directory, options);
  }

  /** Opens a model that writes down what is said. */
  static SpeechRecognizer openToTranscribe(Path directory, ModelOptions options)
      throws IOException {
    if (!SpeechEncoder.isIn(directory)) {
      throw new UsageException(
          directory + ": no model of Whisper, expected one with an encoder and a decoder");
    }
    if (!SpeechRecognizer.isIn(directory)) {
      throw new UsageException(
          directory + ": a speech encoder without a decoder, which writes no text; expected both");
    }
    return SpeechRecognizer.open(directory, options);
  }

  @Override
  void close();
}
