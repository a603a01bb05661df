// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/**
 * A proxy for the area of the multipliers: {@code (mw + 1)(ma + 1) + (ew + ea)} for each
 * multiply-add, an array of the significands' size and an adder of the exponents. An integer is all
 * significand, so that for two integers it is the product of their widths.
 *
 * <p>It is a proxy: synthesis results differ from it, it leaves out normalization and rounding, and
 * there is no convention that publications agree on.
 */
public record MultiplierArea() implements CostModel {

  @Override
  public String title() {
    return "multiplier area (proxy)";
  }

  @Override
  public double cost(MatrixProduct product) {
    return product.multiplyAdds() * area(product.stationary(), product.moving());
  }

  /**
   * The proxy for one multiplier.
   *
   * @param weight one operand
   * @param activation the other
   * @return cells of the array and of the exponents' adder
   */
  public static double area(Operand weight, Operand activation) {
    return (double) weight.significandBits() * activation.significandBits()
        + weight.exponentBits()
        + activation.exponentBits();
  }
}
