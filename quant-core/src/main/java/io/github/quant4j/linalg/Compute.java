// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.parallel.WorkerTeam;

/**
 * What numerical code computes with: the linear algebra and the threads, which are always passed on
 * together. Whoever starts a computation chooses them once, usually with {@code
 * KernelOptions.compute()}; nothing below looks for a default.
 *
 * <p>Immutable. Two values are equal if both parts are, which for the implementations here means
 * the same objects. Results depend on the linear algebra, never on the threads.
 *
 * @param algebra the linear algebra
 * @param team the threads
 */
public record Compute(LinearAlgebra algebra, WorkerTeam team) {

  /**
   * Some linear algebra on the calling thread.
   *
   * @param algebra the linear algebra
   * @return both
   */
  public static Compute of(LinearAlgebra algebra) {
    return new Compute(algebra, WorkerTeam.sequential());
  }

  /**
   * Plain Java on the calling thread: available everywhere, and the same bytes on every machine.
   *
   * @return {@link ScalarLinearAlgebra} without other threads
   */
  public static Compute scalar() {
    return of(new ScalarLinearAlgebra());
  }

  /**
   * The same linear algebra on other threads.
   *
   * @param threads the threads
   * @return the changed value
   */
  public Compute withTeam(WorkerTeam threads) {
    return new Compute(algebra, threads);
  }

  /**
   * Other linear algebra on the same threads.
   *
   * @param chosen the linear algebra
   * @return the changed value
   */
  public Compute withAlgebra(LinearAlgebra chosen) {
    return new Compute(chosen, team);
  }

  /**
   * The same linear algebra on the calling thread alone, for work that is split over threads
   * already.
   *
   * @return the changed value
   */
  public Compute sequential() {
    return new Compute(algebra, WorkerTeam.sequential());
  }

  /**
   * {@code C = A B^T} or {@code C += A B^T}, see {@link LinearAlgebra#multiplyTransposed}.
   *
   * @param a {@code [m, k]}
   * @param b {@code [n, k]}
   * @param accumulate whether to add to C rather than overwrite it
   * @param c {@code [m, n]}; must not overlap A or B
   * @throws IllegalArgumentException if the shapes do not go together
   */
  public void multiplyTransposed(MatrixView a, MatrixView b, boolean accumulate, MatrixView c) {
    algebra.multiplyTransposed(a, b, accumulate, c, team);
  }

  /**
   * {@code C += alpha A B}, see {@link LinearAlgebra#multiplyAdd}.
   *
   * @param alpha the factor
   * @param a {@code [m, k]}
   * @param b {@code [k, n]}
   * @param c {@code [m, n]}; must not overlap A or B
   * @throws IllegalArgumentException if the shapes do not go together
   */
  public void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c) {
    algebra.multiplyAdd(alpha, a, b, c, team);
  }

  /**
   * {@code H += X^T X}, see {@link LinearAlgebra#addGram}.
   *
   * @param x {@code [tokens, n]}
   * @param h {@code [n, n]}, symmetric; must not overlap X
   * @throws IllegalArgumentException if the shapes do not go together
   */
  public void addGram(MatrixView x, MatrixView h) {
    algebra.addGram(x, h, team);
  }
}
