// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.commonsmath;

import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;

/**
 * The functions of Apache Commons Math that this library calls. Only some recipes reach them, and
 * serving never does, so the module {@code commons.math3} is optional at run time; where it is
 * absent, each of these throws an {@link IllegalStateException} that says what to add.
 */
public final class CommonsMath {
  private CommonsMath() {}

  /**
   * The complementary error function.
   *
   * @param x any number
   * @return {@code 1 - erf(x)}
   * @throws IllegalStateException if Commons Math is absent
   */
  public static double erfc(double x) {
    // No lambda, since integrals call this often.
    try {
      return CommonsMathCalls.erfc(x);
    } catch (NoClassDefFoundError e) {
      throw absent("the error function", e);
    }
  }

  /**
   * Finds a minimum by Brent's method.
   *
   * @param function what is minimised
   * @param low the lower end of the interval
   * @param high the upper end
   * @param start where the search begins, between both
   * @return where the function is least
   * @throws IllegalStateException if Commons Math is absent
   */
  public static double minimize(
      DoubleUnaryOperator function, double low, double high, double start) {
    return call(
        "a search for a minimum", () -> CommonsMathCalls.minimize(function, low, high, start));
  }

  /**
   * The eigenvalues and eigenvectors of a symmetric matrix. Cost: some {@code 10 n^3} operations.
   *
   * @param matrix {@code [n][n]}, symmetric
   * @return largest eigenvalue first
   * @throws IllegalStateException if Commons Math is absent
   */
  public static Eigen eigen(double[][] matrix) {
    return call("an eigendecomposition", () -> CommonsMathCalls.eigen(matrix));
  }

  /**
   * The singular value decomposition {@code A = U diag(s) V^T}. Cost: of the order of {@code 20 m n
   * min(m, n)} operations.
   *
   * @param matrix {@code [m][n]}
   * @return largest singular value first
   * @throws IllegalStateException if Commons Math is absent
   */
  public static SingularValues singularValues(double[][] matrix) {
    return call("a singular value decomposition", () -> CommonsMathCalls.singularValues(matrix));
  }

  /**
   * Eigenvalues and eigenvectors.
   *
   * @param values in descending order
   * @param vectors {@code [n][n]}; column {@code k} belongs to value {@code k}
   */
  public record Eigen(double[] values, double[][] vectors) {}

  /**
   * Singular values and vectors.
   *
   * @param left {@code U}, {@code [m][min(m, n)]}
   * @param values in descending order
   * @param right {@code V^T}, {@code [min(m, n)][n]}
   */
  public record SingularValues(double[][] left, double[] values, double[][] right) {}

  private static <T> T call(String what, Supplier<T> function) {
    try {
      return function.get();
    } catch (NoClassDefFoundError e) {
      throw absent(what, e);
    }
  }

  private static IllegalStateException absent(String what, NoClassDefFoundError e) {
    String name = String.valueOf(e.getMessage());
    if (!name.replace('.', '/').contains("org/apache/commons/math3")) {
      throw e;
    }
    return new IllegalStateException(
        "this recipe needs "
            + what
            + " of Apache Commons Math, which the application lacks: on the module path, add"
            + " 'requires commons.math3' to its module-info or --add-modules commons.math3 to the"
            + " command line; on the class path, add org.apache.commons:commons-math3:3.6.1",
        e);
  }
}
