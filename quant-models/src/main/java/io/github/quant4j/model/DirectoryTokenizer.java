// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.text.InvalidTokenizerException;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tokenizer of a model directory, read on first use: who works with tokens needs none. */
final class DirectoryTokenizer {
  static final String FILE = "tokenizer.json";

  private final @Nullable Path directory;
  private volatile @Nullable Tokenizer tokenizer;

  DirectoryTokenizer(@Nullable Path directory) {
    this.directory = directory;
  }

  Optional<Path> directory() {
    return Optional.ofNullable(directory);
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
    if (directory == null) {
      throw new IllegalStateException(
          "the model was not opened from a directory, so it has no tokenizer; encode texts with one"
              + " of yours");
    }
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      throw new InvalidTokenizerException(
          file.toString(), "no such file, expected the model's tokenizer, which text needs");
    }
    try {
      loaded = TokenizerFile.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": " + e.getMessage(), e);
    }
    tokenizer = loaded;
    return loaded;
  }
}
