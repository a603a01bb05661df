// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedModels.Memory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What a compressed-tensors checkpoint may say besides codes and scales: groups of inputs in any
 * order, transforms that run with the model, a quantized cache.
 */
class CompressedTensorsExtrasTest {
  private static final String WEIGHTS =
      "{'num_bits':4,'symmetric':true,'strategy':'group','group_size':4}";

  private static JsonValue.Obj config(String more) {
    return QuantizedModels.json(
        "{'quantization_config':{'quant_method':'compressed-tensors','format':'pack-quantized',"
            + more
            + "'config_groups':{'group_0':{'targets':['Linear'],'weights':"
            + WEIGHTS
            + "}}}}");
  }

  /** Row r, column c has code (r + c) mod 16. */
  private static Tensor packed() {
    return Tensor.ofInts(Shape.of(2, 1), new int[] {0x76543210, 0x87654321})
        .withName("m.weight_packed");
  }

  private static Tensor shape() {
    return Tensor.ofLongs(Shape.of(2), new long[] {2, 8}).withName("m.weight_shape");
  }

  private static Tensor scales() {
    return ForeignTensors.floats("m.weight_scale", Shape.of(2, 2), 0.5f, 1, 1.5f, 2);
  }

  private static QuantizedLinear linear(JsonValue.Obj config, Tensor... tensors)
      throws TensorFileException {
    return QuantizedWeights.of(config, Memory.of(tensors)).find("m").orElseThrow();
  }

  private static void assertRefused(String expected, JsonValue.Obj config, Tensor... tensors) {
    TensorFileException e = assertThrows(TensorFileException.class, () -> linear(config, tensors));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  /** Each input has the scale of its group; -1 everywhere stands for groups in order. */
  @Test
  void inputsMayBelongToGroupsInAnyOrder() throws TensorFileException {
    int[] groups = {1, 0, 0, 1, 1, 0, 1, 0};
    float[] scale = {0.5f, 2, 3, 5};
    Tensor scales = Tensor.ofFloats(Shape.of(2, 2), scale).withName("m.weight_scale");
    for (int[] groupOf : List.of(groups, new int[] {0, 0, 0, 0, 1, 1, 1, 1}, filled(8, -1))) {
      float[] found =
          linear(
                  config(""),
                  packed(),
                  shape(),
                  scales,
                  Tensor.ofInts(Shape.of(8), groupOf).withName("m.weight_g_idx"))
              .toDense()
              .data();
      for (int i = 0; i < 16; i++) {
        int group = groupOf[i % 8] < 0 ? i % 8 / 4 : groupOf[i % 8];
        assertEquals(((i / 8 + i % 8) % 16 - 8) * scale[i / 8 * 2 + group], found[i], "" + i);
      }
    }
  }

  private static int[] filled(int count, int value) {
    int[] values = new int[count];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void aQuantizedCacheIsAWarning() throws TensorFileException {
    QuantizedWeights weights =
        QuantizedWeights.of(
            config("'kv_cache_scheme':{'num_bits':8,'type':'float'},"),
            Memory.of(
                packed(),
                shape(),
                scales(),
                Tensor.ofFloats(Shape.of(1), new float[] {1}).withName("attention.k_scale")));
    assertEquals(List.of("m"), List.copyOf(weights.modules()));
    assertTrue(weights.warnings().getFirst().contains("key-value cache"));
    assertEquals(Set.of("attention.k_scale"), weights.sharedTensors());
  }

  private static String online(String location, boolean inverse, String type) {
    return "'transform_config':{'config_groups':{'R':{'type':'"
        + type
        + "','head_dim':2,'apply':[{'location':'"
        + location
        + "','targets':['Linear'],'inverse':"
        + inverse
        + "}]}}},";
  }

  /** Rows are multiplied by the stored matrix, or its transpose, on blocks of two. */
  @Test
  void transformsThatRunWithTheModelAreApplied() throws TensorFileException {
    float half = (float) Math.sqrt(0.5);
    float[] stored = {1, 1, -1, 1};
    Tensor matrix = Tensor.ofFloats(Shape.of(2, 2), stored);
    float[] plain = linear(config(""), packed(), shape(), scales()).toDense().data();
    float[] x = {1, 2, -3, 0.5f, 4, -1, 0.25f, 7};
    for (boolean inverse : new boolean[] {false, true}) {
      for (String location : List.of("input", "output")) {
        // The second module has no matrix of its own, as equal ones are stored once.
        for (String owner : List.of("m", "other")) {
          QuantizedLinear linear =
              linear(
                  config(online(location, inverse, "random-hadamard")),
                  packed(),
                  shape(),
                  scales(),
                  matrix.withName(owner + ".R_" + location + ".weight"));
          float[] input = location.equals("input") ? rotated(x, stored, inverse, half) : x;
          float[] expected = new float[2];
          for (int i = 0; i < 16; i++) {
            expected[i / 8] += plain[i] * input[i % 8];
          }
          expected =
              location.equals("output") ? rotated(expected, stored, inverse, half) : expected;
          float[] found = new float[2];
          Kernels.forLinear(linear, KernelOptions.defaults()).multiply(x, found);
          assertArrayEquals(expected, found, 1e-4f, location + ", " + inverse + ", " + owner);
        }
      }
    }
    assertRefused(
        "no tensor 'R_input.weight' of [2, 2]",
        config(online("input", false, "random-hadamard")),
        packed(),
        shape(),
        scales());
    // Sylvester's matrix needs no tensor.
    QuantizedLinear fixed =
        linear(config(online("input", false, "hadamard")), packed(), shape(), scales());
    assertTrue(fixed.transform().orElseThrow().isOrthogonal());
  }

  private static float[] rotated(float[] x, float[] matrix, boolean inverse, float scale) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      int block = i / 2 * 2;
      for (int k = 0; k < 2; k++) {
        int at = inverse ? i % 2 * 2 + k : k * 2 + i % 2;
        y[i] += x[block + k] * matrix[at] * scale;
      }
    }
    return y;
  }
}
