// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestTokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A random language model of two blocks with a tokenizer of letters, so small that commands on it
 * take a fraction of a second, and a text of random words for it.
 *
 * @param directory of the model
 * @param text the file
 */
record TinyModel(Path directory, Path text) {
  private static final int WORDS = 60;

  static TinyModel in(Path parent) throws IOException {
    Path model = Files.createDirectories(parent.resolve("tiny"));
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(TestModels.directory("llama-untied").resolve(file), model.resolve(file));
    }
    Files.writeString(model.resolve("tokenizer.json"), TestTokenizers.sentencePiece());
    SeededRandom random = new SeededRandom(11);
    StringBuilder text = new StringBuilder();
    for (int word = 0; word < WORDS; word++) {
      for (int letter = random.nextInt(3, 9); letter > 0; letter--) {
        text.append((char) random.nextInt('a', 'z' + 1));
      }
      text.append(' ');
    }
    return new TinyModel(model, Files.writeString(parent.resolve("words.txt"), text));
  }
}
