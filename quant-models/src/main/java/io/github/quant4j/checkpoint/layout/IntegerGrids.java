// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.DType;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds the integers in quantized layers. */
public final class IntegerGrids {
  private IntegerGrids() {}

  /**
   * The weights of a layer as integers, exactly.
   *
   * @param linear the layer; its bias is not asked for
   * @return its weights
   * @throws InexactException if they are not integers with a scale for each output and group of
   *     inputs, or the layer does more with its input than multiply it by weights
   */
  public static IntegerWeights of(QuantizedLinear linear) throws InexactException {
    if (linear.transform().isPresent()) {
      throw new InexactException(
          "its input is transformed while the model runs ("
              + linear.transform().get().describe()
              + ")");
    }
    if (linear.activations().isPresent()) {
      throw new InexactException(
          "its input is quantized (" + linear.activations().get().scheme() + ")");
    }
    if (linear.terms().size() != 1) {
      throw new InexactException("its weights are a sum of " + linear.terms().size() + " terms");
    }
    return of(linear.terms().getFirst());
  }

  /**
   * The weights of a term as integers, exactly.
   *
   * @param term a quantized matrix, or one whose columns are in an order of their own
   * @return its weights
   * @throws InexactException if they are not integers with a scale for each output and group of
   *     inputs
   */
  public static IntegerWeights of(WeightTerm term) throws InexactException {
    return switch (term) {
      case QuantizedTerm(var matrix) -> of(matrix);
      case BlockTerm(var matrix) -> BlockGrids.of(matrix);
      case ColumnTerm columns
          when columns.inner() instanceof QuantizedTerm(var matrix)
              && columns.sources().length == columns.columns() ->
          reordered(of(matrix), columns.sources());
      default -> throw new InexactException("its weights are " + term.describe());
    };
  }

  /**
   * A layer of integers, with scales in half precision where that holds them exactly.
   *
   * @param weights the weights, in groups of consecutive inputs
   * @return the layer, without a bias
   * @throws IllegalArgumentException if a scale is not positive and finite, or groups are in an
   *     order of their own
   */
  public static QuantizedLinear linear(IntegerWeights weights) {
    if (!weights.isInOrder()) {
      throw new IllegalArgumentException("weights: " + weights + ", expected groups in order");
    }
    IntegerFormat format = new IntegerFormat(weights.bits());
    Granularity granularity =
        weights.groupCount() == 1 ? Granularity.channel() : Granularity.group(weights.groupSize());
    ScaleLayout layout = granularity.layout(weights.rows(), weights.columns());
    FloatScaleCodec codec =
        switch (Scales.exactType(weights.scales()).orElse(DType.F32)) {
          case F16 -> FloatScaleCodec.FLOAT16;
          case BF16 -> FloatScaleCodec.BFLOAT16;
          default -> FloatScaleCodec.FLOAT32;
        };
    double[] scales = new double[weights.scales().length];
    float[] zeros = new float[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = weights.scales()[i];
      zeros[i] = weights.zeros()[i] - format.offset();
    }
    QuantScheme scheme = new QuantScheme(format, granularity, weights.isSymmetric(), codec);
    Grid grid =
        new Grid(
            scheme,
            layout,
            FormatPalette.uniform(format),
            codec.frame(scales, layout, format).encode(scales),
            weights.isSymmetric() ? null : ZeroPointCodec.encode(zeros, layout, format));
    return QuantizedLinear.of(QuantizedMatrix.of(grid, weights.codes()));
  }

  /**
   * The inputs of a group, if that is a number for the whole layer.
   *
   * @param linear the layer
   * @return their number, or -1 if all are in one group; empty if its scales are otherwise
   */
  public static OptionalInt groupSize(QuantizedLinear linear) {
    if (linear.terms().getFirst() instanceof BlockTerm(var blocks)) {
      return OptionalInt.of(blocks.format().blockSize());
    }
    Optional<QuantizedMatrix> matrix = matrix(linear);
    if (matrix.isEmpty()) {
      return OptionalInt.empty();
    }
    return switch (matrix.get().scheme().granularity()) {
      case Granularity.PerTensor(), Granularity.PerChannel() -> OptionalInt.of(LayerShape.ALL);
      case Granularity.PerGroup(int group) ->
          OptionalInt.of(group >= matrix.get().columns() ? LayerShape.ALL : group);
      default -> OptionalInt.empty();
    };
  }

  /**
   * The bits of a code, if that is a number for the whole layer.
   *
   * @param linear the layer
   * @return their number; empty if its weights are otherwise
   */
  public static OptionalInt bits(QuantizedLinear linear) {
    Optional<QuantizedMatrix> matrix = matrix(linear);
    return matrix.isPresent() ? OptionalInt.of(matrix.get().codes().bits()) : OptionalInt.empty();
  }

  private static Optional<QuantizedMatrix> matrix(QuantizedLinear linear) {
    return switch (linear.terms().getFirst()) {
      case QuantizedTerm(var matrix) -> Optional.of(matrix);
      case ColumnTerm columns when columns.inner() instanceof QuantizedTerm(var matrix) ->
          Optional.of(matrix);
      default -> Optional.empty();
    };
  }

  private static IntegerWeights of(QuantizedMatrix matrix) throws InexactException {
    Grid grid = matrix.grid();
    if (!grid.palette().isUniform()
        || grid.palette().isFitted()
        || !(grid.palette().format(0) instanceof IntegerFormat(int bits))) {
      throw new InexactException("its weights are " + matrix.scheme() + ", no integers");
    }
    int rows = matrix.rows();
    int columns = matrix.columns();
    int size =
        switch (matrix.scheme().granularity()) {
          case Granularity.PerTensor(), Granularity.PerChannel() -> columns;
          case Granularity.PerGroup(int group) -> Math.min(group, columns);
          case Granularity other ->
              throw new InexactException(
                  "its scales are those of " + other + ", not of groups of inputs");
        };
    int count = Math.ceilDiv(columns, size);
    float[] scales = new float[Math.multiplyExact(rows, count)];
    int[] zeros = new int[scales.length];
    int offset = 1 << (bits - 1);
    for (int i = 0; i < scales.length; i++) {
      int tile = grid.layout().index(i / count, i % count * size);
      float zero = grid.zeroPoint(tile) + offset;
      zeros[i] = (int) zero;
      if (zeros[i] != zero || zeros[i] < 0 || zeros[i] >= 1 << bits) {
        throw new InexactException(
            "its zero points are no codes of " + bits + " bits (" + zero + " for example)");
      }
      scales[i] = grid.scale(tile);
    }
    byte[] codes = new byte[Math.multiplyExact(rows, columns)];
    for (int row = 0; row < rows; row++) {
      matrix.codes().unpackRow(row, codes, row * columns);
    }
    return new IntegerWeights(
        rows, columns, bits, codes, size, IntegerWeights.inOrder(columns, size), scales, zeros);
  }

  /** The weights of columns that were read in an order of their own, in the order of the inputs. */
  private static IntegerWeights reordered(IntegerWeights weights, int[] sources) {
    int columns = weights.columns();
    byte[] codes = new byte[weights.codes().length];
    int[] groups = new int[columns];
    for (int column = 0; column < columns; column++) {
      groups[sources[column]] = weights.groups()[column];
      for (int row = 0; row < weights.rows(); row++) {
        codes[row * columns + sources[column]] = weights.codes()[row * columns + column];
      }
    }
    return new IntegerWeights(
        weights.rows(),
        columns,
        weights.bits(),
        codes,
        weights.groupSize(),
        groups,
        weights.scales(),
        weights.zeros());
  }
}
