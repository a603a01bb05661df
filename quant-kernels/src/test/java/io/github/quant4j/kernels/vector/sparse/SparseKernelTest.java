// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.sparse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.weightonly.RandomMatrices;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.HadamardTransform;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparseKernelTest {
  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));

  /** Rows of every length from 0 on occur. */
  private static SparseMatrix matrix(int rows, int columns, double density, SeededRandom random) {
    BitSet kept = new BitSet();
    for (int row = 0; row < rows; row++) {
      double share = row % 7 == 3 ? 0 : row % 11 == 5 ? 10 * density : density;
      for (int column = 0; column < columns; column++) {
        if (random.nextDouble() < share) {
          kept.set(row * columns + column);
        }
      }
    }
    return SparseMatrix.of(random.gaussianMatrix(rows, columns), kept, DType.F32);
  }

  @ParameterizedTest
  @CsvSource({"300, 500, 0.02", "65, 1030, 0.05", "1, 4000, 0.5", "2000, 70, 0.03", "17, 90, 0.9"})
  void agreesWithDoubleSums(int out, int in, double density) {
    SeededRandom random = new SeededRandom(out * 7L + in);
    SparseMatrix weights = matrix(out, in, density, random);
    LinearKernel kernel = Kernels.forSparse(weights, ONE);
    assertTrue(kernel.describe().startsWith("vector"), kernel.describe());
    for (int tokens : new int[] {1, 2, 3, 8, 16, 17, 70}) {
      float[] x = random.gaussians(3 + tokens * in);
      float[] y = new float[2 + tokens * out + 3];
      Arrays.fill(y, Float.NaN);
      kernel.multiply(x, 3, tokens, y, 2);
      for (int t = 0; t < tokens; t++) {
        for (int row = 0; row < out; row++) {
          double sum = 0;
          double magnitudes = 0;
          int from = weights.rowStart(row);
          int to = weights.rowStart(row + 1);
          for (int i = from; i < to; i++) {
            double product = (double) weights.value(i) * x[3 + t * in + weights.column(i)];
            sum += product;
            magnitudes += Math.abs(product);
          }
          assertEquals(
              sum,
              y[2 + t * out + row],
              (to - from + 3) * 0x1p-24 * 1.001 * magnitudes,
              "token " + t + " of " + tokens + ", row " + row + ", " + random);
        }
      }
      for (int i : new int[] {0, 1, y.length - 3, y.length - 2, y.length - 1}) {
        assertTrue(Float.isNaN(y[i]), "written outside the output");
      }
      float[] again = new float[y.length];
      Kernels.forSparse(weights, THREE).multiply(x, 3, tokens, again, 2);
      assertArrayEquals(
          Arrays.copyOfRange(y, 2, y.length - 3),
          Arrays.copyOfRange(again, 2, y.length - 3),
          "threads change nothing, " + random);
    }
  }

  @Test
  void fewElementsAreLeftToScalarCode() {
    SeededRandom random = new SeededRandom(1);
    SparseMatrix weights = matrix(20, 20, 0.05, random);
    assertTrue(Kernels.forSparse(weights, ONE).describe().startsWith("scalar"));
  }

  /** Main product, outliers, low-rank correction, bias and rotation: a layer as it is served. */
  @ParameterizedTest
  @CsvSource({"int4:g64:asym, 1", "int4:g64:asym, 9", "nvfp4, 1", "nvfp4, 30"})
  void sumsOfTermsAgreeWithDoubleSums(String scheme, int tokens) {
    int out = 190;
    int in = 256;
    int rank = 20;
    SeededRandom random = new SeededRandom(tokens);
    QuantizedTerm main =
        new QuantizedTerm(RandomMatrices.of(QuantScheme.parse(scheme), out, in, random));
    SparseTerm outliers = new SparseTerm(matrix(out, in, 0.05, random));
    FloatMatrix left = random.gaussianMatrix(out, rank);
    FloatMatrix right = random.gaussianMatrix(rank, in);
    LowRankTerm lowRank =
        new LowRankTerm(new DenseTerm(left, DType.F32), new DenseTerm(right, DType.F32));
    float[] bias = random.gaussians(out);
    HadamardTransform rotation = HadamardTransform.of(in, in, 5);
    QuantizedLinear layer =
        QuantizedLinear.of(List.of(main, outliers, lowRank)).withBias(bias).withTransform(rotation);
    float[] x = random.gaussians(tokens * in);
    float[] y = new float[tokens * out];
    Kernels.forLinear(layer, THREE).multiply(x, 0, tokens, y, 0);
    FloatMatrix rotated = rotation.apply(FloatMatrix.wrap(tokens, in, x), Compute.scalar());
    float[] row = new float[in];
    for (int r = 0; r < out; r++) {
      main.matrix().dequantizeRow(r, row, 0);
      outliers.matrix().addRow(r, row, 0);
      for (int t = 0; t < tokens; t++) {
        double sum = bias[r];
        double magnitudes = Math.abs(bias[r]);
        for (int k = 0; k < in; k++) {
          double weight = row[k];
          double magnitude = Math.abs(weight);
          for (int i = 0; i < rank; i++) {
            weight += (double) left.get(r, i) * right.get(i, k);
            magnitude += Math.abs(left.get(r, i) * right.get(i, k));
          }
          sum += weight * rotated.get(t, k);
          magnitudes += magnitude * Math.abs(rotated.get(t, k));
        }
        assertEquals(
            sum, y[t * out + r], 2e-5 * magnitudes, "token " + t + ", row " + r + ", " + random);
      }
    }
  }
}
