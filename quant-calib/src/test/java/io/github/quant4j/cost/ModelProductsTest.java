// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.metric.BitOperationForm;
import io.github.quant4j.metric.CountingPolicy;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.MemoryTraffic;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Quantization;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelProductsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("quant4j.root", ".."), "examples/models/gutenberg-5m");

  /** Shapes of the bundled model. */
  private static final int WIDTH = 256;

  private static final int INNER = 768;
  private static final int KEYS = 128;
  private static final int LAYERS = 6;
  private static final int VOCABULARY = 2048;

  private static final Path FAMILIES =
      Path.of(System.getProperty("quant4j.root", ".."))
          .resolve("quant-models/src/test/resources/families");

  @TempDir private Path directory;

  private static double layerWeights() {
    return LAYERS * ((double) WIDTH * (2 * WIDTH + 2 * KEYS) + 3.0 * WIDTH * INNER);
  }

  @Test
  void operationsOfTheBundledModel() throws IOException {
    try (LanguageModel model = LanguageModel.open(MODEL)) {
      List<MatrixProduct> products =
          ModelProducts.of(model.graph(), Pass.decode(99), Operand.FULL, _ -> Optional.empty());
      double layers = layerWeights() * 256;
      assertEquals(layers, BitOperationForm.PRODUCT.cost(products, CountingPolicy.LAYERS), 1);
      double attention = LAYERS * 2.0 * WIDTH * 100 * 256;
      double head = (double) WIDTH * VOCABULARY * 256;
      assertEquals(
          layers + attention + head,
          BitOperationForm.PRODUCT.cost(products, CountingPolicy.ALL),
          1);
      // Keys and values of 100 tokens read and of one written, queries in and outputs out.
      double cache = LAYERS * (2.0 * 101 * KEYS * 2 + 2.0 * WIDTH * 2);
      assertEquals(
          cache,
          new MemoryTraffic()
              .cost(
                  products.stream().filter(one -> one.role() == ProductRole.ATTENTION).toList(),
                  CountingPolicy.ALL),
          1e-6);
      List<MatrixProduct> prompt =
          ModelProducts.of(model.graph(), Pass.prefill(64), Operand.FULL, _ -> Optional.empty());
      assertEquals(64 * layers, BitOperationForm.PRODUCT.cost(prompt, CountingPolicy.LAYERS), 64);
      assertEquals(
          64 * layers + LAYERS * 2.0 * WIDTH * 64 * 64 * 256 + head,
          BitOperationForm.PRODUCT.cost(prompt, CountingPolicy.ALL),
          64);
    }
  }

  /** Two of six experts are counted for each token, and all of them are touched by many. */
  @Test
  void operationsOfAMixtureAreThoseOfTheExpertsThatRun() throws IOException {
    double attention = 32 * (32 + 16 + 16 + 32);
    double active = 2 * (attention + 32 * 6 + 2 * 3 * 32 * 12);
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve("olmoe"))) {
      for (int tokens : new int[] {1, 3, 50}) {
        Pass pass = tokens == 1 ? Pass.decode(9) : Pass.prefill(tokens);
        List<MatrixProduct> products =
            ModelProducts.of(model.graph(), pass, Operand.FULL, _ -> Optional.empty());
        assertEquals(
            tokens * active * 256,
            BitOperationForm.PRODUCT.cost(products, CountingPolicy.LAYERS),
            1);
        long experts =
            products.stream()
                .filter(product -> product.name().startsWith("model.layers.0.mlp.experts."))
                .count();
        assertEquals(3L * Math.min(6, 2 * tokens), experts);
      }
    }
  }

  /**
   * Two layers on one token behind nine: heads times width times ten keys, with key heads shared,
   * the widths of latent keys and values, and no key beyond.
   */
  @ParameterizedTest
  @CsvSource({
    // One fused projection, 4 heads of 8 on one key head.
    "gpt-bigcode, 320, 320, 80, 80",
    // One fused projection, 4 heads of 8 of their own.
    "mpt, 320, 320, 320, 320",
    // Latent: 4 heads, keys of 6 + 4, values of 8.
    "deepseek-v3, 400, 320, 400, 320",
    "youtu, 400, 320, 400, 320",
    // Separate, 2 key heads, of which a window of 7 would see less.
    "olmoe, 320, 320, 160, 160"
  })
  void attentionIsCountedWhateverMakesItsKeys(
      String family, double scores, double mixtures, double keys, double values)
      throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve(family))) {
      List<MatrixProduct> attention =
          ModelProducts.of(model.graph(), Pass.decode(9), Operand.FULL, _ -> Optional.empty())
              .stream()
              .filter(product -> product.role() == ProductRole.ATTENTION)
              .toList();
      assertEquals(4, attention.size(), family);
      for (int layer = 0; layer < 2; layer++) {
        MatrixProduct first = attention.get(2 * layer);
        MatrixProduct second = attention.get(2 * layer + 1);
        assertTrue(first.name().endsWith(".scores"), first.name());
        assertEquals(scores, first.multiplyAdds());
        assertEquals(16 * keys, first.storedBits());
        assertEquals(16 * keys / 10, first.writtenBits());
        assertEquals(mixtures, second.multiplyAdds());
        assertEquals(10, second.fanIn());
        assertEquals(16 * values, second.storedBits());
      }
    }
  }

  /**
   * Linear attention has a state instead of keys: 4 value heads of 6 x 4, and a convolution of 3
   * over 2 x 12 + 16 channels. Gated attention in the second layer is attention.
   */
  @ParameterizedTest
  @ValueSource(ints = {9, 90})
  void linearAttentionCostsTheSameAtAnyLength(int past) throws IOException {
    try (LanguageModel model = LanguageModel.open(FAMILIES.resolve("qwen3-next"))) {
      List<MatrixProduct> attention =
          ModelProducts.of(model.graph(), Pass.decode(past), Operand.FULL, _ -> Optional.empty())
              .stream()
              .filter(product -> product.role() == ProductRole.ATTENTION)
              .toList();
      double scores = 32.0 * (past + 1);
      assertEquals(
          List.of(120.0, 96.0, 192.0, 96.0, scores, scores),
          attention.stream().map(MatrixProduct::multiplyAdds).toList());
      assertEquals(96.0 * 16, attention.get(1).storedBits());
      assertEquals(96.0 * 16, attention.get(2).writtenBits());
      assertEquals(16.0 * 16, attention.get(3).writtenBits());
    }
  }

  /** Weights are as many bytes of traffic as they are of files. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g64:asym rtn",
        "int3:g64:sym rtn",
        "nvfp4 rtn",
        "int8:channel:sym rtn @ int8:token",
        "int4:g128:sym rtn + sparse(0.01)"
      })
  void trafficIsThatOfTheFiles(String recipe) throws IOException {
    Path target = directory.resolve("out");
    try (LanguageModel model = LanguageModel.open(MODEL)) {
      Quantization.of(model).recipe(recipe).saveTo(target);
      List<MatrixProduct> products =
          ModelProducts.ofDirectory(model.graph(), target, Pass.decode(0), Operand.FULL);
      double stored = 0;
      for (MatrixProduct product : products) {
        stored += product.role() == ProductRole.LAYER ? product.storedBits() / 8 : 0;
      }
      long files = 0;
      try (ModelDirectory quantized = ModelDirectory.open(target)) {
        for (String module : QuantizedWeights.of(quantized).modules()) {
          for (String name : quantized.names()) {
            if (name.startsWith(module + ".")) {
              files += quantized.find(name).orElseThrow().byteSize();
            }
          }
        }
      }
      // Shapes are stored beside the codes, and codes fill whole words.
      assertEquals((double) files, stored, 0.01 * files, recipe);
      assertTrue(stored < layerWeights() * 2);
    }
  }

  @Test
  void passes() {
    assertEquals("1 token after 255", "" + Pass.decode(255));
    assertEquals("64 tokens", "" + Pass.prefill(64));
    assertThrows(IllegalArgumentException.class, () -> new Pass(0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Pass(1, 0, 2));
  }
}
