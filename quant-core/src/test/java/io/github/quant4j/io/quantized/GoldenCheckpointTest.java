// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Tensor;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A checkpoint that was made by other means; its folder says how. */
class GoldenCheckpointTest {
  static Path folder() throws URISyntaxException {
    return Path.of(
            Objects.requireNonNull(
                    GoldenCheckpointTest.class.getResource("golden/model.safetensors"))
                .toURI())
        .getParent();
  }

  @Test
  void everyModuleHasTheWeightsThatAnIndependentDecoderGives() throws Exception {
    try (ModelDirectory model = ModelDirectory.open(folder())) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      assertEquals("compressed-tensors", weights.method());
      int count = 0;
      for (String name : model.names()) {
        if (name.startsWith("expected.")) {
          String module = name.substring("expected.".length());
          Tensor expected = model.require(name);
          QuantizedLinear linear = weights.find(module).orElseThrow();
          assertArrayEquals(
              expected.shape().dimensions(),
              new long[] {linear.outFeatures(), linear.inFeatures()},
              module);
          assertArrayEquals(
              expected.toFloatArray(), QuantizedModels.matrix(linear).dequantize().data(), module);
          count++;
        }
      }
      assertEquals(11, count);
      assertEquals(11, weights.modules().size());
      assertTrue(weights.find("m.plain").isEmpty());
      assertTrue(weights.find("no.such.module").isEmpty());
    }
  }

  @Test
  void schemesAndActivationsAreUnderstood() throws Exception {
    try (ModelDirectory model = ModelDirectory.open(folder())) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      assertEquals("[3, 16] int4:g8:sym", scheme(weights, "m.int4_sym"));
      assertEquals("[9, 8] int4:g4:asym:bf16", scheme(weights, "m.int4_asym"));
      assertEquals("[2, 7] int4:tensor:asym:f32", scheme(weights, "m.int4_tensor"));
      assertEquals("[3, 5] int8:channel:sym:bf16 @ int8:token:sym", scheme(weights, "m.int8"));
      assertEquals("[5, 8] fp8e4m3:block(2x4):sym:f32", scheme(weights, "m.fp8_block"));
      assertEquals("[2, 32] nvfp4", scheme(weights, "m.nvfp4"));
      assertEquals("[1, 64] mxfp4", scheme(weights, "m.mxfp4"));
      assertEquals("[2, 32] mxfp8", scheme(weights, "m.mxfp8"));
    }
  }

  private static String scheme(QuantizedWeights weights, String module) throws Exception {
    return weights.find(module).orElseThrow().toString();
  }

  @Test
  void nothingIsWrongWithIt() throws Exception {
    assertEquals(List.of(), ModelVerifier.verify(folder()));
  }

  @Test
  void modulesAreListedOnce() throws Exception {
    try (ModelDirectory model = ModelDirectory.open(folder())) {
      assertEquals(
          Set.of(
              "m.int4_sym",
              "m.int4_asym",
              "m.int4_tensor",
              "m.int3_dense",
              "m.int3_padded",
              "m.int5_padded_few",
              "m.int8",
              "m.fp8_block",
              "m.nvfp4",
              "m.mxfp4",
              "m.mxfp8"),
          QuantizedWeights.of(model).modules());
    }
  }
}
