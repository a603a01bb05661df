// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vector quantization with error feedback against the papers' loop in double. */
class VectorFitTest {
  private static final VectorFit PLAIN = fit(4, 4, 0, 0, false);

  private static VectorFit fit(int length, int bits, int second, double outliers, boolean norm) {
    return new VectorFit(length, bits, second, outliers, norm, 20, 0.01, 0);
  }

  private static Compute compute(int threads) {
    return Compute.scalar()
        .withTeam(threads == 1 ? WorkerTeam.sequential() : WorkerTeam.ofThreads(threads));
  }

  private static FloatMatrix dense(VectorFit.Result result, int rows) {
    int columns = result.index().length;
    FloatMatrix dense = FloatMatrix.zeros(rows, columns);
    int[] next = new int[result.parts().size()];
    for (int column = 0; column < columns; column++) {
      VectorMatrix part = result.parts().get(result.index()[column]);
      float[] values = new float[rows];
      part.decode(0, rows, next[result.index()[column]]++, 1, values, 0, 1, rows, new int[2]);
      for (int row = 0; row < rows; row++) {
        dense.put(row, column, values[row]);
      }
    }
    return dense;
  }

  /**
   * The loop of the paper, with {@code U} the upper Cholesky factor of the inverse of the damped
   * moment: the error of a column by {@code U_jj} is taken from all later columns.
   */
  private static FloatMatrix loop(FloatMatrix weights, VectorFit.Result result, Gram gram) {
    int size = gram.size();
    int rows = weights.rows();
    double mean = 0;
    for (int j = 0; j < size; j++) {
      mean += gram.values()[j * size + j] / (double) size;
    }
    RealMatrix moment = new Array2DRowRealMatrix(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        moment.setEntry(i, j, gram.values()[i * size + j] + (i == j ? 0.01 * mean : 0));
      }
    }
    RealMatrix inverse = new CholeskyDecomposition(moment, 1e-9, 0).getSolver().getInverse();
    RealMatrix upper = new CholeskyDecomposition(inverse, 1e-6, 0).getLT();
    FloatMatrix found = FloatMatrix.zeros(rows, size);
    double[][] left = new double[rows][size];
    for (int i = 0; i < rows * size; i++) {
      left[i / size][i % size] = weights.data()[i];
    }
    int[] next = new int[result.parts().size()];
    for (int k = 0; k < size; k++) {
      VectorMatrix part = result.parts().get(result.index()[k]);
      int place = next[result.index()[k]]++;
      double scale = part.scales().map(scales -> (double) scales[place]).orElse(1.0);
      for (int top = 0; top < rows; top += part.length()) {
        int width = Math.min(part.length(), rows - top);
        double[] target = new double[width];
        for (int i = 0; i < width; i++) {
          target[i] = left[top + i][k] / scale;
        }
        double[] stored = nearest(target, part.main().book().values(), part.length());
        if (part.residual().isPresent()) {
          double[] rest = new double[width];
          Arrays.setAll(rest, i -> target[i] - stored[i]);
          double[] more = nearest(rest, part.residual().get().book().values(), part.length());
          Arrays.setAll(stored, i -> stored[i] + more[i]);
        }
        for (int i = 0; i < width; i++) {
          double value = stored[i] * scale;
          found.put(top + i, k, (float) value);
          double error = (left[top + i][k] - value) / upper.getEntry(k, k);
          for (int later = k; later < size; later++) {
            left[top + i][later] -= error * upper.getEntry(k, later);
          }
        }
      }
    }
    return found;
  }

  private static double[] nearest(double[] target, float[] book, int length) {
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int c = 0; c < book.length / length; c++) {
      double sum = 0;
      for (int i = 0; i < target.length; i++) {
        sum += Math.pow(target[i] - book[c * length + i], 2);
      }
      if (sum < least) {
        least = sum;
        best = c;
      }
    }
    double[] found = new double[target.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = book[best * length + i];
    }
    return found;
  }

  @ParameterizedTest
  @CsvSource({
    "16, 48,  4, 4, 0, 0,    false",
    "19, 150, 4, 5, 0, 0,    false",
    "15, 40,  6, 5, 3, 0,    false",
    "24, 40,  3, 4, 0, 0.1,  true",
    "3,  30,  8, 3, 2, 0.05, true",
    "33, 1,   2, 3, 0, 0.1,  false",
  })
  void theLoopOfThePaper(
      int rows, int columns, int length, int bits, int second, double outliers, boolean norm) {
    SeededRandom random = new SeededRandom(rows * 100 + columns);
    FloatMatrix weights = random.gaussianMatrix(rows, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 3 * columns, columns), Compute.scalar());
    VectorFit.Result result =
        fit(length, bits, second, outliers, norm).fit(weights, Optional.of(gram), "vq", compute(1));
    FloatMatrix found = dense(result, rows);
    FloatMatrix expected = loop(weights, result, gram);
    int same = 0;
    for (int i = 0; i < found.data().length; i++) {
      float wanted = expected.data()[i];
      same += Math.abs(wanted - found.data()[i]) <= 1e-6 * Math.abs(wanted) ? 1 : 0;
    }
    // A target between two vectors may go either way, and what comes after it then differs.
    assertTrue(same >= 0.97 * found.data().length, same + " are the same, " + random);
    double error = RoundingProblem.error(weights, expected, gram);
    assertEquals(
        error, RoundingProblem.error(weights, found, gram), 0.02 * error, random.toString());
    assertEquals(columns == 1 ? 1 : outliers > 0 ? 2 : 1, result.parts().size());
  }

  @Test
  void outliersAreTheColumnsOfMostPower() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix weights = random.gaussianMatrix(32, 44);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 200, 44), Compute.scalar());
    int[] index =
        fit(4, 4, 0, 0.05, false).fit(weights, Optional.of(gram), "vq", compute(1)).index();
    assertEquals(3, Arrays.stream(index).sum());
    for (int a = 0; a < 44; a++) {
      for (int b = 0; b < 44; b++) {
        if (index[a] > index[b]) {
          assertTrue(gram.diagonal()[a] >= gram.diagonal()[b], random.toString());
        }
      }
    }
  }

  @Test
  void whatIsKnownOfTheInputHelps() {
    SeededRandom random = new SeededRandom(6);
    FloatMatrix weights = random.gaussianMatrix(64, 96);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 400, 96), Compute.scalar());
    FloatMatrix known = dense(PLAIN.fit(weights, Optional.of(gram), "vq", compute(1)), 64);
    FloatMatrix unknown = dense(PLAIN.fit(weights, Optional.empty(), "vq", compute(1)), 64);
    assertTrue(
        RoundingProblem.error(weights, known, gram)
            < 0.7 * RoundingProblem.error(weights, unknown, gram),
        random.toString());
  }

  @Test
  void anyNumberOfThreadsGivesTheSame() {
    SeededRandom random = new SeededRandom(7);
    FloatMatrix weights = random.gaussianMatrix(2060, 140);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, 140), Compute.scalar());
    VectorFit fit = new VectorFit(6, 5, 4, 0.02, true, 3, 0.01, 9);
    float[] one = dense(fit.fit(weights, Optional.of(gram), "vq", compute(1)), 2060).data();
    for (int threads = 2; threads <= 3; threads++) {
      assertArrayEquals(
          one,
          dense(fit.fit(weights, Optional.of(gram), "vq", compute(threads)), 2060).data(),
          random.toString());
    }
  }

  @Test
  void withoutAUsableMomentTheNearestVectorsAreChosen() {
    SeededRandom random = new SeededRandom(8);
    FloatMatrix weights = random.gaussianMatrix(20, 12);
    FloatMatrix broken = FloatMatrix.zeros(12, 12);
    Arrays.fill(broken.data(), Float.NaN);
    for (FloatMatrix moment : new FloatMatrix[] {broken, FloatMatrix.zeros(12, 12)}) {
      VectorFit.Result result =
          PLAIN.fit(weights, Optional.of(Gram.wrap(moment, 5, 5)), "vq(4)", compute(1));
      String report = result.report().orElseThrow().describe();
      assertTrue(report.contains("vq(4): no usable second moment"), report);
      float[] nearest = dense(PLAIN.fit(weights, Optional.empty(), "", compute(1)), 20).data();
      assertArrayEquals(nearest, dense(result, 20).data(), random.toString());
      FloatMatrix identity = FloatMatrix.zeros(12, 12);
      for (int j = 0; j < 12; j++) {
        identity.put(j, j, 1);
      }
      FloatMatrix wanted = loop(weights, result, Gram.wrap(identity, 1, 1));
      assertArrayEquals(wanted.data(), nearest, random.toString());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4, 0, 0, 20, 0.01, length",
    "17, 4, 0, 0, 20, 0.01, length",
    "4, 0, 0, 0, 20, 0.01, bits",
    "4, 17, 0, 0, 20, 0.01, bits",
    "4, 4, 17, 0, 20, 0.01, residual",
    "4, 4, -1, 0, 20, 0.01, residual",
    "4, 4, 0, 1, 20, 0.01, outliers",
    "4, 4, 0, NaN, 20, 0.01, outliers",
    "4, 4, 0, 0, 0, 0.01, iterations",
    "4, 4, 0, 0, 20, 1.5, damp",
  })
  void optionsOutOfRangeAreRefused(
      int length,
      int bits,
      int second,
      double outliers,
      int iterations,
      double damping,
      String name) {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> new VectorFit(length, bits, second, outliers, false, iterations, damping, 0))
            .getMessage();
    assertTrue(message.startsWith(name + ": "), message);
  }
}
