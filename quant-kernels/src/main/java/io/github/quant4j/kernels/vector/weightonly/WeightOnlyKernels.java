// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.Lanes;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.TensorRelativeScaleCodec;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Chooses the kernel for a quantized matrix and float activations. */
public final class WeightOnlyKernels {
  /** Mantissa bits that a paired look-up has for an index. */
  private static final int PAIRED_LEVELS = 128;

  /** The part of a scale codec's data that holds the divisor of the whole matrix. */
  private static final String TENSOR_PART = "tensor";

  private final QuantizedMatrix weights;
  private final KernelOptions options;
  private final Grid grid;
  private final NumberFormat format;
  private final int groupSize;
  private final int groups;

  private WeightOnlyKernels(QuantizedMatrix weights, KernelOptions options) {
    this.weights = weights;
    this.options = options;
    this.grid = weights.grid();
    this.format = grid.palette().formats().getFirst();
    ScaleLayout layout = grid.layout();
    this.groupSize = Math.min(layout.columns(), layout.blockColumns());
    this.groups = layout.scaleColumns();
  }

  /**
   * A kernel for float activations.
   *
   * @param weights the weights, {@code [out, in]}
   * @param options threads and scratch memory
   * @return the kernel; every matrix has one
   */
  public static LinearKernel create(QuantizedMatrix weights, KernelOptions options) {
    WeightOnlyKernels choice = new WeightOnlyKernels(weights, options);
    return choice.tiled().orElseGet(() -> new DecodedRowKernel(weights, options));
  }

  /** A kernel of tiles, if the matrix has one format and its groups are whole words. */
  private Optional<LinearKernel> tiled() {
    if (!grid.palette().isUniform()) {
      return Optional.empty();
    }
    int bits = format.bits();
    int stored = bits <= 2 ? bits : bits <= 4 ? 4 : 8;
    int codesInWord = Integer.SIZE / stored;
    if (groups > 1 && groupSize % codesInWord != 0) {
      return Optional.empty();
    }
    Optional<LevelGrid> levels = LevelGrid.of(format);
    return switch (stored) {
      case 1, 2 -> Optional.of(nibbleSums(stored));
      case 4 -> {
        if (levels.isPresent() && levels.get().largest() < PAIRED_LEVELS && Lanes.FLOATS == 16) {
          yield Optional.of(pairedLookup(levels.get()));
        }
        if (levels.isPresent() && levels.get().largest() <= 15) {
          yield Optional.of(mantissa(levels.get(), 4));
        }
        yield Optional.of(tableLookup());
      }
      default ->
          levels.isPresent()
              ? Optional.of(mantissa(levels.get(), 8))
              : Optional.ofNullable(miniFloat());
    };
  }

  private LinearKernel nibbleSums(int bits) {
    WordTiles tiles = pack(bits, identity());
    int tables = tiles.words() * (Integer.SIZE / 4);
    float[] levels = Arrays.copyOf(format.decodeTable(), 1 << bits);
    TokenLayout layout = layout(tables * Table16.SIZE, 0f, new NibbleSums.Tables(bits, levels));
    ParameterTable scales = scales();
    ParameterTable zeros = zeros(1f);
    int words = groupWords(bits);
    return kernel(
        new NibbleSums(tiles, words, scales, zeros),
        new TablePanels(
            tiles,
            words,
            scales,
            zeros,
            options.scratch(),
            tensorScale(),
            bits,
            table16(1 << bits, 1f)),
        layout,
        1f,
        "sums of codes by table");
  }

