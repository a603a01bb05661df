// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Objects;

/**
 * The few dense operations in single precision that calibration and full-precision layers spend
 * their time in.
 *
 * <p>Implementations are stateless and thread-safe. Results must not depend on the number of
 * threads: every element of the result is summed in an order that only the shapes decide. Shapes
 * are checked by {@link MatrixView}.
 */
public interface LinearAlgebra {

  /**
   * The provider's name.
   *
   * @return for logs and reports
   */
  String name();

  /**
   * {@code C = A B^T} or {@code C += A B^T}: the product of a linear layer, with activations {@code
   * A} and weights {@code B}.
   *
   * <p>Cost: {@code m n k} multiply-adds.
   *
   * @param a {@code [m, k]}
   * @param b {@code [n, k]}
   * @param accumulate whether to add to C rather than overwrite it
   * @param c {@code [m, n]}; must not overlap A or B
   * @param team the threads
   * @throws IllegalArgumentException if the shapes do not go together
   */
  void multiplyTransposed(
      MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team);

  /**
   * {@code C += alpha A B}.
   *
   * <p>Cost: {@code m n k} multiply-adds.
   *
   * @param alpha the factor
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   * @param c {@code [m, n]}; must not overlap A or B
   * @param team the threads
   * @throws IllegalArgumentException if the shapes do not go together
   */
  void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team);

  /**
   * {@code H += X^T X}, the second moment of a batch of inputs. Both triangles of H are kept.
   *
   * <p>Cost: {@code tokens n^2 / 2} multiply-adds.
   *
   * @param x {@code [tokens, n]}
   * @param h {@code [n, n]}, symmetric; must not overlap X
   * @param team the threads
   * @throws IllegalArgumentException if the shapes do not go together
   */
  void addGram(MatrixView x, MatrixView h, WorkerTeam team);

  /**
   * Rotates tokens by a Hadamard matrix.
   *
   * <p>Cost: see {@link HadamardRotation}.
   *
   * @param rotation the rotation
   * @param tokens how many rows
   * @param x the inputs, row-major {@code [tokens, size]}
   * @param xOffset position of the first element
   * @param y receives the outputs; may be {@code x} at the same position, must not overlap it
   *     otherwise
   * @param yOffset position of the first element
   * @param team the threads
   * @throws IndexOutOfBoundsException if an array is too short
   */
  default void rotate(
      HadamardRotation rotation,
      int tokens,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    int size = rotation.size();
    team.run(tokens, t -> rotation.apply(x, xOffset + t * size, y, yOffset + t * size));
  }

  /**
   * Multiplies tokens by a Kronecker product, {@code x' = x (P1 (x) P2)}: with the {@code n1 n2}
   * channels as a matrix {@code X [n1, n2]}, {@code X' = P1^T X P2}.
   *
   * <p>Cost: {@code tokens n1 n2 (n1 + n2)} multiply-adds.
   *
   * @param tokens how many rows
   * @param first P1, {@code [n1, n1]}
   * @param second P2, {@code [n2, n2]}
   * @param x the inputs, row-major {@code [tokens, n1 n2]}
   * @param xOffset position of the first element
   * @param y receives the outputs; must not overlap {@code x}
   * @param yOffset position of the first element
   * @param team the threads
   * @throws IndexOutOfBoundsException if an array is too short
   */
  default void multiplyKronecker(
      int tokens,
      FloatMatrix first,
      FloatMatrix second,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    int size = first.rows() * second.rows();
    Objects.checkFromIndexSize(xOffset, (long) tokens * size, x.length);
    Objects.checkFromIndexSize(yOffset, (long) tokens * size, y.length);
    team.run(
        tokens,
        t ->
            KroneckerProduct.multiply(first, second, x, xOffset + t * size, y, yOffset + t * size));
  }
}
