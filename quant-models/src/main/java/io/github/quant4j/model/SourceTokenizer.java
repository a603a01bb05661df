// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.text.InvalidTokenizerException;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tokenizer of a stored model, read on first use: who works with tokens needs none. */
final class SourceTokenizer {
  static final String FILE = "tokenizer.json";

  private final @Nullable ModelSource source;
  private volatile @Nullable Tokenizer tokenizer;

  SourceTokenizer(@Nullable ModelSource source) {
    this.source = source;
  }

  Optional<Path> path() {
    return Optional.ofNullable(source).map(ModelSource::path);
  }

  Tokenizer get() {
    Tokenizer known = tokenizer;
    return known != null ? known : load();
  }

  private synchronized Tokenizer load() {
    Tokenizer loaded = tokenizer;
    if (loaded != null) {
      return loaded;
    }
    if (source == null) {
      throw new IllegalStateException(
          "the model was not opened from a directory, so it has no tokenizer; encode texts with one"
              + " of yours");
    }
    Path file = source.path().resolve(FILE);
    try {
      Companion companion =
          source
              .companion(FILE)
              .orElseThrow(
                  () ->
                      new InvalidTokenizerException(
                          file.toString(),
                          "no such file, expected the model's tokenizer, which text needs"));
      loaded = TokenizerFile.parse(companion.content(), file.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e.getMessage(), e);
    }
    tokenizer = loaded;
    return loaded;
  }
}
