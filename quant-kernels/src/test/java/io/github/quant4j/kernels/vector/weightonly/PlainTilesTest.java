// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plain loops against the vector code of each family, whichever this machine would choose. */
class PlainTilesTest {
  private static final float FACTOR = 16.3f;
  private static final int TOKENS = 3;

  @ParameterizedTest
  @CsvSource({
    "int4:g64:asym, 300, 512",
    "int4:g64:sym, 40, 704",
    "int4:g32:asym:bf16, 67, 96",
    "int4:g32:sym:bf16, 67, 608",
    "int4:g16:asym:f16, 67, 112",
    "int4:channel:asym, 65, 45",
  })
  void givesTheSameBits(String scheme, int rows, int columns) {
    assumeTrue(Lanes.FUSED && Lanes.FLOATS >= 8, "needs vectors of 16 shorts");
    SeededRandom random = new SeededRandom(scheme.hashCode());
    QuantizedMatrix matrix = RandomMatrices.of(QuantScheme.parse(scheme), rows, columns, random);
    WeightForm form = WeightForm.of(matrix).orElseThrow();
    byte[] same = new byte[16];
    short[] entries = new short[2 * Table16.SIZE];
    for (int i = 0; i < 16; i++) {
      same[i] = (byte) i;
    }
    for (int i = 0; i < entries.length; i++) {
      entries[i] = (short) (PairedLookup.ONE + i % 16 * 8);
    }
    WordTiles tiles =
        WordTiles.pack(
            matrix.rows(),
            matrix.columns(),
            4,
            same,
            (row, target) -> matrix.codes().unpackRow(row, target, 0),
            WorkerTeam.sequential());
    ParameterTable scales = form.scales(matrix);
    ParameterTable zeros = form.hasZeros() ? form.zeros(matrix, 16f) : null;
    int groupWords = Math.ceilDiv(form.groupSize(), 8);
    float[] x = random.gaussians(TOKENS * columns);
    for (int i = 0; i < x.length; i += 3) {
      x[i] *= 1e-3f;
    }
    assertSameBits(
        new MantissaNibbles(tiles, groupWords, scales, zeros),
        layout(form, TokenLayout.Order.ONE_MORE),
        x,
        rows);
    assertSameBits(
        new PairedLookup(tiles, groupWords, scales, zeros, entries),
        layout(form, TokenLayout.Order.PAIRED),
        x,
        rows);
    if (zeros == null && scales.isBfloat16()) {
      assertSameBits(
          new PairedLookupBlocks(tiles, groupWords, scales, entries),
          layout(form, TokenLayout.Order.PAIRED),
          x,
          rows);
    }
  }

  private static TokenLayout layout(WeightForm form, TokenLayout.Arrangement arrangement) {
    int values = WordTiles.words(form.columns(), 4) * 8;
    return new TokenLayout(
        form.columns(), form.groupSize(), form.groups(), values, 0.5f, arrangement);
  }

  private static void assertSameBits(TileProduct product, TokenLayout layout, float[] x, int rows) {
    ScratchPool pool = new ScratchPool();
    TokenVectors tokens = new TokenVectors.Pool(layout, pool).bind(x, 0, TOKENS);
    for (int part = 0; part < tokens.parts(); part++) {
      tokens.run(part);
    }
    float[] y = new float[TOKENS * rows];
    int count = product.tiles.tiles();
    product.plain().orElseThrow().multiply(tokens, 0, count, FACTOR, y, 0, rows, pool);
    float[] sums = new float[TileProduct.SCRATCH];
    for (int t = 0; t < TOKENS; t++) {
      for (int row = 0; row < rows; row++) {
        if (row % WordTiles.ROWS == 0) {
          product.multiply(row / WordTiles.ROWS, tokens.get(t), sums);
        }
        float expected = sums[row % WordTiles.ROWS] * FACTOR;
        assertTrue(Float.isFinite(expected));
        assertEquals(
            Float.floatToRawIntBits(expected),
            Float.floatToRawIntBits(y[t * rows + row]),
            product.getClass().getSimpleName() + ", token " + t + ", row " + row);
      }
    }
  }

  @Test
  void entriesThatAreNotEvenlySpacedHaveNoPlainLoops() {
    short[] entries = new short[2 * Table16.SIZE];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = (short) (PairedLookup.ONE + i % 16 * 8);
    }
    assertEquals(8, PairedLookup.step(entries).orElseThrow());
    for (int code : List.of(0, 1, 7, 15)) {
      short[] changed = entries.clone();
      changed[code]++;
      assertTrue(PairedLookup.step(changed).isEmpty(), "code " + code);
    }
  }
}
