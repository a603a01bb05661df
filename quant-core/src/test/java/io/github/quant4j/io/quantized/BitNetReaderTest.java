// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedModels.Memory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packed ternary checkpoints, with tensors made by hand. */
class BitNetReaderTest {
  private static final String AUTO = "'linear_class':'autobitlinear'";

  private static JsonValue.Obj config(String more) {
    return QuantizedModels.json(
        "{'quantization_config':{'quant_method':'bitnet'"
            + (more.isEmpty() ? "" : "," + more)
            + "}}");
  }

  private static Tensor bytes(Shape shape, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Tensor.ofBytes(DType.U8, shape, bytes).withName("m.weight");
  }

  /** Packs {@code [out][in]} of -1, 0 and 1, as the format says. */
  private static Tensor packed(int[][] weights) {
    int lines = weights.length / 4;
    int columns = weights[0].length;
    int[] bytes = new int[lines * columns];
    for (int row = 0; row < weights.length; row++) {
      for (int column = 0; column < columns; column++) {
        bytes[row % lines * columns + column] += weights[row][column] + 1 << row / lines * 2;
      }
    }
    return bytes(Shape.of(lines, columns), bytes);
  }

  private static Tensor floats(String name, float... values) {
    return Tensor.ofFloats(Shape.of(values.length), values).withName(name);
  }

  private static Tensor scale(float value) {
    return floats("m.weight_scale", value);
  }

  private static QuantizedLinear linear(JsonValue.Obj config, Tensor... tensors)
      throws TensorFileException {
    return QuantizedWeights.of(config, Memory.of(tensors)).find("m").orElseThrow();
  }

