// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Scales, and zero points with them, that are quantized themselves (SpQR, Dettmers et al., arXiv
 * 2306.03078; double quantization of QLoRA, arXiv 2305.14314).
 *
 * <p>Each run of {@code run} consecutive tiles, in row-major order over the whole matrix, has a
 * smallest scale and a step in half precision (parts {@code base} and {@code step}), and each tile
 * an unsigned code: {@code s = base + step * code}. Zero points stay integers: a run has a smallest
 * one and a whole step, one byte each (part {@code range}), which for ranges of up to {@code
 * 2^bits} values loses nothing. Cost for each tile: {@code bits + 32 / run} bits, and {@code bits +
 * 16 / run} for a zero point.
 *
 * @param bits of a tile's code, from 1 to 8
 * @param run tiles that share a base and a step, from 2 to 65536
 */
public record DoubleQuantizedScaleCodec(int bits, int run) implements ScaleCodec {
  private static final String BASE_PART = "base";
  private static final String STEP_PART = "step";
  private static final String RANGE_PART = "range";

  /** Base and steps rounded up still have a finite sum. */
  private static final double LARGEST_SCALE = 0x1.f8p127;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public DoubleQuantizedScaleCodec {
    if (bits < 1 || bits > 8) {
      throw new IllegalArgumentException("second-order: " + bits + " bits, expected 1 to 8");
    }
    if (run < 2 || run > 65536) {
      throw new IllegalArgumentException("second-order: runs of " + run + ", expected 2 to 65536");
    }
  }

  /**
   * Three bits for runs of 16 tiles, as in SpQR.
   *
   * @return the codec with default settings
   */
  public static DoubleQuantizedScaleCodec defaults() {
    return new DoubleQuantizedScaleCodec(3, 16);
  }

  @Override
  public String label() {
    return ScaleCodecs.SECOND_ORDER.label(this);
  }

  @Override
  public boolean isIndependent() {
    return false;
  }

  private int runs(ScaleLayout layout) {
    return Math.ceilDiv(layout.count(), run);
  }

  private int largestCode() {
    return (1 << bits) - 1;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    double[] base = new double[runs(layout)];
    double[] step = new double[base.length];
    Arrays.fill(base, Double.POSITIVE_INFINITY);
    for (int i = 0; i < typical.length; i++) {
      // A tile of zeros can have any scale and must not pull the others down.
      if (typical[i] > 0) {
        double scale = Math.min(typical[i], LARGEST_SCALE);
        base[i / run] = Math.min(base[i / run], scale);
        step[i / run] = Math.max(step[i / run], scale);
      }
    }
    for (int i = 0; i < base.length; i++) {
      boolean empty = base[i] == Double.POSITIVE_INFINITY;
      base[i] = empty ? 0 : base[i];
      step[i] = empty ? 0 : (step[i] - base[i]) / largestCode();
    }
    ScaleLayout each = new ScaleLayout(base.length, 1, 1, 1);
    return new RunFrame(
        layout,
        FloatScaleCodec.FLOAT16.encode(base, each, format),
        FloatScaleCodec.FLOAT16.encode(step, each, format));
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    return new RunFrame(
        layout, runPart(stored, BASE_PART, layout), runPart(stored, STEP_PART, layout));
  }

  private GroupParameters runPart(GroupParameters stored, String suffix, ScaleLayout layout) {
    Tensor part = StoredParts.require(stored.parts(), suffix, runs(layout), FLOATS);
    return new GroupParameters(part.toFloatArray(), StoredParts.of("", part));
  }

  /** Bases and steps that are settled. */
  private final class RunFrame implements ScaleFrame {
    private final ScaleLayout layout;
    private final GroupParameters base;
    private final GroupParameters step;

    RunFrame(ScaleLayout layout, GroupParameters base, GroupParameters step) {
      this.layout = layout;
      this.base = base;
      this.step = step;
    }

