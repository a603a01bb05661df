// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.CodedBlocks;
import io.github.quant4j.block.FactoredScales;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.scheme.ScaleLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Packs weights in blocks of ggml as the families of {@link WeightOnlyFamilies} read them. Codes of
 * 1, 2, 4 and 8 bits keep their width, others get the next one of these. Scales and offsets are
 * those of ggml to the last bit, of whatever sign, zeros and numbers that are none included; those
 * that are bytes times a number of the block stay so.
 */
final class BlockPacking {
  private final BlockMatrix weights;
  private final CodedBlocks coded;
  private final KernelOptions options;
  private final int blocks;
  private final int runs;

  BlockPacking(BlockMatrix weights, CodedBlocks coded, KernelOptions options) {
    this.weights = weights;
    this.coded = coded;
    this.options = options;
    this.blocks = weights.columns() / weights.format().blockSize();
    this.runs = weights.format().blockSize() / coded.run();
  }

  /** The kernel, or empty if no family does it. */
  Optional<LinearKernel> kernel() {
    byte[] levels = coded.levels();
    float[] values = new float[levels.length];
    for (int code = 0; code < values.length; code++) {
      values[code] = levels[code];
    }
    TileForm form =
        new TileForm(
            weights.format().name(),
            Integer.numberOfTrailingZeros(levels.length),
            values,
            Optional.empty(),
            new ScaleLayout(weights.rows(), weights.columns(), 1, coded.run()),
            false,
            1f);
    return WeightOnlyFamilies.plan(form).map(plan -> plan.kernel(pack(plan), options));
  }

  private PackedTiles pack(TilePlan plan) {
    WordTiles words =
        WordTiles.pack(
            weights.rows(),
            weights.columns(),
            plan.bits(),
            plan.recode(),
            this::unpackRow,
            options.team());
    return coded
        .factored()
        .flatMap(scales -> factored(words, scales))
        .orElseGet(() -> plain(words));
  }

  private byte[] row(int row) {
    byte[] bytes = new byte[Math.toIntExact(weights.rowBytes())];
    MemorySegment.copy(
        weights.data(), ValueLayout.JAVA_BYTE, row * weights.rowBytes(), bytes, 0, bytes.length);
    return bytes;
  }

  private void unpackRow(int row, byte[] target) {
    byte[] bytes = row(row);
    BlockFormat format = weights.format();
    for (int b = 0; b < blocks; b++) {
      coded.unpack(bytes, b * format.blockBytes(), target, b * format.blockSize());
    }
  }

  /** Empty if a number is not finite. */
  private Optional<PackedTiles> factored(WordTiles words, FactoredScales scales) {
    int blockBytes = weights.format().blockBytes();
    RowCache cache = new RowCache();
    ParameterTable scale =
        ParameterTable.of(
            weights.rows(),
            blocks,
            (row, block) -> scales.scale(cache.get(row), block * blockBytes));
    ParameterTable offset =
        ParameterTable.of(
            weights.rows(),
            blocks,
            (row, block) -> -scales.offset(cache.get(row), block * blockBytes));
    if (scale.encoding() == ParameterTable.Encoding.FLOAT32
        || offset.encoding() == ParameterTable.Encoding.FLOAT32) {
      return Optional.empty();
    }
    byte[] others = new byte[blocks * runs];
    ProductTable scaleProducts =
        ProductTable.of(
            scale,
            weights.rows(),
            blocks * runs,
            runs,
            (row, target) -> factors(scales, cache.get(row), target, others));
    if (!coded.hasOffsets()) {
      return Optional.of(new PackedTiles(words, scaleProducts, null, null));
    }
    ProductTable offsetProducts =
        ProductTable.of(
            offset,
            weights.rows(),
            blocks * runs,
            runs,
            (row, target) -> factors(scales, cache.get(row), others, target));
    return Optional.of(new PackedTiles(words, scaleProducts, null, offsetProducts));
  }

  private void factors(FactoredScales scales, byte[] bytes, byte[] forScales, byte[] forOffsets) {
    for (int b = 0; b < blocks; b++) {
      scales.factors(bytes, b * weights.format().blockBytes(), forScales, forOffsets, b * runs);
    }
  }

  private PackedTiles plain(WordTiles words) {
    float[] scales = new float[blocks * runs];
    float[] offsets = new float[blocks * runs];
    RowCache cache = new RowCache();
    ParameterTable.Source scale = (row, group) -> parameters(cache, row, scales, offsets)[group];
    ParameterTable.Source offset =
        (row, group) -> {
          parameters(cache, row, scales, offsets);
          return offsets[group];
        };
    return new PackedTiles(
        words,
        ParameterTable.of(weights.rows(), blocks * runs, scale),
        null,
        coded.hasOffsets() ? ParameterTable.of(weights.rows(), blocks * runs, offset) : null);
  }

  /** The scales of a row; the offsets beside them. */
  private float[] parameters(RowCache cache, int row, float[] scales, float[] offsets) {
    if (cache.isAt(row)) {
      return scales;
    }
    byte[] bytes = cache.get(row);
    for (int b = 0; b < blocks; b++) {
      coded.scales(bytes, b * weights.format().blockBytes(), scales, offsets, b * runs);
    }
    return scales;
  }

  /** The bytes of the row that was last asked for. */
  private final class RowCache {
    private int current = -1;
    private byte[] bytes = {};

    boolean isAt(int row) {
      return row == current;
    }

    byte[] get(int row) {
      if (row != current) {
        bytes = row(row);
        current = row;
      }
      return bytes;
    }
  }
}
