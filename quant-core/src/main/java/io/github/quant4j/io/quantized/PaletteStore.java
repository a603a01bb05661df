// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * The number formats of a matrix, where they are not simply that of its scheme.
 *
 * <p>Formats known by name are listed in the description; with several of them an index for each
 * tile is stored, packed without gaps, lowest bits first. Fitted code books are a tensor with one
 * row of levels for each tile, filled up with NaN, in binary16 or bfloat16 if that is exact and in
 * binary32 otherwise.
 */
final class PaletteStore {
  private static final String FORMATS = "formats";
  private static final String INDEX = "format_index";
  private static final String LEVELS = "levels";

  private PaletteStore() {}

  static void write(Grid grid, SequencedMap<String, Object> description, TensorCollector out) {
    FormatPalette palette = grid.palette();
    if (palette.isFitted()) {
      out.add(LEVELS, "_levels", levels(palette));
      return;
    }
    if (palette.isUniform() && palette.format(0).equals(grid.scheme().format())) {
      return;
    }
    description.put(FORMATS, palette.formats().stream().map(NumberFormat::name).toList());
    if (!palette.isUniform()) {
      int tiles = grid.layout().count();
      byte[] selection = new byte[tiles];
      for (int tile = 0; tile < tiles; tile++) {
        selection[tile] = (byte) palette.selection(tile);
      }
      PackedCodes packed =
          PackedCodes.pack(1, tiles, indexBits(palette.formats().size()), 1, selection);
      out.add(
          INDEX,
          "_format_index",
          Tensor.of("", DType.U8, Shape.of(packed.rowBytes()), packed.data()));
    }
  }

  private static int indexBits(int formats) {
    return 32 - Integer.numberOfLeadingZeros(formats - 1);
  }

  private static Tensor levels(FormatPalette palette) {
    int width = 0;
    List<float[]> rows = new ArrayList<>();
    for (NumberFormat format : palette.formats()) {
      if (!(format instanceof Codebook)) {
        throw new IllegalArgumentException(
            "formats: " + format + " is fitted, expected a code book");
      }
      float[] levels = format.levels();
      rows.add(levels);
      width = Math.max(width, levels.length);
    }
    float[] values = new float[Math.multiplyExact(rows.size(), width)];
    Arrays.fill(values, Float.NaN);
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), 0, values, i * width, rows.get(i).length);
    }
    Shape shape = Shape.of(rows.size(), width);
    DType type = palette.levelType();
    return type == DType.F32
        ? Tensor.ofFloats(shape, values)
        : Tensor.ofShorts(type, shape, toShorts(values, type == DType.F16));
  }

  private static short[] toShorts(float[] values, boolean half) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = half ? HalfPrecision.toFloat16(values[i]) : HalfPrecision.toBfloat16(values[i]);
    }
    return bits;
  }

  static FormatPalette read(
      JsonValue.Obj description,
      QuantScheme scheme,
      ScaleLayout layout,
      Map<String, Tensor> parts) {
    Tensor levels = parts.get(LEVELS);
    if (levels != null) {
      return FormatPalette.fitted(codebooks(levels, layout));
    }
    List<NumberFormat> formats = new ArrayList<>();
    for (JsonValue name : description.getArray(FORMATS).orElse(List.of())) {
      if (!(name instanceof JsonValue.Str(var text))) {
        throw new IllegalArgumentException("'formats': expected names, found " + name.kind());
      }
      formats.add(NumberFormats.parse(text));
    }
    if (formats.isEmpty() && !(scheme.choice() instanceof FormatChoice.Fixed)) {
      throw new IllegalArgumentException(
          "'formats' or 'levels' is missing, expected one of them for " + scheme);
    }
    return switch (formats.size()) {
      case 0 -> FormatPalette.uniform(scheme.format());
      case 1 -> FormatPalette.uniform(formats.getFirst());
      default -> FormatPalette.selected(formats, selection(formats.size(), layout, parts));
    };
  }

  private static short[] selection(int formats, ScaleLayout layout, Map<String, Tensor> parts) {
    Tensor index = parts.get(INDEX);
    int tiles = layout.count();
    int bits = indexBits(formats);
    if (formats > 256
        || index == null
        || index.byteSize() != PackedCodes.rowBytes(tiles, bits, 1)) {
      throw new IllegalArgumentException(
          (index == null ? "'format_index' is missing" : index.toString())
              + ": expected "
              + bits
              + " bits for each of "
              + tiles
              + " tiles");
    }
    PackedCodes packed = PackedCodes.wrap(1, tiles, bits, index.byteSize(), index.data());
    short[] selection = new short[tiles];
    for (int tile = 0; tile < tiles; tile++) {
      selection[tile] = (short) packed.get(0, tile);
    }
    return selection;
  }

  private static List<NumberFormat> codebooks(Tensor levels, ScaleLayout layout) {
    Shape shape = levels.shape();
    // One code book may serve all tiles.
    if (shape.rank() != 2
        || shape.dimension(0) != layout.count() && shape.dimension(0) != 1
        || shape.dimension(1) > 256) {
      throw new IllegalArgumentException(
          levels + ": expected at most 256 levels for each of " + layout.count() + " tiles");
    }
    int width = (int) shape.dimension(1);
    float[] values = levels.toFloatArray();
    List<NumberFormat> codebooks = new ArrayList<>();
    for (int from = 0; from < values.length; from += width) {
      int size = 0;
      while (size < width && !Float.isNaN(values[from + size])) {
        size++;
      }
      codebooks.add(Codebook.of(Arrays.copyOfRange(values, from, from + size)));
    }
    return codebooks;
  }
}
