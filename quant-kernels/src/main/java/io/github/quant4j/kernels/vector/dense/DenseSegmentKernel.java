// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PartitionedKernel;
import io.github.quant4j.kernel.PreparedInput;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * F32, BF16 or F16 weights in a native or mapped segment, decoded on the fly: a checkpoint served
 * where it lies, at 16 bits with half the memory traffic of floats.
 *
 * <p>Sums and their error bound are those of {@link DenseArrayKernel}.
 */
public final class DenseSegmentKernel extends PartitionedKernel implements PanelSource {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int SIZE = DotTile.SIZE;
  private static final int MANY_TOKENS = 48;
  private static final int ROWS_IN_PART = 16;
  private static final long SEQUENTIAL_WORK = 1 << 20;

  private final MemorySegment weights;
  private final DType dtype;
  private final int elementBytes;
  private final PairedTokens.Pool few;
  private final TokenPanels.Pool many;

  /**
   * Takes weights.
   *
   * @param tensor the weights, {@code [out, in]}, of a supported type and in a native or mapped
   *     segment; kept, not copied
   * @param options threads and scratch memory
   */
  public DenseSegmentKernel(Tensor tensor, KernelOptions options) {
    super(
        Math.toIntExact(tensor.shape().dimension(1)),
        Math.toIntExact(tensor.shape().dimension(0)),
        options);
    assert supports(tensor.dtype()) && tensor.data().isNative();
    this.weights = tensor.data();
    this.dtype = tensor.dtype();
    this.elementBytes = dtype.bits() / Byte.SIZE;
    this.few = new PairedTokens.Pool(options.scratch());
    this.many = new TokenPanels.Pool(options.scratch());
  }

  /**
   * Whether there is a kernel for an element type.
   *
   * @param dtype the type
   * @return true for F32, BF16 and F16
   */
  public static boolean supports(DType dtype) {
    return dtype == DType.F32 || dtype == DType.BF16 || dtype == DType.F16;
  }

  private record Kind(int inFeatures, boolean paired) {}

  @Override
  protected Object inputKind() {
    return new Kind(inFeatures(), elementBytes == 2);
  }

  @Override
  protected int batchSize() {
    return PanelProduct.BATCH;
  }

  @Override
  protected PreparedInput bind(float[] x, int xOffset, int tokens) {
    return tokens < MANY_TOKENS
        ? few.bind(x, xOffset, tokens, inFeatures(), elementBytes == 2)
        : many.bind(x, xOffset, tokens, inFeatures());
  }

  @Override
  protected int partCount(int tokens) {
    if ((long) tokens * inFeatures() * outFeatures() < SEQUENTIAL_WORK) {
      return 1;
    }
    return tokens < MANY_TOKENS
        ? Math.ceilDiv(outFeatures(), ROWS_IN_PART)
        : PanelProduct.partCount(outFeatures());
  }