  private LinearKernel pairedLookup(LevelGrid levels) {
    int spread = Integer.highestOneBit((PAIRED_LEVELS - 1) / levels.largest());
    float unit = levels.step() * PAIRED_LEVELS / spread;
    short[] entries = new short[2 * Table16.SIZE];
    for (int i = 0; i < entries.length; i++) {
      int code = i % (1 << format.bits());
      entries[i] = (short) (PairedLookup.ONE + levels.index()[code] * spread);
    }
    WordTiles tiles = pack(4, identity());
    float offset = (float) levels.zeroIndex() * spread / PAIRED_LEVELS;
    TokenLayout layout = layout(valueCount(tiles), offset, TokenLayout.Order.PAIRED);
    ParameterTable scales = scales();
    ParameterTable zeros = zeros(unit);
    boolean isSmall = groupSize <= PairedLookupBlocks.LARGEST_GROUP;
    return kernel(
        zeros == null && isSmall && scales.isBfloat16()
            ? new PairedLookupBlocks(tiles, groupWords(4), scales, entries)
            : new PairedLookup(tiles, groupWords(4), scales, zeros, entries),
        new TablePanels(
            tiles,
            groupWords(4),
            scales,
            zeros,
            options.scratch(),
            tensorScale() * unit,
            4,
            table16(1 << format.bits(), unit)),
        layout,
        unit,
        "paired look-up");
  }

