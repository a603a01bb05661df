// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.DistanceLanes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.matrix.VectorBook;
import io.github.quant4j.matrix.VectorCodes;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.search.VectorClusters;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Fits vector-quantized weights as VPTQ does (Liu et al., arXiv 2409.17066): the book is the result
 * of k-means over the vectors of the matrix, each weighted by the power of its input; then the
 * vectors of column after column are chosen to make up for the errors of the columns before, as in
 * {@link GptqRounding}. A second book is fitted to what the first one leaves of the vectors. Some
 * columns, those whose inputs have most power, may have books of their own.
 *
 * <p>Without a usable moment all columns count alike, and there is no feedback.
 *
 * <p>Cost: {@code out in 2^bits} multiply-adds for the starts of k-means, for each iteration of it
 * and for the choice, and {@code in^3 / 6 + out in^2 / 2} for the feedback. Memory: the matrix once
 * again, {@code in^2} floats for the factor and {@code in} times 2048 for the rows at hand.
 *
 * @param length of a vector, 1 to 16
 * @param bits of a code, 1 to 16
 * @param residualBits of a code of the second book, 0 for none
 * @param outliers share of the columns that have books of their own, rounded up, at least 0, below
 *     1
 * @param isNormed whether columns are divided by their root mean square, which is stored
 * @param iterations of k-means at most, at least 1
 * @param damping what is added to the diagonal of the moment, as a fraction of its mean, 0 to 1
 * @param seed of the starts of k-means
 */
