// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.Problem;
import io.github.quant4j.testing.models.TestDirectories;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestTokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCheckTest {
  @TempDir Path temporary;
  private Path model;

  @BeforeEach
  void quantize() throws IOException {
    model = temporary.resolve("model");
    TestDirectories.quantize("qwen2-biased", "int4:g16:asym rtn", model);
  }

  @Test
  void intactModelsHaveNoProblem() throws IOException {
    assertEquals(List.of(), ModelCheck.verify(model));
    Files.writeString(model.resolve("tokenizer.json"), TestTokenizers.sentencePiece());
    assertEquals(List.of(), ModelCheck.verify(model));
    for (String name : TestModels.names()) {
      assertEquals(List.of(), ModelCheck.verify(TestModels.directory(name)));
    }
  }

  @Test
  void tellsHowFarItIsAndStops() throws IOException {
    List<String> ends = new ArrayList<>();
    ModelCheck check =
        ModelCheck.of(model)
            .progress(
                (stage, done, total) -> {
                  if (done == total) {
                    ends.add(stage);
                  }
                });
    assertEquals(List.of(), check.run());
    assertEquals(List.of("verify"), ends);
    assertThrows(CancellationException.class, () -> check.cancellation(() -> true).run());
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> ModelCheck.verify(model));
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void damagedDataIsFound() throws IOException {
    TestDirectories.damage(model.resolve("model.safetensors"));
    List<Problem> problems = ModelCheck.verify(model);
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().toString().contains("checksum"), problems.toString());
  }

  @Test
  void truncatedFilesAreFoundOnce() throws IOException {
    Path file = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    List<Problem> problems = ModelCheck.verify(model);
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().toString().contains("model.safetensors"), problems.toString());
  }

  @Test
  void shapesAreHeldAgainstTheConfiguration() throws IOException {
    Path config = model.resolve("config.json");
    String text = Files.readString(config);
    String changed = text.replaceFirst("\"intermediate_size\": ?48", "\"intermediate_size\": 64");
    assertTrue(!changed.equals(text), text);
    Files.writeString(config, changed);
    List<Problem> problems = ModelCheck.verify(model);
    assertTrue(
        problems.stream().anyMatch(problem -> problem.toString().contains("gate_proj")),
        problems.toString());
  }

  @Test
  void aMalformedTokenizerIsFound() throws IOException {
    Files.writeString(model.resolve("tokenizer.json"), "{\"model\": 3}");
    List<Problem> problems = ModelCheck.verify(model);
    assertEquals(1, problems.size(), problems.toString());
    assertEquals("tokenizer", problems.getFirst().subject());
  }

  @Test
  void aMissingDirectoryIsNoModelWithProblems() {
    Path missing = temporary.resolve("missing");
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> ModelCheck.verify(missing));
    assertTrue(e.getMessage().contains("no such directory"), e.getMessage());
  }
}
