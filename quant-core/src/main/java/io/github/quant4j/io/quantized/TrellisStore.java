// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Trellis-coded matrices: the planes of bits as they lie in memory, the row scales in binary16, and
 * all numbers of the code in the description.
 */
final class TrellisStore {
  static final String KIND = "trellis";

  private static final String PLANES = "planes";
  private static final String SCALE = "scale";

  private TrellisStore() {}

  static void write(TrellisMatrix matrix, Map<String, Object> description, TensorCollector out) {
    TrellisCode code = matrix.code();
    description.put("kind", KIND);
    description.put("bits", code.bits());
    description.put("window", code.window());
    description.put("masks", code.planes().stream().map(TrellisCode.Plane::mask).toList());
    description.put(
        "magnitudes", code.planes().stream().map(TrellisCode.Plane::magnitude).toList());
    Shape shape = Shape.of(matrix.planes().byteSize());
    out.add(PLANES, "_" + PLANES, Tensor.of("", DType.U8, shape, matrix.planes()));
    float[] scales = matrix.scales();
    short[] bits = new short[scales.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = HalfPrecision.toFloat16(scales[i]);
    }
    out.add(SCALE, "_" + SCALE, Tensor.ofShorts(DType.F16, Shape.of(bits.length), bits));
  }

  static TrellisMatrix read(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    List<Integer> masks = numbers(description, "masks");
    List<Integer> magnitudes = numbers(description, "magnitudes");
    if (masks.size() != magnitudes.size()) {
      throw new IllegalArgumentException(
          "trellis: "
              + masks.size()
              + " masks and "
              + magnitudes.size()
              + " magnitudes, expected as many of both");
    }
    List<TrellisCode.Plane> signs = new ArrayList<>();
    for (int p = 0; p < masks.size(); p++) {
      signs.add(new TrellisCode.Plane(masks.get(p), magnitudes.get(p)));
    }
    TrellisCode code =
        new TrellisCode(
            module.number(description, "bits"), module.number(description, "window"), signs);
    Map<String, Tensor> parts = module.parts(description);
    Tensor planes = module.part(parts, PLANES);
    Tensor scales = module.part(parts, SCALE);
    if (planes.dtype() != DType.U8) {
      throw new IllegalArgumentException(planes + ": expected U8");
    }
    if (scales.dtype() != DType.F16 || !scales.shape().equals(Shape.of(rows))) {
      throw new IllegalArgumentException(scales + ": expected F16 [" + rows + "]");
    }
    return TrellisMatrix.wrap(rows, columns, code, planes.data(), scales.toFloatArray());
  }

  /** Whole numbers, no more than a code can have. */
  private static List<Integer> numbers(JsonValue.Obj description, String member) {
    List<JsonValue> values = description.getArray(member).orElse(List.of());
    if (values.isEmpty() || values.size() > TrellisCode.MOST_PLANES) {
      throw new IllegalArgumentException(
          "'"
              + member
              + "': "
              + values.size()
              + " numbers, expected 1 to "
              + TrellisCode.MOST_PLANES);
    }
    return values.stream().map(value -> number(value, member)).toList();
  }

  private static int number(JsonValue value, String member) {
    if (value instanceof JsonValue.Num number) {
      long whole = number.asLong();
      if (whole == (int) whole) {
        return (int) whole;
      }
    }
    throw new IllegalArgumentException("'" + member + "': expected whole numbers of 32 bits");
  }
}