  /** Evenly spaced codes of 4 or 8 bits as mantissas. */
  private LinearKernel mantissa(LevelGrid levels, int bits) {
    int range = 1 << bits;
    int spread = Integer.highestOneBit((range - 1) / levels.largest());
    float unit = levels.step() * range / spread;
    byte[] recode = new byte[1 << format.bits()];
    for (int code = 0; code < recode.length; code++) {
      recode[code] = (byte) (levels.index()[code] * spread);
    }
    WordTiles tiles = pack(bits, recode);
    float offset = (float) levels.zeroIndex() * spread / range;
    TokenLayout layout = layout(valueCount(tiles), offset, TokenLayout.Order.ONE_MORE);
    ParameterTable scales = scales();
    ParameterTable zeros = zeros(unit);
    int words = groupWords(bits);
    if (bits == 8) {
      // Panels count in steps of the code itself.
      return kernel(
          new MantissaBytes(tiles, words, scales, zeros),
          new LinearPanels(
              tiles,
              words,
              scales,
              zeros,
              options.scratch(),
              tensorScale() * levels.step() / spread,
              (float) levels.zeroIndex() * spread),
          layout,
          unit,
          "codes as mantissas");
    }
    float[] table = new float[Table16.SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) i / range - offset;
    }
    return kernel(
        new MantissaNibbles(tiles, words, scales, zeros),
        new TablePanels(
            tiles, words, scales, zeros, options.scratch(), tensorScale() * unit, 4, table),
        layout,
        unit,
        "codes as mantissas");
  }

  private LinearKernel tableLookup() {
    WordTiles tiles = pack(4, identity());
    float[] table = table16(1 << format.bits(), 1f);
    TokenLayout layout = layout(valueCount(tiles), 0f, TokenLayout.Order.PLAIN);
    ParameterTable scales = scales();
    ParameterTable zeros = zeros(1f);
    return kernel(
        new TableLookup(tiles, groupWords(4), scales, zeros, table),
        new TablePanels(
            tiles, groupWords(4), scales, zeros, options.scratch(), tensorScale(), 4, table),
        layout,
        1f,
        "table look-up");
  }

  /**
   * Null if the format is no minifloat of 3 to 5 exponent bits, or the matrix has special codes.
   */
  private @Nullable LinearKernel miniFloat() {
    if (!(format instanceof MiniFloat mini)
        || mini.exponentBits() < 3
        || mini.exponentBits() > 5
        || grid.zeroPoints().isPresent()
        || hasSpecialCodes()) {
      return null;
    }
    int fieldBits = mini.bits() - 1;
    byte[] recode = new byte[1 << mini.bits()];
    for (int code = 0; code < recode.length; code++) {
      int magnitude = code & (1 << fieldBits) - 1;
      recode[code] = (byte) (code >> fieldBits << 7 | magnitude << 7 - fieldBits);
    }
    WordTiles tiles = pack(8, recode);
    int rebias = 127 - mini.bias();
    int half = rebias / 2;
    TokenLayout layout = layout(valueCount(tiles), 0f, new TokenLayout.Scaled(half));
    ParameterTable scales = scales();
    int words = groupWords(8);
    TileProduct product =
        switch (mini.exponentBits()) {
          case 3 -> new Exponent3Bytes(tiles, words, scales, null);
          case 4 -> new Exponent4Bytes(tiles, words, scales, null);
          default -> new Exponent5Bytes(tiles, words, scales, null);
        };
    return kernel(
        product,
        new MiniFloatPanels(
            tiles,
            words,
            scales,
            null,
            options.scratch(),
            tensorScale(),
            mini.exponentBits(),
            Math.scalb(1f, rebias)),
        layout,
        Math.scalb(1f, rebias - half),
        "fields moved");
  }

  private boolean hasSpecialCodes() {
    float[] values = format.decodeTable();
    boolean[] special = new boolean[256];
    boolean any = false;
    for (int code = 0; code < values.length; code++) {
      special[code] = !Float.isFinite(values[code]);
      any |= special[code];
    }
    if (!any) {
      return false;
    }
    byte[] row = new byte[weights.columns()];
    for (int r = 0; r < weights.rows(); r++) {
      weights.codes().unpackRow(r, row, 0);
      for (byte code : row) {
        if (special[code & 0xff]) {
          return true;
        }
      }
    }
    return false;
  }

  private LinearKernel kernel(
      TileProduct product, PanelSource panels, TokenLayout layout, float unit, String family) {
    return new WeightOnlyKernel(
        weights.rows(),
        product,
        panels,
        layout,
        tensorScale() * unit,
        weights.scheme() + " by " + family,
        options);
  }

  private TokenLayout layout(int valueCount, float offset, TokenLayout.Arrangement arrangement) {
    return new TokenLayout(weights.columns(), groupSize, groups, valueCount, offset, arrangement);
  }

  private static int valueCount(WordTiles tiles) {
    return tiles.words() * tiles.codesInWord();
  }

  private int groupWords(int bits) {
    return Math.ceilDiv(groupSize, Integer.SIZE / bits);
  }

  private WordTiles pack(int bits, byte[] recode) {
    return WordTiles.pack(weights.codes(), bits, recode, options.team());
  }

  private byte[] identity() {
    byte[] same = new byte[1 << format.bits()];
    for (int code = 0; code < same.length; code++) {
      same[code] = (byte) code;
    }
    return same;
  }

  /** The levels of the first codes in units, over and over. */
  private float[] table16(int codes, float unit) {
    float[] levels = Arrays.copyOf(format.decodeTable(), codes);
    float[] table = new float[Table16.SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = levels[i % codes] / unit;
    }
    return table;
  }

  /** Scales relative to {@link #tensorScale()}. */
  private ParameterTable scales() {
    ScaleLayout layout = grid.layout();
    float[] values = relativeScales().map(Tensor::toFloatArray).orElse(grid.scales().values());
    return ParameterTable.of(
        weights.rows(),
        groups,
        (row, group) -> values[layout.index(row, group * layout.blockColumns())]);
  }

  /** The scales' own bytes where they are bytes over one divisor: they alone need be read. */
  private Optional<Tensor> relativeScales() {
    return weights.scheme().scaleCodec() instanceof TensorRelativeScaleCodec
        ? Optional.ofNullable(grid.scales().parts().get(""))
        : Optional.empty();
  }

  private float tensorScale() {
    Tensor divisor = grid.scales().parts().get(TENSOR_PART);
    return divisor != null && relativeScales().isPresent() ? 1 / divisor.toFloatArray()[0] : 1f;
  }

  private @Nullable ParameterTable zeros(float unit) {
    if (grid.zeroPoints().isEmpty()) {
      return null;
    }
    ScaleLayout layout = grid.layout();
    return ParameterTable.of(
        weights.rows(),
        groups,
        (row, group) -> grid.zeroPoint(layout.index(row, group * layout.blockColumns())) / unit);
  }
}