    private int code(int tile, double wanted) {
      double code = Math.rint((wanted - base.values()[tile / run]) / step.values()[tile / run]);
      return (int) Math.clamp(code, 0, largestCode());
    }

    @Override
    public float round(int tile, double wanted) {
      return base.values()[tile / run] + step.values()[tile / run] * code(tile, wanted);
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      int[] codes = new int[scales.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = code(i, scales[i]);
      }
      SequencedMap<String, Tensor> parts = StoredParts.of("", BitStream.pack(codes, bits));
      parts.put(BASE_PART, StoredParts.require(base.parts(), "", runs(layout), FLOATS));
      parts.put(STEP_PART, StoredParts.require(step.parts(), "", runs(layout), FLOATS));
      return decode(parts, layout);
    }
  }

  private static final DType[] FLOATS = {DType.F16, DType.BF16};

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor codes = BitStream.require(parts, "", layout.count(), bits);
    Tensor base = StoredParts.require(parts, BASE_PART, runs(layout), FLOATS);
    Tensor step = StoredParts.require(parts, STEP_PART, runs(layout), FLOATS);
    float[] bases = base.toFloatArray();
    float[] steps = step.toFloatArray();
    float[] values = new float[layout.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = bases[i / run] + steps[i / run] * BitStream.get(codes, i, bits);
    }
    SequencedMap<String, Tensor> stored = StoredParts.of("", codes);
    stored.put(BASE_PART, base);
    stored.put(STEP_PART, step);
    return new GroupParameters(values, stored);
  }

  /**
   * Encodes zero points, each to the nearest multiple of its run's whole step above the run's
   * smallest one.
   */
  @Override
  public GroupParameters encodeZeroPoints(float[] zeros, ScaleLayout layout, IntegerFormat format) {
    // Checks that they are integers of the format.
    ZeroPointCodec.encode(zeros, layout, format);
    byte[] runParts = new byte[2 * runs(layout)];
    int[] codes = new int[zeros.length];
    for (int first = 0; first < zeros.length; first += run) {
      int end = Math.min(zeros.length, first + run);
      float least = zeros[first];
      float most = zeros[first];
      for (int i = first; i < end; i++) {
        least = Math.min(least, zeros[i]);
        most = Math.max(most, zeros[i]);
      }
      int step = Math.max(1, Math.ceilDiv((int) (most - least), largestCode()));
      // The last multiple may lie beyond the format's largest value, but only if it is not used.
      for (int i = first; i < end; i++) {
        codes[i] = Math.min((int) Math.rint((zeros[i] - least) / step), largestCode());
        if (least + codes[i] * step > format.maximum()) {
          codes[i]--;
        }
      }
      runParts[2 * (first / run)] = (byte) ((int) least + format.offset());
      runParts[2 * (first / run) + 1] = (byte) step;
    }
    SequencedMap<String, Tensor> parts = StoredParts.of("", BitStream.pack(codes, bits));
    parts.put(RANGE_PART, Tensor.ofBytes(DType.U8, Shape.of(runs(layout), 2), runParts));
    return decodeZeroPoints(parts, layout, format);
  }

  @Override
  public GroupParameters decodeZeroPoints(
      Map<String, Tensor> parts, ScaleLayout layout, IntegerFormat format) {
    Tensor codes = BitStream.require(parts, "", layout.count(), bits);
    Tensor runParts = StoredParts.require(parts, RANGE_PART, 2L * runs(layout), DType.U8);
    float[] zeros = new float[layout.count()];
    for (int i = 0; i < zeros.length; i++) {
      long at = 2L * (i / run);
      int base = runParts.data().get(ValueLayout.JAVA_BYTE, at) & 0xff;
      int step = runParts.data().get(ValueLayout.JAVA_BYTE, at + 1) & 0xff;
      zeros[i] = base - format.offset() + step * BitStream.get(codes, i, bits);
    }
    SequencedMap<String, Tensor> stored = StoredParts.of("", codes);
    stored.put(RANGE_PART, runParts);
    return new GroupParameters(zeros, stored);
  }
}
