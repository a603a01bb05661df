// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Copies ND4J arrays to the library's matrices and tensors, and back.
 *
 * <p>Arrays may have any order, offset and strides, views included. Their elements may be {@code
 * FLOAT}, {@code DOUBLE}, {@code HALF} or {@code BFLOAT16}; matrices hold floats, so that doubles
 * are rounded to nearest. An array is read where it lies, in one pass; arrays whose elements reach
 * beyond 2 GiB of their buffer are refused. What comes back is a fresh array, in the workspace that
 * is open, if any, as with ND4J's own operations.
 */
public final class Nd4jArrays {
  private Nd4jArrays() {}

  /**
   * A matrix as it is.
   *
   * @param array rank 2
   * @return a copy, {@code [rows, columns]} of the array
   * @throws IllegalArgumentException if the rank is not 2, the array is empty or closed, or its
   *     type is not one of those above
   */
  public static FloatMatrix toMatrix(INDArray array) {
    return matrix("array", array);
  }

  /**
   * A vector as it is, or a matrix of one row or one column, as ND4J networks hold biases.
   *
   * @param array rank 1, or rank 2 with one row or one column
   * @return a copy of its elements
   * @throws IllegalArgumentException if the shape is another one, the array is empty or closed, or
   *     its type is not one of those above
   */
  public static float[] toVector(INDArray array) {
    return vector("array", array);
  }

  /**
   * A dense layer as ND4J holds it, {@code y = x W}: the weights of {@code x.mmul(W)}.
   *
   * @param weights {@code [in, out]}
   * @return the layer with weights {@code [out, in]}, to be quantized
   * @throws IllegalArgumentException if the rank is not 2, the type is not one of those above, or
   *     an element is not finite
   */
  public static LinearLayer denseLayer(INDArray weights) {
    checkRank("weights", weights, 2);
    return LinearLayer.of(matrix("weights", weights.transpose()));
  }

  /**
   * A dense layer as ND4J holds it, {@code y = x W + b}: the weights and bias of {@code
   * x.mmul(W).addRowVector(b)}.
   *
   * @param weights {@code [in, out]}
   * @param bias {@code [out]} or {@code [1, out]}
   * @return the layer with weights {@code [out, in]}, to be quantized
   * @throws IllegalArgumentException if a shape or type is none of these, or an element is not
   *     finite
   */
  public static LinearLayer denseLayer(INDArray weights, INDArray bias) {
    LinearLayer layer = denseLayer(weights);
    float[] values = vector("bias", bias);
    if (values.length != layer.weights().rows()) {
      throw new IllegalArgumentException(
          "bias: shape "
              + Arrays.toString(bias.shape())
              + ", expected ["
              + layer.weights().rows()
              + "] for weights of shape "
              + Arrays.toString(weights.shape())
              + " ([in, out])");
    }
    return layer.withBias(values);
  }

  /**
   * An array of any rank, without a change of its elements.
   *
   * @param array the array
   * @return a tensor without a name of type F32, F64, F16 or BF16, row-major
   * @throws IllegalArgumentException if the array is empty or closed, has 2 GiB or more, or its
   *     type is not one of those above
   */
  public static Tensor toTensor(INDArray array) {
    ArrayMemory memory = ArrayMemory.of("array", array);
    DType type =
        switch (array.dataType()) {
          case FLOAT -> DType.F32;
          case DOUBLE -> DType.F64;
          case HALF -> DType.F16;
          default -> DType.BF16;
        };
    byte[] bytes = new byte[Math.toIntExact(type.bytes(array.length()))];
    memory.readBits(ByteBuffer.wrap(bytes));
    return Tensor.ofBytes(type, Shape.of(array.shape()), bytes);
  }

  /**
   * A matrix as an array.
   *
   * @param matrix at least one element
   * @return a copy of type FLOAT in order 'c', {@code [rows, columns]}
   * @throws IllegalArgumentException if the matrix is empty or has 2 GiB or more
   * @throws IllegalStateException if ND4J has no backend; the message says what to add
   */
  public static INDArray toArray(FloatMatrix matrix) {
    INDArray array = allocate(DataType.FLOAT, matrix, matrix.rows(), matrix.columns());
    ArrayMemory.of("matrix", array).write(matrix.data(), 0);
    return array;
  }

  /**
   * A tensor as an array. F32, F64, F16 and BF16 keep their type; all other real types become
   * FLOAT.
   *
   * @param tensor at least one element
   * @return a copy in order 'c', of the tensor's shape
   * @throws IllegalArgumentException if the tensor is empty, complex or has 2 GiB or more
   * @throws IllegalStateException if ND4J has no backend; the message says what to add
   */
  public static INDArray toArray(Tensor tensor) {
    DataType type =
        switch (tensor.dtype()) {
          case F64 -> DataType.DOUBLE;
          case F16 -> DataType.FLOAT16;
          case BF16 -> DataType.BFLOAT16;
          default -> DataType.FLOAT;
        };
    long[] shape = new long[tensor.shape().rank()];
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = tensor.shape().dimension(axis);
    }
    INDArray array = allocate(type, tensor, shape);
    if (tensor.dtype() == DType.F64) {
      array.data().asNio().put(0, tensor.data().toArray(ValueLayout.JAVA_BYTE));
      Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
    } else {
      ArrayMemory.of("tensor", array).write(tensor.toFloatArray(), 0);
    }
    return array;
  }

  private static INDArray allocate(DataType type, Object source, long... shape) {
    long elements = 1;
    for (long extent : shape) {
      elements *= extent;
    }
    if (elements == 0 || elements > Integer.MAX_VALUE / type.width()) {
      throw new IllegalArgumentException(
          source + ": " + elements + " elements, expected at least one and less than 2 GiB");
    }
    Backend.require();
    return Nd4j.createUninitialized(type, shape, 'c');
  }

  static void checkRank(String name, INDArray array, int rank) {
    if (array.rank() != rank) {
      throw new IllegalArgumentException(
          name + ": shape " + Arrays.toString(array.shape()) + ", expected rank " + rank);
    }
  }

  private static FloatMatrix matrix(String name, INDArray array) {
    checkRank(name, array, 2);
    ArrayMemory memory = ArrayMemory.of(name, array);
    FloatMatrix matrix =
        FloatMatrix.zeros(Math.toIntExact(array.rows()), Math.toIntExact(array.columns()));
    memory.read(matrix.data(), 0);
    return matrix;
  }

  private static float[] vector(String name, INDArray array) {
    ArrayMemory memory = ArrayMemory.of(name, array);
    boolean isVector =
        array.rank() == 1 || array.rank() == 2 && (array.size(0) == 1 || array.size(1) == 1);
    if (!isVector) {
      throw new IllegalArgumentException(
          name + ": shape " + Arrays.toString(array.shape()) + ", expected a vector");
    }
    float[] values = new float[Math.toIntExact(array.length())];
    memory.read(values, 0);
    return values;
  }
}
