// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.PowerOfTwoScale;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ONNX's own backend tests of casts, QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.
 * Integers of 16 bits and products of quantized tensors are left out: there are no such formats and
 * no such operators here.
 */
@Tag("conformance")
class OnnxConformanceTest {

  private static Path folder(String test) {
    return SharedData.path("fixtures/onnx-node-tests").resolve(test);
  }

  private static OnnxTensor tensor(String test, String name) throws IOException {
    return OnnxTensor.read(folder(test).resolve("test_data_set_0").resolve(name + ".pb"));
  }

  private static Stream<String> tests(String pattern) {
    try (Stream<Path> folders = Files.list(SharedData.path("fixtures/onnx-node-tests"))) {
      List<String> names =
          folders
              .map(path -> String.valueOf(path.getFileName()))
              .filter(name -> name.matches(pattern))
              .sorted()
              .toList();
      assertTrue(!names.isEmpty(), pattern);
      return names.stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NumberFormat format(int type) {
    return switch (type) {
      case OnnxTensor.UINT8, OnnxTensor.INT8 -> new IntegerFormat(8);
      case OnnxTensor.UINT4, OnnxTensor.INT4 -> new IntegerFormat(4);
      case OnnxTensor.UINT2, OnnxTensor.INT2 -> new IntegerFormat(2);
      case OnnxTensor.FLOAT8E4M3FN -> MiniFloat.FP8_E4M3;
      case OnnxTensor.FLOAT8E4M3FNUZ -> MiniFloat.FP8_E4M3_FNUZ;
      case OnnxTensor.FLOAT8E5M2 -> MiniFloat.FP8_E5M2;
      case OnnxTensor.FLOAT8E5M2FNUZ -> MiniFloat.FP8_E5M2_FNUZ;
      case OnnxTensor.FLOAT4E2M1 -> MiniFloat.FP4_E2M1;
      default -> throw new AssertionError("type " + type);
    };
  }

  private static boolean isSigned(int type) {
    return type == OnnxTensor.INT8 || type == OnnxTensor.INT4 || type == OnnxTensor.INT2;
  }

  /** Our codes of integers are in offset binary, which for unsigned ones is their value. */
  private static int code(OnnxTensor tensor, int index) {
    int bits = (int) tensor.bits()[index];
    return isSigned(tensor.type()) && format(tensor.type()) instanceof IntegerFormat integer
        ? bits ^ integer.offset()
        : bits;
  }

  /** The scale that belongs to an element. */
  private static int scaleIndex(OnnxTensor x, OnnxTensor scale, int element, Path model)
      throws IOException {
    if (scale.count() == 1) {
      return 0;
    }
    int axis = OnnxTensor.attribute(model, "axis", 1);
    int block = OnnxTensor.attribute(model, "block_size", 0);
    int[] dimensions = x.dimensions();
    int index = 0;
    int left = element;
    int[] coordinates = new int[dimensions.length];
    for (int d = dimensions.length - 1; d >= 0; d--) {
      coordinates[d] = left % dimensions[d];
      left /= dimensions[d];
    }
    if (block == 0) {
      return coordinates[axis];
    }
    for (int d = 0; d < dimensions.length; d++) {
      index = index * scale.dimensions()[d] + (d == axis ? coordinates[d] / block : coordinates[d]);
    }
    return index;
  }

  /** Elements by the scale that they have. */
  private static List<List<Integer>> rows(OnnxTensor x, OnnxTensor scale, Path model)
      throws IOException {
    List<List<Integer>> rows = new ArrayList<>();
    for (int s = 0; s < scale.count(); s++) {
      rows.add(new ArrayList<>());
    }
    for (int i = 0; i < x.count(); i++) {
      rows.get(scaleIndex(x, scale, i, model)).add(i);
    }
    return rows;
  }

  /** The grid of an operator: one row for each scale. */
  private static Grid grid(
      OnnxTensor scale, @Nullable OnnxTensor zero, int type, int columns, String test) {
    NumberFormat format = format(type);
    ScaleLayout layout = new ScaleLayout(scale.count(), columns, 1, columns);
    double[] scales = new double[scale.count()];
    float[] zeros = new float[scale.count()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = scale.number(i);
      if (zero != null) {
        zeros[i] = format.decode(code(zero, zero.count() == 1 ? 0 : i));
      }
    }
    boolean asymmetric = format instanceof IntegerFormat;
    if (zero != null && !asymmetric) {
      for (float value : zeros) {
        assertEquals(0, value, test);
      }
    }
    if (zero == null && asymmetric && !isSigned(type)) {
      Arrays.fill(zeros, format.minimum());
    }
    return new Grid(
        new QuantScheme(format, Granularity.channel(), !asymmetric, FloatScaleCodec.FLOAT32),
        layout,
        FormatPalette.uniform(format),
        FloatScaleCodec.FLOAT32.encode(scales, layout, format),
        asymmetric ? ZeroPointCodec.encode(zeros, layout, (IntegerFormat) format) : null);
  }

  static Stream<String> quantized() {
    return tests("test_quantizelinear(?!_(u?int16|blocked_symmetric)).*");
  }

  @ParameterizedTest
  @MethodSource("quantized")
  void quantizeLinear(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor scale = tensor(test, "input_1");
    OnnxTensor zero = tensor(test, "input_2");
    OnnxTensor y = tensor(test, "output_0");
    List<List<Integer>> rows = rows(x, scale, folder(test).resolve("model.onnx"));
    Grid grid = grid(scale, zero, y.type(), rows.getFirst().size(), test);
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < rows.get(row).size(); column++) {
        int element = rows.get(row).get(column);
        assertEquals(
            code(y, element),
            grid.encode(row, column, x.number(element)),
            test + ", element " + element);
      }
    }
  }

