// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.math3.linear.BlockRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against Commons Math in double precision. */
class Nd4jLinearAlgebraTest {
  private static final WorkerTeam ONE = WorkerTeam.sequential();
  private static final WorkerTeam THREE = WorkerTeam.ofThreads(3);

  private final LinearAlgebra algebra = Nd4jLinearAlgebra.create();

  @BeforeAll
  static void backend() {
    Nd4jBackend.assume();
  }

  /** A strided matrix somewhere in an array. */
  private record Placed(int rows, int columns, int offset, int ld, float[] data) {
    static Placed of(SeededRandom random, int rows, int columns) {
      int offset = random.nextInt(0, 9);
      int ld = columns + random.nextInt(0, 5);
      return new Placed(rows, columns, offset, ld, random.gaussians(offset + rows * ld + 3));
    }

    Placed copy() {
      return new Placed(rows, columns, offset, ld, data.clone());
    }

    MatrixView view() {
      return new MatrixView(data, offset, rows, columns, ld);
    }

    RealMatrix real(boolean magnitudes) {
      double[][] values = new double[rows][columns];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          double value = data[offset + i * ld + j];
          values[i][j] = magnitudes ? Math.abs(value) : value;
        }
      }
      return new BlockRealMatrix(values);
    }

    /** Holds the matrix against an expected one and all other elements against what they were. */
    void check(RealMatrix expected, RealMatrix magnitudes, int k, Placed before, String what) {
      for (int i = 0; i < data.length; i++) {
        int inner = i - offset;
        if (inner < 0 || inner >= rows * ld || inner % ld >= columns) {
          assertEquals(before.data[i], data[i], what + ": element " + i + " of the array");
        } else {
          int row = inner / ld;
          int column = inner % ld;
          double bound = (k + 2) * 0x1p-24 * 1.01 * magnitudes.getEntry(row, column);
          assertEquals(
              expected.getEntry(row, column), data[i], bound, what + ": " + row + ", " + column);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 64, 5000",
    "64, 1, 5000",
    "1, 1, 300000",
    "65, 64, 257",
    "130, 4100, 3",
    "4100, 9, 33",
    "70, 70, 70",
    "200, 300, 100",
    "3, 5, 7"
  })
  void multiplyTransposed(int m, int n, int k) {
    SeededRandom random = new SeededRandom(m * 31L + n * 17L + k);
    Placed a = Placed.of(random, m, k);
    Placed b = Placed.of(random, n, k);
    RealMatrix product = a.real(false).multiply(b.real(false).transpose());
    RealMatrix magnitudes = a.real(true).multiply(b.real(true).transpose());
    for (boolean accumulate : new boolean[] {false, true}) {
      Placed before = Placed.of(random, m, n);
      Placed c = before.copy();
      Placed again = before.copy();
      for (boolean alone : new boolean[] {true, false}) {
        Placed one = alone ? c : again;
        algebra.multiplyTransposed(a.view(), b.view(), accumulate, one.view(), alone ? ONE : THREE);
      }
      c.check(
          accumulate ? product.add(before.real(false)) : product,
          accumulate ? magnitudes.add(before.real(true)) : magnitudes,
          k,
          before,
          random.toString());
      assertArrayEquals(c.data, again.data, "the team changes nothing, " + random);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 64, 5000",
    "64, 1, 5000",
    "65, 64, 257",
    "130, 4100, 3",
    "4100, 9, 33",
    "3, 5, 7"
  })
  void multiplyAdd(int m, int n, int k) {
    SeededRandom random = new SeededRandom(m * 13L + n * 7L + k);
    Placed a = Placed.of(random, m, k);
    Placed b = Placed.of(random, k, n);
    Placed before = Placed.of(random, m, n);
    Placed c = before.copy();
    algebra.multiplyAdd(-0.75f, a.view(), b.view(), c.view(), ONE);
    c.check(
        before.real(false).add(a.real(false).multiply(b.real(false)).scalarMultiply(-0.75)),
        before.real(true).add(a.real(true).multiply(b.real(true)).scalarMultiply(0.75)),
        k,
        before,
        random.toString());
  }

  @ParameterizedTest
  @CsvSource({"100, 64", "7, 1100", "1, 2070", "4500, 33", "20, 5"})
  void addGram(int tokens, int columns) {
    SeededRandom random = new SeededRandom(tokens + 1000L * columns);
    float[] x = random.gaussians(tokens * columns + 3);
    Placed inputs = new Placed(tokens, columns, 3, columns, x);
    float[] h = new float[columns * columns];
    Placed moment = new Placed(columns, columns, 0, columns, h);
    for (int batch = 1; batch <= 2; batch++) {
      algebra.addGram(inputs.view(), moment.view(), ONE);
      RealMatrix expected =
          inputs.real(false).transpose().multiply(inputs.real(false)).scalarMultiply(batch);
      RealMatrix magnitudes =
          inputs.real(true).transpose().multiply(inputs.real(true)).scalarMultiply(batch);
      moment.check(expected, magnitudes, 2 * tokens, moment, random.toString());
    }
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < i; j++) {
        assertEquals(h[i * columns + j], h[j * columns + i], "symmetric, " + random);
      }
    }
  }

  @Test
  void factorizationAgreesWithCommonsMath() {
    int size = 300;
    SeededRandom random = new SeededRandom(11);
    FloatMatrix inputs = random.gaussianMatrix(2 * size, size);
    float[] h = new float[size * size];
    algebra.addGram(MatrixView.of(inputs), MatrixView.dense(h, size, size), ONE);
    FloatMatrix moment = FloatMatrix.wrap(size, size, h);
    FloatMatrix factor = LdlFactorization.of(moment, Compute.of(algebra)).orElseThrow().cholesky();
    RealMatrix expected =
        new CholeskyDecomposition(new Placed(size, size, 0, size, h).real(false)).getL();
    // Backward stable; the condition number here is about 34.
    double bound = 34 * size * 0x1p-24 * Math.sqrt(2 * size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j <= i; j++) {
        assertEquals(expected.getEntry(i, j), factor.get(i, j), bound, i + ", " + j);
      }
    }
  }

  /** GPTQ and descent multiply by BLAS alone: every step calls it, and where it fails they do. */
  @Test
  void thePipelineUsesWhatItIsGiven() {
    SeededRandom random = new SeededRandom(21);
    FloatMatrix weights = random.gaussianMatrix(96, 256);
    FloatMatrix inputs = random.gaussianMatrix(512, 256);
    CountingAlgebra counting = new CountingAlgebra(algebra, Integer.MAX_VALUE);
    KernelOptions options =
        KernelOptions.defaults().withTeam(THREE).withProvider("scalar").withLinearAlgebra(counting);
    assertSame(counting, options.compute().algebra());
    LayerInput input = LayerInput.observe(inputs, options.compute());
    assertEquals(1, counting.grams.get());
    int[] calls = new int[2];
    String[] recipes = {"int4:g32:sym rtn", "int4:g32:sym gptq(act-order)>cd(1)"};
    for (int i = 0; i < 2; i++) {
      int before = counting.products.get();
      LinearQuantizer.of(recipes[i]).withOptions(options).quantize(weights, input);
      calls[i] = counting.products.get() - before;
    }
    // With 256 inputs in blocks of 128: one update of the factorization, two of GPTQ's sweep (the
    // last one empty), and of descent the first gradient and one for each block.
    assertEquals(calls[0] + 1 + 2 + 3, calls[1]);
    for (int allowed = 0; allowed < calls[1]; allowed++) {
      KernelOptions failing = options.withLinearAlgebra(new CountingAlgebra(algebra, allowed));
      LinearQuantizer quantizer = LinearQuantizer.of(recipes[1]).withOptions(failing);
      assertThrows(UnsupportedOperationException.class, () -> quantizer.quantize(weights, input));
    }
    assertTrue(algebra.name().startsWith("nd4j ("), algebra.name());
  }

  /** Counts products and refuses all but the first few. */
  private static final class CountingAlgebra implements LinearAlgebra {
    private final LinearAlgebra inner;
    private final int allowed;
    private final AtomicInteger products = new AtomicInteger();
    private final AtomicInteger grams = new AtomicInteger();

    CountingAlgebra(LinearAlgebra inner, int allowed) {
      this.inner = inner;
      this.allowed = allowed;
    }

    private void count() {
      if (products.incrementAndGet() > allowed) {
        throw new UnsupportedOperationException("product " + products.get());
      }
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public void multiplyTransposed(
        MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
      count();
      inner.multiplyTransposed(a, b, accumulate, c, team);
    }

    @Override
    public void multiplyAdd(
        float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
      count();
      inner.multiplyAdd(alpha, a, b, c, team);
    }

    @Override
    public void addGram(MatrixView x, MatrixView h, WorkerTeam team) {
      grams.incrementAndGet();
      inner.addGram(x, h, team);
    }
  }

  @Test
  void nothingIsAddedWhereThereIsNothing() {
    float[] c = {1, 2, 3, 4};
    MatrixView result = MatrixView.dense(c, 2, 2);
    MatrixView none = MatrixView.dense(c, 2, 0);
    algebra.multiplyTransposed(
        MatrixView.dense(c, 0, 3),
        MatrixView.dense(new float[12], 4, 3),
        false,
        MatrixView.dense(c, 0, 4),
        ONE);
    algebra.multiplyAdd(1f, none, MatrixView.dense(c, 0, 2), result, ONE);
    assertArrayEquals(new float[] {1, 2, 3, 4}, c);
    algebra.multiplyTransposed(none, none, false, result, ONE);
    assertArrayEquals(new float[4], c);
  }

  @Test
  void badShapesAreRefused() {
    float[] data = new float[10_000];
    MatrixView hundred = MatrixView.dense(data, 100, 100);
    MatrixView fewer = MatrixView.dense(data, 100, 99);
    for (Executable call :
        List.<Executable>of(
            () -> algebra.multiplyTransposed(hundred, fewer, false, hundred, ONE),
            () -> algebra.multiplyAdd(1f, fewer, hundred, hundred, ONE),
            () -> algebra.addGram(fewer, hundred, ONE))) {
      String message = assertThrows(IllegalArgumentException.class, call).getMessage();
      assertTrue(message.contains("expected ["), message);
    }
  }

  @Test
  void nanAndInfinityPassThrough() {
    int n = 80;
    float[] a = new float[n * n];
    float[] b = new float[n * n];
    Arrays.fill(a, 1f);
    Arrays.fill(b, 1f);
    a[3 * n + 5] = Float.NaN;
    b[7 * n + 2] = Float.POSITIVE_INFINITY;
    float[] c = new float[n * n];
    Arrays.fill(c, Float.NaN);
    algebra.multiplyTransposed(
        MatrixView.dense(a, n, n),
        MatrixView.dense(b, n, n),
        false,
        MatrixView.dense(c, n, n),
        ONE);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        float expected = i == 3 ? Float.NaN : j == 7 ? Float.POSITIVE_INFINITY : n;
        assertEquals(expected, c[i * n + j], i + ", " + j);
      }
    }
  }
}