  private static void assertRefused(String expected, JsonValue.Obj config, Tensor... tensors) {
    TensorFileException e = assertThrows(TensorFileException.class, () -> linear(config, tensors));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  /** The example that the reference's documentation works out. */
  @Test
  void bytesAreTakenApartAsDocumented() throws TensorFileException {
    Tensor weight = bytes(Shape.of(2, 2), 0b10100001, 0b00011000, 0b10010000, 0b00001010);
    int[][] expected = {{0, -1}, {-1, 1}, {-1, 1}, {-1, 1}, {1, 0}, {0, -1}, {1, -1}, {1, -1}};
    QuantizedMatrix matrix = QuantizedModels.matrix(linear(config(AUTO), weight, scale(2)));
    assertEquals("ternary:tensor:sym:f32", matrix.scheme().toString());
    for (int row = 0; row < 8; row++) {
      for (int column = 0; column < 2; column++) {
        assertEquals(2f * expected[row][column], matrix.get(row, column), row + ", " + column);
      }
    }
  }

  @Test
  void theScaleIsADivisorUnlessTheClassSaysOtherwise() throws TensorFileException {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    for (String divided : new String[] {"", "'linear_class':'bitlinear'"}) {
      QuantizedMatrix matrix = QuantizedModels.matrix(linear(config(divided), weight, scale(4)));
      assertEquals(0.25f, matrix.get(0, 0));
      assertEquals(-0.25f, matrix.get(1, 0));
    }
    assertEquals(4f, QuantizedModels.matrix(linear(config(AUTO), weight, scale(4))).get(0, 0));
  }

  @ParameterizedTest
  @CsvSource({"F16, 0x3800", "BF16, 0x3f00"})
  void scalesMayBeHalvesOfAnyRank(DType dtype, String half) throws TensorFileException {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    short[] bits = {Integer.decode(half).shortValue()};
    for (Shape shape : new Shape[] {Shape.of(1), Shape.of(), Shape.of(1, 1)}) {
      Tensor scale = Tensor.ofShorts(dtype, shape, bits).withName("m.weight_scale");
      assertEquals(0.5f, QuantizedModels.matrix(linear(config(AUTO), weight, scale)).get(0, 0));
    }
  }

  /** What packed kernels of integer inputs serve: two bits a weight, one scale. */
  @Test
  void codesStayCodes() throws TensorFileException {
    QuantizedLinear linear = linear(config(AUTO), packed(new int[64][128]), scale(1));
    QuantizedMatrix matrix = QuantizedModels.matrix(linear);
    assertEquals(1, linear.terms().size());
    assertEquals(64 * 128 * 2, matrix.codes().storageBits());
    assertEquals(1, matrix.grid().layout().count());
    assertEquals("int8:token:sym", linear.activations().orElseThrow().toString());
  }

  /** Codes, rounded inputs, scales and bias against the formulas in double precision. */
  @ParameterizedTest
  @CsvSource({
    "8, 5, true",
    "8, 5, false",
    "4, 1, true",
    "12, 8, false",
    "20, 67, true",
    "64, 130, false"
  })
  void productsAreThoseOfTheFormula(int out, int in, boolean multiplied)
      throws TensorFileException {
    SeededRandom random = new SeededRandom(out * 1000L + in);
    int[][] weights = new int[out][in];
    for (int[] row : weights) {
      for (int i = 0; i < in; i++) {
        row[i] = random.nextInt(-1, 2);
      }
    }
    float[] bias = random.gaussians(out);
    float weightScale = 0.37f;
    QuantizedLinear linear =
        linear(
            config(multiplied ? AUTO : ""),
            packed(weights),
            scale(weightScale),
            floats("m.bias", bias));
    float[] x = random.gaussians(2 * in);
    // One token is a hundred times as large: each has a range of its own.
    for (int i = 0; i < in; i++) {
      x[i] *= 100;
    }
    float[] y = new float[2 * out];
    for (String provider : new String[] {"scalar", KernelOptions.AUTO}) {
      Kernels.forLinear(linear, KernelOptions.defaults().withProvider(provider))
          .multiply(x, 0, 2, y, 0);
      for (int token = 0; token < 2; token++) {
        double largest = 0;
        for (int i = 0; i < in; i++) {
          largest = Math.max(largest, Math.abs(x[token * in + i]));
        }
        for (int row = 0; row < out; row++) {
          double sum = 0;
          for (int i = 0; i < in; i++) {
            double rounded = Math.rint(x[token * in + i] * 127 / largest);
            sum += weights[row][i] * Math.clamp(rounded, -128, 127);
          }
          double plain = sum * largest / 127;
          double expected =
              multiplied ? (plain + bias[row]) * weightScale : plain / weightScale + bias[row];
          assertEquals(
              expected, y[token * out + row], 1e-5 * (1 + Math.abs(expected)), provider + row);
        }
      }
    }
  }

  @Test
  void theFourthCodeIsRefusedWhereverItIs() {
    for (int columns : new int[] {1, 7, 8, 19}) {
      for (int at = 0; at < 2 * columns; at++) {
        for (int i = 0; i < 4; i++) {
          int[] bytes = new int[2 * columns];
          bytes[at] = 3 << 2 * i;
          assertRefused(
              "code 3 in byte (" + at / columns + ", " + at % columns + ")",
              config(AUTO),
              bytes(Shape.of(2, columns), bytes),
              scale(1));
        }
      }
    }
  }

  @Test
  void otherModesAreRefusedByName() {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    Map.of(
            "'quantization_mode':'online'", "'quantization_mode': 'online' is not supported",
            "'linear_class':'bitblas'", "'linear_class': 'bitblas' is not supported",
            "'linear_class':3", "'linear_class'",
            "'use_rms_norm':true", "'use_rms_norm'",
            "'num_bits':2", "'num_bits' is not known",
            "'modules_to_not_convert':['m']", "'modules_to_not_convert' names 'm'",
            "'modules_to_not_convert':[7]", "'modules_to_not_convert': expected names")
        .forEach((member, expected) -> assertRefused(expected, config(member), weight, scale(1)));
  }

  @Test
  void neutralMembersAreFine() throws TensorFileException {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    String neutral =
        AUTO
            + ",'quantization_mode':'offline','use_rms_norm':false,'rms_norm_eps':1e-6,"
            + "'modules_to_not_convert':['lm_head','mm']";
    assertEquals(4, linear(config(neutral), weight, scale(1)).outFeatures());
    assertEquals(
        4, linear(config("'modules_to_not_convert':null"), weight, scale(1)).outFeatures());
  }

  @ParameterizedTest
  @ValueSource(floats = {0f, -1f, Float.NaN, Float.POSITIVE_INFINITY, Float.MIN_VALUE})
  void scalesThatAreNoneAreRefused(float value) {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    assertRefused("expected a positive scale", config(""), weight, scale(value));
  }

  @Test
  void oddTensorsAreRefusedByName() {
    Tensor weight = packed(new int[][] {{1}, {-1}, {0}, {1}});
    assertRefused("tensor 'm.weight_scale' is missing", config(AUTO), weight);
    assertRefused("tensor 'm.weight' is missing", config(AUTO), scale(1));
    assertRefused("expected one element", config(AUTO), weight, floats("m.weight_scale", 1, 1));
    assertRefused(
        "[m.weight_zero_point] are not used",
        config(AUTO),
        weight,
        scale(1),
        floats("m.weight_zero_point", 0));
    assertRefused("expected a matrix", config(AUTO), bytes(Shape.of(4), 0, 0, 0, 0), scale(1));
    assertRefused("sizes must be", config(AUTO), bytes(Shape.of(0, 4)), scale(1));
    assertRefused("expected type [U8]", config(AUTO), floats("m.weight", 1, 0), scale(1));
    Tensor byteBias = bytes(Shape.of(4), 1, 2, 3, 4).withName("m.bias");
    assertRefused("expected a floating-point type", config(AUTO), weight, scale(1), byteBias);
    assertRefused("bias", config(AUTO), weight, scale(1), floats("m.bias", 1, 2, 3));
  }

  @Test
  void modulesAreThoseWithPackedWeights() throws TensorFileException {
    QuantizedWeights weights =
        QuantizedWeights.of(
            config(AUTO),
            Memory.of(
                packed(new int[][] {{1}, {-1}, {0}, {1}}),
                scale(1),
                floats("head.weight", 1, 2),
                floats("norm.weight", 1)));
    assertEquals(Set.of("m"), weights.modules());
    assertEquals("bitnet", weights.method());
    assertTrue(weights.find("head").isEmpty());
  }
}
