// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of which only some elements are stored, {@code SparseTensorProto}. The indices are
 * checked in number and type, not in value. Immutable; comparisons are by identity.
 */
public final class OnnxSparseTensor {
  private static final int MOST_DIMENSIONS = 1024;

  private final ProtoMessage message;
  private final OnnxTensor values;
  private final OnnxTensor indices;
  private final Shape shape;

  private OnnxSparseTensor(
      ProtoMessage message, OnnxTensor values, OnnxTensor indices, Shape shape) {
    this.message = message;
    this.values = values;
    this.indices = indices;
    this.shape = shape;
  }

  static OnnxSparseTensor read(ProtoMessage message, ReadBudget budget) {
    OnnxTensor values = part(message, 1, "values", budget);
    OnnxTensor indices =
        ReadBudget.within(
            () -> "sparse tensor '" + values.name() + "'",
            () -> part(message, 2, "indices", budget));
    return ReadBudget.within(
        () -> "sparse tensor '" + values.name() + "'",
        () -> new OnnxSparseTensor(message, values, indices, shape(message, values, indices)));
  }

  private static OnnxTensor part(ProtoMessage message, int number, String name, ReadBudget budget) {
    @Nullable ProtoMessage part = message.message(number, name, budget);
    if (part == null) {
      throw new IllegalArgumentException(name + ": missing");
    }
    return ReadBudget.within(() -> name, () -> OnnxTensor.read(part, budget));
  }

  private static Shape shape(ProtoMessage message, OnnxTensor values, OnnxTensor indices) {
    long rank = message.count(3, "dims", ProtoField.VARINT);
    if (rank > MOST_DIMENSIONS) {
      throw new IllegalArgumentException("dims: " + rank + ", expected at most " + MOST_DIMENSIONS);
    }
    long[] dimensions = new long[(int) rank];
    int[] next = new int[1];
    message.forEach(3, "dims", ProtoField.VARINT, value -> dimensions[next[0]++] = value);
    long count = values.shape().elementCount();
    boolean fits =
        values.shape().rank() == 1
            && indices.type() == OnnxType.INT64
            && (indices.shape().equals(Shape.of(count))
                || indices.shape().equals(Shape.of(count, rank)));
    if (!fits) {
      throw new IllegalArgumentException(
          "indices: "
              + indices.type()
              + " "
              + indices.shape()
              + " for values "
              + values.shape()
              + ", expected INT64 and one index or "
              + rank
              + " for each value");
    }
    return Shape.of(dimensions);
  }

  ProtoMessage message() {
    return message;
  }

  /** The same with other places of its data. */
  OnnxSparseTensor with(OnnxTensor changedValues, OnnxTensor changedIndices) {
    ProtoMessage changed =
        message
            .with(ProtoField.ofMessage(1, changedValues.message()))
            .with(ProtoField.ofMessage(2, changedIndices.message()));
    return new OnnxSparseTensor(changed, changedValues, changedIndices, shape);
  }

  /**
   * The elements that are stored; their tensor's name is that of the whole.
   *
   * @return {@code [count]}
   */
  public OnnxTensor values() {
    return values;
  }

  /**
   * Where they stand.
   *
   * @return INT64, {@code [count]} positions in row-major order or {@code [count, rank]} indices
   */
  public OnnxTensor indices() {
    return indices;
  }

  /**
   * The dimensions of the whole.
   *
   * @return outermost first
   */
  public Shape shape() {
    return shape;
  }

  /** Name, type and shape. */
  @Override
  public String toString() {
    return "sparse tensor '" + values.name() + "' " + values.type() + " " + shape;
  }
}
