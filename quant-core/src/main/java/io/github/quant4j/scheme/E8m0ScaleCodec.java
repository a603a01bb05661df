// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.PowerOfTwoScale;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/**
 * Scales stored as one byte of exponent (OCP E8M0). With the wanted scale {@code s}, the format's
 * largest level {@code M} and thus the largest magnitude {@code m = s M}, the rules are as follows.
 */
public enum E8m0ScaleCodec implements ScaleCodec {
  /**
   * {@code floor(log2 m) - floor(log2 M)}: OCP Microscaling Formats 1.0, section 6.3. Magnitudes
   * whose mantissa exceeds that of {@code M} clip.
   */
  FLOOR("e8m0"),
  /**
   * As {@link #FLOOR}, but one more where the mantissa of {@code m} is 1.75 or above: such
   * magnitudes do not clip by more than an eighth. The rule of the compressed-tensors library.
   */
  ROUNDED("e8m0round"),
  /** {@code ceil(log2(m / M))}: nothing clips (the rule of NVIDIA's libraries). */
  CEIL("e8m0ceil"),
  /** {@code log2(m / M)} rounded to the nearer power of two. */
  NEAREST("e8m0near");

  private static final int LARGEST_CODE = 254;

  private final String label;

  E8m0ScaleCodec(String label) {
    this.label = label;
  }

  @Override
  public boolean isIndependent() {
    return true;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    return new ExponentFrame(this, layout, format.maximum());
  }

  /**
   * The nearest power of two, whatever the rule: the rules differ in what becomes of a range, and
   * there is none behind scales that are stored.
   */
  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    StoredParts.require(stored.parts(), "", layout.count(), DType.F8_E8M0, DType.U8);
    return new ExponentFrame(NEAREST, layout, format.maximum());
  }

  /** Scales of one byte each. */
  private record ExponentFrame(E8m0ScaleCodec rule, ScaleLayout layout, float maximum)
      implements ScaleFrame {

    private int code(double scale) {
      float largestPower = Math.scalb(1f, Math.getExponent(maximum));
      int code =
          switch (rule) {
            // Back to the magnitude, in float, so that a power of two is hit exactly.
            case FLOOR ->
                PowerOfTwoScale.encode(
                    (float) (scale * maximum) / largestPower, PowerOfTwoScale.Mode.DOWN, true);
            case ROUNDED -> {
              float magnitude = (float) (scale * maximum) / largestPower;
              int floor = PowerOfTwoScale.encode(magnitude, PowerOfTwoScale.Mode.DOWN, true);
              boolean up =
                  floor < LARGEST_CODE && magnitude >= 1.75f * PowerOfTwoScale.decode(floor);
              yield up ? floor + 1 : floor;
            }
            case CEIL -> PowerOfTwoScale.encode((float) scale, PowerOfTwoScale.Mode.UP, true);
            case NEAREST ->
                PowerOfTwoScale.encode((float) scale, PowerOfTwoScale.Mode.NEAREST, true);
          };
      // A zero tile has no exponent; the smallest power represents its zeros.
      if (code == PowerOfTwoScale.NAN) {
        return 0;
      }
      // Rounded up next to the end of binary32's range, the largest level would be infinite.
      return rule != FLOOR && PowerOfTwoScale.decode(code) * maximum == Float.POSITIVE_INFINITY
          ? code - 1
          : code;
    }

    @Override
    public float round(int tile, double wanted) {
      return PowerOfTwoScale.decode(code(wanted));
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      byte[] codes = new byte[scales.length];
      float[] values = new float[scales.length];
      for (int i = 0; i < scales.length; i++) {
        codes[i] = (byte) code(scales[i]);
        values[i] = PowerOfTwoScale.decode(codes[i] & 0xff);
      }
      return new GroupParameters(
          values,
          StoredParts.of("", Tensor.ofBytes(DType.F8_E8M0, StoredParts.shape(layout), codes)));
    }
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor part = StoredParts.require(parts, "", layout.count(), DType.F8_E8M0, DType.U8);
    Tensor exponents = Tensor.of(part.name(), DType.F8_E8M0, part.shape(), part.data());
    return new GroupParameters(exponents.toFloatArray(), StoredParts.of("", part));
  }
}
