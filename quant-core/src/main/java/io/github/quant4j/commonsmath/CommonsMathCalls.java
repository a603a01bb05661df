// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.commonsmath;

import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.univariate.BrentOptimizer;
import org.apache.commons.math3.optim.univariate.SearchInterval;
import org.apache.commons.math3.optim.univariate.UnivariateObjectiveFunction;
import org.apache.commons.math3.special.Erf;

/** A class of its own, which cannot be linked where Commons Math is absent. */
final class CommonsMathCalls {
  private CommonsMathCalls() {}

  static double erfc(double x) {
    return Erf.erfc(x);
  }

  static double minimize(DoubleUnaryOperator function, double low, double high, double start) {
    return new BrentOptimizer(1e-10, 1e-14)
        .optimize(
            new MaxEval(200),
            GoalType.MINIMIZE,
            new UnivariateObjectiveFunction(function::applyAsDouble),
            new SearchInterval(low, high, start))
        .getPoint();
  }

  static CommonsMath.Eigen eigen(double[][] matrix) {
    EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(matrix));
    return new CommonsMath.Eigen(eigen.getRealEigenvalues(), eigen.getV().getData());
  }

  static CommonsMath.SingularValues singularValues(double[][] matrix) {
    SingularValueDecomposition svd =
        new SingularValueDecomposition(new Array2DRowRealMatrix(matrix));
    return new CommonsMath.SingularValues(
        svd.getU().getData(), svd.getSingularValues(), svd.getVT().getData());
  }
}