  @Override
  protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
    boolean whole = partCount(tokens) == 1;
    if (input instanceof TokenPanels panels) {
      int to = whole ? PanelProduct.partCount(outFeatures()) : part + 1;
      for (int p = part; p < to; p++) {
        PanelProduct.multiplyPart(
            this, inFeatures(), outFeatures(), panels, tokens, p, y, yOffset, options().scratch());
      }
      return;
    }
    int from = part * ROWS_IN_PART;
    int to = whole ? outFeatures() : Math.min(outFeatures(), from + ROWS_IN_PART);
    float[] scratch = options().scratch().floats(DotTile.SCRATCH);
    for (int row = from; row < to; row += SIZE) {
      multiplyRows(
          (PairedTokens) input, tokens, row, Math.min(SIZE, to - row), y, yOffset, scratch);
    }
    options().scratch().release(scratch);
  }

  private void multiplyRows(
      PairedTokens x, int tokens, int row, int rows, float[] y, int yOffset, float[] scratch) {
    long step = (long) inFeatures() * elementBytes;
    long w0 = row * step;
    // A short last tile computes its last row several times.
    long w1 = w0 + Math.min(1, rows - 1) * step;
    long w2 = w0 + Math.min(2, rows - 1) * step;
    long w3 = w0 + Math.min(3, rows - 1) * step;
    int t = 0;
    for (; t + 3 <= tokens; t += SIZE) {
      int count = Math.min(SIZE, tokens - t);
      int x0 = x.offset(t);
      int x1 = x.offset(t + 1);
      int x2 = x.offset(t + 2);
      int x3 = x.offset(t + count - 1);
      if (elementBytes == 2) {
        DotSegmentTile.float16Tokens4(
            dtype == DType.F16,
            x.whole(),
            weights,
            w0,
            w1,
            w2,
            w3,
            x.array(),
            x0,
            x1,
            x2,
            x3,
            scratch);
      } else {
        DotSegmentTile.float32Tokens4(
            inFeatures(), weights, w0, w1, w2, w3, x.array(), x0, x1, x2, x3, scratch);
      }
      for (int j = 0; j < count; j++) {
        store(x, t + j, row, rows, scratch, j * SIZE, y, yOffset);
      }
    }
    for (; t < tokens; t++) {
      if (elementBytes == 2) {
        DotSegmentTile.float16(
            dtype == DType.F16,
            x.whole(),
            weights,
            w0,
            w1,
            w2,
            w3,
            x.array(),
            x.offset(t),
            scratch);
      } else {
        DotSegmentTile.float32(
            inFeatures(), weights, w0, w1, w2, w3, x.array(), x.offset(t), scratch);
      }
      store(x, t, row, rows, scratch, 0, y, yOffset);
    }
  }

  /** Adds the lanes and the rest of the row that fills no vectors. */
  private void store(
      PairedTokens x,
      int token,
      int row,
      int rows,
      float[] scratch,
      int sums,
      float[] y,
      int yOffset) {
    int in = inFeatures();
    for (int i = 0; i < rows; i++) {
      float sum = Lanes.sum(scratch, (sums + i) * Lanes.FLOATS);
      long at = (long) (row + i) * in;
      for (int k = x.whole(); k < in; k++) {
        sum = Lanes.multiplyAdd(element(at + k), x.array()[x.offset(token) + k], sum);
      }
      y[yOffset + token * outFeatures() + row + i] = sum;
    }
  }

  private float element(long index) {
    return switch (dtype) {
      case F32 -> weights.get(FLOAT, index * 4);
      case BF16 -> HalfPrecision.fromBfloat16(weights.get(SHORT, index * 2));
      default -> HalfPrecision.fromFloat16(weights.get(SHORT, index * 2));
    };
  }

  @Override
  public void fill(int row, int column, int depth, float[] panel) {
    int width = RegisterTile.WIDTH;
    int rows = Math.min(width, outFeatures() - row);
    ScratchPool scratch = options().scratch();
    float[] block = scratch.floats(rows * depth);
    for (int r = 0; r < rows; r++) {
      long at = (long) (row + r) * inFeatures() + column;
      switch (dtype) {
        case F32 -> MemorySegment.copy(weights, FLOAT, at * 4, block, r * depth, depth);
        case BF16 -> {
          for (int k = 0; k < depth; k++) {
            block[r * depth + k] = HalfPrecision.fromBfloat16(weights.get(SHORT, (at + k) * 2));
          }
        }
        default -> {
          for (int k = 0; k < depth; k++) {
            block[r * depth + k] = HalfPrecision.fromFloat16(weights.get(SHORT, (at + k) * 2));
          }
        }
      }
    }
    Panels.pack(block, 0, depth, 1, rows, width, depth, 1f, panel, 0);
    scratch.release(block);
  }

  @Override
  public String describe() {
    return "vector "
        + dtype.label()
        + " ["
        + outFeatures()
        + ", "
        + inFeatures()
        + "], "
        + Lanes.BITS
        + "-bit vectors, weights in place outside the heap";
  }
}
