// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of networks without a head, whose names lack their first word. */
class BareFilesTest {
  private static final Path FAMILIES = Path.of("src/test/resources/families");
  private static final int[] TEXT = {5, 17, 3, 60, 9, 9, 33};

  @TempDir private Path folder;

  /** A copy of a model whose tensors are named without a prefix. */
  private Path bare(String family, String prefix, String architecture, List<Tensor> more)
      throws IOException {
    Path source = FAMILIES.resolve(family);
    Path copy = Files.createDirectories(folder.resolve(family));
    String config = Files.readString(source.resolve("config.json"));
    Files.writeString(
        copy.resolve("config.json"),
        architecture.isEmpty()
            ? config
            : config.replaceFirst(
                "\"architectures\": \\[\\s*\"\\w+\"",
                "\"architectures\": [\"" + architecture + '"'));
    try (ModelDirectory files = ModelDirectory.open(source)) {
      SafetensorsWriter writer = new SafetensorsWriter();
      int renamed = 0;
      for (String name : files.names()) {
        boolean isInside = name.startsWith(prefix);
        renamed += isInside ? 1 : 0;
        writer.add(files.require(name).withName(isInside ? name.substring(prefix.length()) : name));
      }
      assertTrue(renamed > 0, family);
      more.forEach(writer::add);
      writer.write(copy.resolve("model.safetensors"));
    }
    return copy;
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-bigcode, transformer., ''",
    "openai-gpt, transformer., ''",
    "mpt, transformer., ''",
    "biogpt, biogpt., ''",
    "olmoe, model., ''",
    "granitemoe, model., ''",
    "deepseek-v3, model., ''",
    "vaultgemma, model., VaultGemmaModel",
    "gpt-bigcode, transformer., GPTBigCodeModel"
  })
  void bareFilesAreTheSameModel(String family, String prefix, String architecture)
      throws IOException {
    Path copy = bare(family, prefix, architecture, List.of());
    try (LanguageModel expected = LanguageModel.open(FAMILIES.resolve(family));
        LanguageModel found = LanguageModel.open(copy)) {
      assertArrayEquals(expected.logits(TEXT).data(), found.logits(TEXT).data());
      assertEquals(expected.graph().architecture(), found.graph().architecture());
      assertEquals(List.of(), found.warnings());
      for (int i = 0; i < expected.sites().size(); i++) {
        String name = expected.sites().get(i).name();
        assertEquals(
            name.startsWith(prefix) ? name.substring(prefix.length()) : name,
            found.sites().get(i).name());
      }
    }
  }

  /**
   * GPT-2's published files have the mask of each layer; other tensors that are left over are
   * refused.
   */
  @Test
  void masksAreNoWeights() throws IOException {
    Tensor mask = Tensor.ofFloats(Shape.of(1, 1, 4, 4), new float[16]);
    Path copy = bare("gpt-bigcode", "transformer.", "", List.of(mask.withName("h.0.attn.bias")));
    try (LanguageModel model = LanguageModel.open(copy)) {
      assertEquals(List.of(), model.warnings());
    }
    Tensor vector = Tensor.ofFloats(Shape.of(4), new float[4]);
    Path other = bare("gpt-bigcode", "transformer.", "", List.of(vector.withName("h.0.attn.bias")));
    assertThrows(InvalidModelException.class, () -> LanguageModel.open(other).close());
  }

  @Test
  void architecturesThatHaveNoModelWithHeadAreRefused() throws IOException {
    Path copy = bare("glm", "model.", "UnheardOfModel", List.of());
    assertThrows(InvalidModelException.class, () -> LanguageModel.open(copy).close());
  }
}