  static Stream<String> dequantized() {
    return tests("test_dequantizelinear(?!_u?int16).*");
  }

  @ParameterizedTest
  @MethodSource("dequantized")
  void dequantizeLinear(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor scale = tensor(test, "input_1");
    boolean hasZero = Files.exists(folder(test).resolve("test_data_set_0/input_2.pb"));
    OnnxTensor zero = hasZero ? tensor(test, "input_2") : null;
    OnnxTensor y = tensor(test, "output_0");
    List<List<Integer>> rows = rows(x, scale, folder(test).resolve("model.onnx"));
    Grid grid = grid(scale, zero, x.type(), rows.getFirst().size(), test);
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < rows.get(row).size(); column++) {
        int element = rows.get(row).get(column);
        float value = grid.decode(row, column, code(x, element));
        float rounded =
            y.type() == OnnxTensor.FLOAT16
                ? HalfPrecision.fromFloat16(HalfPrecision.toFloat16(value))
                : value;
        assertEquals(y.number(element), rounded, test + ", element " + element);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "test_dynamicquantizelinear",
        "test_dynamicquantizelinear_max_adjusted",
        "test_dynamicquantizelinear_min_adjusted"
      })
  void dynamicQuantizeLinear(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor y = tensor(test, "output_0");
    float[] values = new float[x.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = x.number(i);
    }
    QuantizedMatrix matrix =
        Quantizer.of("int8:tensor:asym:f32 rtn")
            .quantize(FloatMatrix.wrap(1, values.length, values), Compute.scalar());
    assertEquals(tensor(test, "output_1").number(0), matrix.grid().scale(0), 1e-9, test);
    assertEquals(
        (float) tensor(test, "output_2").bits()[0] - 128, matrix.grid().zeroPoint(0), test);
    for (int i = 0; i < values.length; i++) {
      int difference = Math.abs(code(y, i) - matrix.codes().get(0, i));
      // Halfway between two codes the operator rounds before it adds the zero point, and we after.
      double position = (double) values[i] / matrix.grid().scale(0);
      boolean halfway = Math.abs(Math.abs(position - Math.rint(position)) - 0.5) < 1e-5;
      assertTrue(difference == 0 || difference == 1 && halfway, test + ", element " + i);
    }
  }

  static Stream<String> toMiniFloats() {
    return tests("test_cast(like)?(_no_saturate)?_FLOAT(16)?_to_FLOAT[48]E.*");
  }

  @ParameterizedTest
  @MethodSource("toMiniFloats")
  void castsToMiniFloats(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor y = tensor(test, "output_0");
    MiniFloat format = (MiniFloat) format(y.type());
    for (int i = 0; i < x.count(); i++) {
      float value = x.number(i);
      // Finite formats saturate in any case; their vectors have ml_dtypes' way with NaN.
      boolean plain = test.contains("no_saturate") || format.equals(MiniFloat.FP4_E2M1);
      int found = plain ? format.encodeNonSaturating(value) : format.encode(value);
      float expected = format.decode(code(y, i));
      String message = test + ", element " + i + ": " + value;
      if (Float.isNaN(expected)) {
        assertTrue(Float.isNaN(format.decode(found)), message);
      } else {
        assertEquals(expected, format.decode(found), message);
      }
    }
  }

  static Stream<String> fromCodes() {
    return tests("test_cast(like)?_(FLOAT[48]E[0-9A-Z]*|U?INT[24])_to_(FLOAT|FLOAT16)(_expanded)?");
  }

  @ParameterizedTest
  @MethodSource("fromCodes")
  void castsFromCodes(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor y = tensor(test, "output_0");
    NumberFormat format = format(x.type());
    boolean unsigned = format instanceof IntegerFormat && !isSigned(x.type());
    for (int i = 0; i < x.count(); i++) {
      float value = format.decode(code(x, i)) - (unsigned ? format.minimum() : 0);
      String message = test + ", element " + i;
      if (Float.isNaN(y.number(i))) {
        assertTrue(Float.isNaN(value), message);
      } else {
        assertEquals(y.number(i), value, message);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"test_cast_e8m0_FLOAT_to_FLOAT8E8M0", "test_cast_e8m0_FLOAT16_to_FLOAT8E8M0"})
  void castsToExponents(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor y = tensor(test, "output_0");
    for (int i = 0; i < x.count(); i++) {
      // The default mode of the operator rounds up.
      assertEquals(
          (int) y.bits()[i],
          PowerOfTwoScale.encode(x.number(i), PowerOfTwoScale.Mode.UP, true),
          test + ", element " + i + ": " + x.number(i));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"test_cast_e8m0_FLOAT8E8M0_to_FLOAT", "test_cast_e8m0_FLOAT8E8M0_to_FLOAT16"})
  void castsFromExponents(String test) throws IOException {
    OnnxTensor x = tensor(test, "input_0");
    OnnxTensor y = tensor(test, "output_0");
    for (int i = 0; i < x.count(); i++) {
      float value = PowerOfTwoScale.decode((int) x.bits()[i]);
      float rounded =
          y.type() == OnnxTensor.FLOAT16
              ? Float.float16ToFloat(Float.floatToFloat16(value))
              : value;
      assertEquals(y.number(i), rounded, test + ", element " + i);
    }
  }
}
