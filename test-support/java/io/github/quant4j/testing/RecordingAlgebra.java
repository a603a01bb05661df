// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Scalar linear algebra that remembers which classes call it, and refuses those that it is told to.
 */
public final class RecordingAlgebra implements LinearAlgebra {
  /** What a refused caller gets. */
  public static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String caller) {
      super(caller);
    }
  }

  private final ScalarLinearAlgebra scalar = new ScalarLinearAlgebra();
  private final Predicate<String> isRefused;
  private final Set<String> callers = Collections.synchronizedSet(new TreeSet<>());

  /** One that serves all callers. */
  public RecordingAlgebra() {
    this(caller -> false);
  }

  /**
   * One that refuses some.
   *
   * @param isRefused of a class's simple name
   */
  public RecordingAlgebra(Predicate<String> isRefused) {
    this.isRefused = isRefused;
  }

  /**
   * The classes outside {@code linalg} that have called.
   *
   * @return their simple names
   */
  public Set<String> callers() {
    return callers;
  }

  private void record() {
    String caller =
        StackWalker.getInstance()
            .walk(
                frames ->
                    frames
                        .map(StackWalker.StackFrame::getClassName)
                        .filter(name -> name.startsWith("io.github.quant4j."))
                        .filter(name -> !name.startsWith("io.github.quant4j.linalg."))
                        .filter(name -> !name.equals(RecordingAlgebra.class.getName()))
                        .map(name -> name.substring(name.lastIndexOf('.') + 1))
                        .findFirst()
                        .orElse("none"));
    callers.add(caller);
    if (isRefused.test(caller)) {
      throw new Refusal(caller);
    }
  }

  @Override
  public String name() {
    return "recording";
  }

  @Override
  public void multiplyTransposed(
      MatrixView a, MatrixView b, boolean accumulate, MatrixView c, WorkerTeam team) {
    record();
    scalar.multiplyTransposed(a, b, accumulate, c, team);
  }

  @Override
  public void multiplyAdd(float alpha, MatrixView a, MatrixView b, MatrixView c, WorkerTeam team) {
    record();
    scalar.multiplyAdd(alpha, a, b, c, team);
  }

  @Override
  public void addGram(MatrixView x, MatrixView h, WorkerTeam team) {
    record();
    scalar.addGram(x, h, team);
  }

  @Override
  public void rotate(
      HadamardRotation rotation,
      int tokens,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    record();
    scalar.rotate(rotation, tokens, x, xOffset, y, yOffset, team);
  }

  @Override
  public void multiplyKronecker(
      int tokens,
      FloatMatrix first,
      FloatMatrix second,
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      WorkerTeam team) {
    record();
    scalar.multiplyKronecker(tokens, first, second, x, xOffset, y, yOffset, team);
  }
}
