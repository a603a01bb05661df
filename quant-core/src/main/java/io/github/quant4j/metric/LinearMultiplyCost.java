// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/**
 * What multiply-adds cost whose multiplication is {@link LinearMultiply}, in bit operations: an
 * adder as wide as the wider exponent and the wider mantissa together, and one for the sign, in the
 * place of an array of the operands' widths. The sum is as wide as with {@link
 * BitOperationForm#WITH_ADDERS} and costs the same: both widths and {@code log2 n}.
 */
public record LinearMultiplyCost() implements CostModel {

  @Override
  public String title() {
    return "bit operations with L-Mul";
  }

  @Override
  public double cost(MatrixProduct product) {
    Operand a = product.stationary();
    Operand b = product.moving();
    double adder =
        1.0
            + Math.max(a.exponentBits(), b.exponentBits())
            + Math.max(a.mantissaBits(), b.mantissaBits());
    double sum = product.fanIn() > 1 ? Math.log(product.fanIn()) / Math.log(2) : 0;
    return product.multiplyAdds() * (adder + a.bits() + b.bits() + sum);
  }
}
