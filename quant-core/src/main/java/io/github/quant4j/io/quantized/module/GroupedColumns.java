// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Integers whose inputs belong to groups in any order, as quantizing by the size of activations
 * leaves them: {@code g_idx} names the group of each input.
 *
 * <p>Inputs that stand in the order of their groups, all of one size, are one matrix. Otherwise the
 * inputs are sorted by group, and are read in that order; groups of another size than the others,
 * such as a short last one, are a term of their own.
 *
 * @param codes {@code [out, in]}, in offset binary
 * @param groups how many groups there are
 * @param dtype how scales are stored: F32, F16 or BF16
 * @param scales {@code [out, groups]}, of any sign
 * @param zeroPoints {@code [out, groups]} in signed form, or null if all are 0
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
public record GroupedColumns(
    PackedCodes codes, int groups, DType dtype, float[] scales, float @Nullable [] zeroPoints) {

  /**
   * The groups of inputs in their order.
   *
   * @param columns inputs
   * @param size of a group, the last one of which may be short
   * @return the group of each input
   */
  public static int[] inOrder(int columns, int size) {
    int[] groupOf = new int[columns];
    for (int i = 0; i < columns; i++) {
      groupOf[i] = i / size;
    }
    return groupOf;
  }

  /**
   * The group of each input as a tensor says it.
   *
   * @param tensor I32 or I64, {@code [in]}; -1 everywhere stands for inputs in their order
   * @param groups how many groups there are
   * @param size of a group in order
   * @return the group of each input
   * @throws IllegalArgumentException if the tensor has another type, or names groups that there are
   *     not
   */
  public static int[] read(Tensor tensor, int groups, int size) {
    if (tensor.shape().rank() != 1
        || (tensor.dtype() != DType.I32 && tensor.dtype() != DType.I64)) {
      throw new IllegalArgumentException(tensor + ": expected one group for each input, as I32");
    }
    long[] given =
        tensor.dtype() == DType.I64 ? tensor.toLongArray() : widened(tensor.toIntArray());
    int[] groupOf = new int[given.length];
    boolean isUnset = given.length > 0;
    for (long group : given) {
      isUnset &= group == -1;
    }
    if (isUnset) {
      return inOrder(given.length, size);
    }
    for (int i = 0; i < given.length; i++) {
      if (given[i] < 0 || given[i] >= groups) {
        throw new IllegalArgumentException(
            tensor
                + ": input "
                + i
                + " is in group "
                + given[i]
                + ", expected 0 to "
                + (groups - 1)
                + ", or -1 for all");
      }
      groupOf[i] = (int) given[i];
    }
    return groupOf;
  }

  private static long[] widened(int[] values) {
    long[] wide = new long[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /**
   * The layer.
   *
   * @param groupOf the group of each input
   * @return the weights: one matrix, or terms on columns in the order of their groups
   * @throws IllegalArgumentException if a scale is not finite or a zero point is not a value of the
   *     codes
   */
  public QuantizedLinear linear(int[] groupOf) {
    if (groupOf.length != codes.columns()) {
      throw new IllegalArgumentException(
          "groups of " + groupOf.length + " inputs, expected " + codes.columns());
    }
    int[] sizes = new int[groups];
    boolean ordered = true;
    for (int i = 0; i < groupOf.length; i++) {
      sizes[groupOf[i]]++;
      ordered &= i == 0 || groupOf[i] >= groupOf[i - 1];
    }
    SequencedMap<Integer, List<Integer>> bySize = new TreeMap<Integer, List<Integer>>().reversed();
    for (int group = 0; group < groups; group++) {
      // Groups that no input is in stand for nothing.
      if (sizes[group] > 0) {
        bySize.computeIfAbsent(sizes[group], _ -> new ArrayList<>()).add(group);
      }
    }
    if (ordered && bySize.size() == 1 && bySize.firstEntry().getValue().size() == groups) {
      return QuantizedLinear.of(
          AffineMatrix.ofIntegers(
              codes, granularity(bySize.firstEntry().getKey()), dtype, scales, zeroPoints));
    }
    int[][] members = members(groupOf, sizes);
    List<WeightTerm> terms = new ArrayList<>();
    bySize.forEach((size, ofSize) -> terms.add(term(ofSize, size, members)));
    return QuantizedLinear.of(terms);
  }

  private Granularity granularity(int size) {
    if (size == codes.columns()) {
      return Granularity.channel();
    }
    return size == 1 ? new Granularity.PerBlock(1, 1) : Granularity.group(size);
  }

  private static int[][] members(int[] groupOf, int[] sizes) {
    int[][] members = new int[sizes.length][];
    for (int group = 0; group < sizes.length; group++) {
      members[group] = new int[sizes[group]];
    }
    int[] filled = new int[sizes.length];
    for (int i = 0; i < groupOf.length; i++) {
      members[groupOf[i]][filled[groupOf[i]]++] = i;
    }
    return members;
  }

  /** The inputs of some groups, all of one size. */
  private ColumnTerm term(List<Integer> chosen, int size, int[][] members) {
    int rows = codes.rows();
    int count = chosen.size();
    int[] sources = new int[count * size];
    for (int g = 0; g < count; g++) {
      System.arraycopy(members[chosen.get(g)], 0, sources, g * size, size);
    }
    float[] ofTerm = new float[rows * count];
    float[] zeros = new float[rows * count];
    byte[] line = new byte[codes.columns()];
    byte[] sorted = new byte[Math.multiplyExact(rows, sources.length)];
    for (int row = 0; row < rows; row++) {
      codes.unpackRow(row, line, 0);
      for (int i = 0; i < sources.length; i++) {
        sorted[row * sources.length + i] = line[sources[i]];
      }
      for (int g = 0; g < count; g++) {
        ofTerm[row * count + g] = scales[row * groups + chosen.get(g)];
        zeros[row * count + g] = zeroPoints == null ? 0 : zeroPoints[row * groups + chosen.get(g)];
      }
    }
    Granularity granularity =
        count == 1
            ? Granularity.channel()
            : size == 1 ? new Granularity.PerBlock(1, 1) : Granularity.group(size);
    QuantizedMatrix matrix =
        AffineMatrix.ofIntegers(
            PackedCodes.pack(rows, sources.length, codes.bits(), Integer.BYTES, sorted),
            granularity,
            dtype,
            ofTerm,
            zeros);
    return ColumnTerm.of(new QuantizedTerm(matrix), sources, codes.columns(), true);
  }
}