public record VectorFit(
    int length,
    int bits,
    int residualBits,
    double outliers,
    boolean isNormed,
    int iterations,
    double damping,
    long seed) {
  /** The most iterations. */
  public static final int MOST_ITERATIONS = 1000;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public VectorFit {
    if (length < 1 || length > VectorBook.MOST_LENGTH) {
      throw new IllegalArgumentException(
          "length: " + length + ", expected 1 to " + VectorBook.MOST_LENGTH);
    }
    if (bits < 1 || bits > VectorCodes.MOST_BITS) {
      throw new IllegalArgumentException(
          "bits: " + bits + ", expected 1 to " + VectorCodes.MOST_BITS);
    }
    if (residualBits < 0 || residualBits > VectorCodes.MOST_BITS) {
      throw new IllegalArgumentException(
          "residual: " + residualBits + ", expected 0 to " + VectorCodes.MOST_BITS);
    }
    if (!(outliers >= 0 && outliers < 1)) {
      throw new IllegalArgumentException("outliers: " + outliers + ", expected 0 to below 1");
    }
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IllegalArgumentException(
          "iterations: " + iterations + ", expected 1 to " + MOST_ITERATIONS);
    }
    if (!(damping >= 0 && damping <= 1)) {
      throw new IllegalArgumentException("damp: " + damping + ", expected 0 to 1");
    }
  }

  /**
   * What was fitted.
   *
   * @param parts the columns in their order: all, or the others and the outliers
   * @param index for each column the part that has it
   * @param report what happened to the moment; none without one
   */
  public record Result(List<VectorMatrix> parts, int[] index, Optional<RoundingReport> report) {}

  /**
   * The columns that have books of their own.
   *
   * @param columns how many there are, at least 1
   * @return fewer than that
   */
  public int outlierColumns(int columns) {
    return Math.min(columns - 1, (int) Math.ceil(outliers * columns));
  }

  /**
   * Fits a matrix.
   *
   * @param weights {@code [out, in]}, finite; not changed
   * @param gram the second moment of the inputs; empty to minimise the squared error of the weights
   * @param label what to call this in the report
   * @param compute the linear algebra and the threads
   * @return the matrix, in one or two parts
   */
  public Result fit(FloatMatrix weights, Optional<Gram> gram, String label, Compute compute) {
    int columns = weights.columns();
    Optional<FeedbackFactor> feedback =
        gram.map(
            moment -> FeedbackFactor.of(moment, ColumnOrder.natural(columns), damping, compute));
    Optional<LdlFactorization> factor = feedback.flatMap(FeedbackFactor::factor);
    float[] power = new float[columns];
    Arrays.fill(power, 1);
    if (factor.isPresent()) {
      power = gram.orElseThrow().diagonal();
    }
    float[] scales = scales(weights);
    int[] index = new int[columns];
    int[] order = ColumnOrder.descending(factor.isPresent() ? power : squares(weights));
    for (int i = 0; i < outlierColumns(columns); i++) {
      index[order[i]] = 1;
    }
    int count = Arrays.stream(index).max().orElse(0) + 1;
    List<VectorChoice> books = new ArrayList<>();
    for (int part = 0; part < count; part++) {
      int[] members = members(index, part);
      books.add(books(vectors(weights, members, scales), members, scales, power, compute));
    }
    VectorChoice[] choices = new VectorChoice[columns];
    Arrays.setAll(choices, column -> books.get(index[column]));
    float[] upper = factor.map(LdlFactorization::transposedFactor).orElse(null);
    VectorSweep sweep = new VectorSweep(weights, length, upper, choices, scales, compute);
    sweep.run();
    List<VectorMatrix> parts = new ArrayList<>();
    for (int part = 0; part < count; part++) {
      parts.add(matrix(weights.rows(), sweep, members(index, part), books.get(part), scales));
    }
    return new Result(
        List.copyOf(parts),
        index,
        feedback.map(found -> found.report(label, gram.map(Gram::deadInputs).orElse(0))));
  }

  private static int[] members(int[] index, int part) {
    return IntStream.range(0, index.length).filter(column -> index[column] == part).toArray();
  }

  private static float[] squares(FloatMatrix weights) {
    double[] sums = new double[weights.columns()];
    for (int i = 0; i < weights.data().length; i++) {
      sums[i % sums.length] += (double) weights.data()[i] * weights.data()[i];
    }
    float[] squares = new float[sums.length];
    for (int column = 0; column < sums.length; column++) {
      squares[column] = (float) Math.min(sums[column], Float.MAX_VALUE);
    }
    return squares;
  }

  private float[] scales(FloatMatrix weights) {
    float[] scales = squares(weights);
    for (int column = 0; column < scales.length; column++) {
      double root = Math.sqrt(scales[column] / weights.rows());
      float stored = isNormed ? FloatStorage.round((float) root, DType.F16) : 1;
      scales[column] = stored > 0 && Float.isFinite(stored) ? stored : 1;
    }
    return scales;
  }

  /**
   * The whole vectors of some columns, element by element. A shorter one at the end of a column
   * counts only if there are no others.
   */
  private float[] vectors(FloatMatrix weights, int[] members, float[] scales) {
    int groups = Math.max(1, weights.rows() / length);
    int count = Math.multiplyExact(groups, members.length);
    float[] points = new float[Math.multiplyExact(count, length)];
    for (int m = 0; m < members.length; m++) {
      int column = members[m];
      for (int r = 0; r < Math.min(weights.rows(), groups * length); r++) {
        points[r % length * count + m * groups + r / length] =
            weights.data()[r * weights.columns() + column] / scales[column];
      }
    }
    return points;
  }

  private VectorChoice books(
      float[] points, int[] members, float[] scales, float[] power, Compute compute) {
    int count = points.length / length;
    int groups = count / members.length;
    float[] importance = new float[count];
    for (int i = 0; i < count; i++) {
      int column = members[i / groups];
      importance[i] = power[column] * scales[column] * scales[column];
    }
    float[] main = book(points, importance, bits, compute);
    if (residualBits == 0) {
      return new VectorChoice(main, null);
    }
    subtract(points, main, compute);
    return new VectorChoice(main, book(points, importance, residualBits, compute));
  }

  private float[] book(float[] points, float[] importance, int width, Compute compute) {
    float[] centers =
        VectorClusters.centers(
            points, length, importance, 1 << width, iterations, seed, compute.team());
    return VectorBook.rounded(length, width, centers).values();
  }

  /** Leaves of each vector what the nearest one of a book does not stand for. */
  private void subtract(float[] points, float[] book, Compute compute) {
    int count = points.length / length;
    int part = DistanceLanes.MOST;
    compute
        .team()
        .run(
            Math.ceilDiv(count, part),
            number -> {
              int from = number * part;
              int lanes = Math.min(part, count - from);
              int[] codes = new int[lanes];
              new DistanceLanes(length)
                  .nearest(
                      lanes, points, from, count, length, book, length, codes, new float[lanes], 0);
              for (int i = 0; i < lanes; i++) {
                for (int d = 0; d < length; d++) {
                  points[d * count + from + i] -= book[codes[i] * length + d];
                }
              }
            });
  }

  private VectorMatrix matrix(
      int rows, VectorSweep sweep, int[] members, VectorChoice choice, float[] scales) {
    VectorMatrix matrix =
        VectorMatrix.of(rows, part(choice.main(), bits, sweep.codes, members, scales.length));
    float @Nullable [] residual = choice.residual();
    if (residual != null) {
      matrix =
          matrix.withResidual(
              part(residual, residualBits, sweep.residualCodes, members, scales.length));
    }
    if (!isNormed) {
      return matrix;
    }
    float[] own = new float[members.length];
    for (int m = 0; m < own.length; m++) {
      own[m] = scales[members[m]];
    }
    return matrix.withScales(own);
  }

  private VectorMatrix.Part part(float[] book, int width, int[] codes, int[] members, int columns) {
    int groups = codes.length / columns;
    int[] own = new int[groups * members.length];
    for (int i = 0; i < own.length; i++) {
      own[i] = codes[i / members.length * columns + members[i % members.length]];
    }
    return new VectorMatrix.Part(
        VectorBook.of(length, width, book), VectorCodes.pack(groups, members.length, width, own));
  }
}
