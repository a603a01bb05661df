// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.dense.PanelSource;
import io.github.quant4j.kernels.vector.machine.Lanes;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Plans for matrices of one format whose groups are whole words. */
final class WeightOnlyFamilies {
  private static final String NIBBLE_SUMS = "nibble-sums";
  private static final String PAIRED_LOOKUP = "paired-lookup";
  private static final String MANTISSA = "mantissa";
  private static final String TABLE_LOOKUP = "table-lookup";
  private static final String MOVED_FIELDS = "moved-fields";

  /** All families. */
  static final List<String> NAMES =
      List.of(NIBBLE_SUMS, PAIRED_LOOKUP, MANTISSA, TABLE_LOOKUP, MOVED_FIELDS);

  /** Mantissa bits that a paired look-up has for an index. */
  private static final int PAIRED_LEVELS = 128;

  private final TileForm form;

  private WeightOnlyFamilies(TileForm form) {
    this.form = form;
  }

  /** The plan for a form, or empty if no family does it. */
  static Optional<TilePlan> plan(TileForm form) {
    return new WeightOnlyFamilies(form).plan();
  }

  private Optional<TilePlan> plan() {
    int bits = form.codeBits();
    int stored = bits <= 2 ? bits : bits <= 4 ? 4 : 8;
    int codesInWord = Integer.SIZE / stored;
    if (form.groups() > 1 && form.groupSize() % codesInWord != 0) {
      return Optional.empty();
    }
    Optional<LevelGrid> levels = LevelGrid.of(form.levels());
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
      default -> levels.isPresent() ? Optional.of(mantissa(levels.get(), 8)) : miniFloat();
    };
  }

  private TilePlan nibbleSums(int bits) {
    int tables = WordTiles.words(form.columns(), bits) * (Integer.SIZE / 4);
    float[] levels = Arrays.copyOf(form.levels(), 1 << bits);
    TokenLayout layout = layout(tables * Table16.SIZE, 0f, new NibbleSums.Tables(bits, levels));
    float[] table = table16(1 << bits, 1f);
    return plan(
        NIBBLE_SUMS,
        bits,
        identity(),
        1f,
        (packed, options) ->
            kernel(
                packed,
                new NibbleSums(packed.words(), groupWords(bits), packed.scales(), packed.zeros()),
                tablePanels(packed, bits, 1f, table, options),
                layout,
                1f,
                "sums of codes by table",
                options));
  }

  private TilePlan pairedLookup(LevelGrid levels) {
    int spread = Integer.highestOneBit((PAIRED_LEVELS - 1) / levels.largest());
    float unit = levels.step() * PAIRED_LEVELS / spread;
    short[] entries = new short[2 * Table16.SIZE];
    for (int i = 0; i < entries.length; i++) {
      int code = i % (1 << form.codeBits());
      entries[i] = (short) (PairedLookup.ONE + levels.index()[code] * spread);
    }
    float offset = (float) levels.zeroIndex() * spread / PAIRED_LEVELS;
    TokenLayout layout = layout(valueCount(4), offset, TokenLayout.Order.PAIRED);
    boolean isSmall = form.groupSize() <= PairedLookupBlocks.LARGEST_GROUP;
    float[] table = table16(1 << form.codeBits(), unit);
    return plan(
        PAIRED_LOOKUP,
        4,
        identity(),
        unit,
        (packed, options) ->
            kernel(
                packed,
                packed.zeros() == null
                        && isSmall
                        && packed.scales() instanceof ParameterTable stored
                        && stored.isBfloat16()
                    ? new PairedLookupBlocks(packed.words(), groupWords(4), stored, entries)
                    : new PairedLookup(
                        packed.words(), groupWords(4), packed.scales(), packed.zeros(), entries),
                tablePanels(packed, 4, unit, table, options),
                layout,
                unit,
                "paired look-up",
                options));
  }

  /** Evenly spaced codes of 4 or 8 bits as mantissas. */
  private TilePlan mantissa(LevelGrid levels, int bits) {
    int range = 1 << bits;
    int spread = Integer.highestOneBit((range - 1) / levels.largest());
    float unit = levels.step() * range / spread;
    byte[] recode = new byte[1 << form.codeBits()];
    for (int code = 0; code < recode.length; code++) {
      recode[code] = (byte) (levels.index()[code] * spread);
    }
    float offset = (float) levels.zeroIndex() * spread / range;
    TokenLayout layout = layout(valueCount(bits), offset, TokenLayout.Order.ONE_MORE);
    float[] table = new float[Table16.SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) i / range - offset;
    }
    // Panels of bytes count in steps of the code itself.
    float step = levels.step() / spread;
    float codeOffset = (float) levels.zeroIndex() * spread;
    return plan(
        MANTISSA,
        bits,
        recode,
        unit,
        (packed, options) ->
            kernel(
                packed,
                bits == 8
                    ? new MantissaBytes(
                        packed.words(), groupWords(8), packed.scales(), packed.zeros())
                    : new MantissaNibbles(
                        packed.words(), groupWords(4), packed.scales(), packed.zeros()),
                bits == 8
                    ? new LinearPanels(
                        packed,
                        groupWords(8),
                        options.scratch(),
                        form.tensorScale() * step,
                        codeOffset)
                    : tablePanels(packed, 4, unit, table, options),
                layout,
                unit,
                "codes as mantissas",
                options));
  }

  private TilePlan tableLookup() {
    float[] table = table16(1 << form.codeBits(), 1f);
    TokenLayout layout = layout(valueCount(4), 0f, TokenLayout.Order.PLAIN);
    return plan(
        TABLE_LOOKUP,
        4,
        identity(),
        1f,
        (packed, options) ->
            kernel(
                packed,
                new TableLookup(
                    packed.words(), groupWords(4), packed.scales(), packed.zeros(), table),
                tablePanels(packed, 4, 1f, table, options),
                layout,
                1f,
                "table look-up",
                options));
  }

  /** Empty if the format is no minifloat of 3 to 5 exponent bits. */
  private Optional<TilePlan> miniFloat() {
    if (form.hasZeros()) {
      return Optional.empty();
    }
    return form.miniFloat()
        .filter(mini -> mini.exponentBits() >= 3 && mini.exponentBits() <= 5)
        .map(this::miniFloat);
  }

  private TilePlan miniFloat(MiniFloat mini) {
    int fieldBits = mini.bits() - 1;
    byte[] recode = new byte[1 << mini.bits()];
    for (int code = 0; code < recode.length; code++) {
      int magnitude = code & (1 << fieldBits) - 1;
      recode[code] = (byte) (code >> fieldBits << 7 | magnitude << 7 - fieldBits);
    }
    int rebias = 127 - mini.bias();
    int half = rebias / 2;
    TokenLayout layout = layout(valueCount(8), 0f, new TokenLayout.Scaled(half));
    return plan(
        MOVED_FIELDS,
        8,
        recode,
        1f,
        (packed, options) ->
            kernel(
                packed,
                movedFields(mini, packed),
                new MiniFloatPanels(
                    packed,
                    groupWords(8),
                    options.scratch(),
                    form.tensorScale(),
                    mini.exponentBits(),
                    Math.scalb(1f, rebias)),
                layout,
                Math.scalb(1f, rebias - half),
                "fields moved",
                options));
  }

  private TileProduct movedFields(MiniFloat mini, PackedTiles packed) {
    WordTiles tiles = packed.words();
    int words = groupWords(8);
    return switch (mini.exponentBits()) {
      case 3 -> new Exponent3Bytes(tiles, words, packed.scales(), null);
      case 4 -> new Exponent4Bytes(tiles, words, packed.scales(), null);
      default -> new Exponent5Bytes(tiles, words, packed.scales(), null);
    };
  }

  private TilePlan plan(
      String family, int bits, byte[] recode, float zeroUnit, TilePlan.Assembly assembly) {
    return new TilePlan(family, bits, recode, zeroUnit, assembly);
  }

  private TablePanels tablePanels(
      PackedTiles packed, int bits, float unit, float[] table, KernelOptions options) {
    return new TablePanels(
        packed, groupWords(bits), options.scratch(), form.tensorScale() * unit, bits, table);
  }

  private LinearKernel kernel(
      PackedTiles packed,
      TileProduct product,
      PanelSource panels,
      TokenLayout layout,
      float unit,
      String family,
      KernelOptions options) {
    return new WeightOnlyKernel(
        form.rows(),
        product,
        packed.offsets() == null ? null : new GroupOffsets(packed.offsets()),
        panels,
        layout,
        form.tensorScale() * unit,
        form.label() + " by " + family,
        options);
  }

  private TokenLayout layout(int valueCount, float offset, TokenLayout.Arrangement arrangement) {
    return new TokenLayout(
        form.columns(), form.groupSize(), form.groups(), valueCount, offset, arrangement);
  }

  private int valueCount(int bits) {
    return WordTiles.words(form.columns(), bits) * (Integer.SIZE / bits);
  }

  private int groupWords(int bits) {
    return Math.ceilDiv(form.groupSize(), Integer.SIZE / bits);
  }

  private byte[] identity() {
    byte[] same = new byte[1 << form.codeBits()];
    for (int code = 0; code < same.length; code++) {
      same[code] = (byte) code;
    }
    return same;
  }

  /** The levels of the first codes in units, over and over. */
  private float[] table16(int codes, float unit) {
    float[] levels = Arrays.copyOf(form.levels(), codes);
    float[] table = new float[Table16.SIZE];
    for (int i = 0; i < table.length; i++) {
      table[i] = levels[i % codes] / unit;
    }
    return table;
  }
}
