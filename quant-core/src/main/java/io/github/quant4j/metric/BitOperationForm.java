// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/** Bit operations, in the two forms that are in use. */
public enum BitOperationForm implements CostModel {
  /**
   * Multiply-adds times the width of one operand times that of the other (HAWQ-V3, Yao et al.,
   * arXiv:2011.10680; also AIMET and qonnx).
   */
  PRODUCT("bit operations") {
    @Override
    public double cost(MatrixProduct product) {
      return product.multiplyAdds() * product.stationary().bits() * product.moving().bits();
    }
  },
  /**
   * {@code macs (bw ba + bw + ba + log2 n)} with sums of {@code n} products, which counts the
   * adders and the width of the sum too (UNIQ, Baskin et al., arXiv:1804.10969).
   */
  WITH_ADDERS("bit operations with adders") {
    @Override
    public double cost(MatrixProduct product) {
      double a = product.stationary().bits();
      double b = product.moving().bits();
      double sum = product.fanIn() > 1 ? Math.log(product.fanIn()) / Math.log(2) : 0;
      return product.multiplyAdds() * (a * b + a + b + sum);
    }
  };

  private final String title;

  BitOperationForm(String title) {
    this.title = title;
  }

  @Override
  public String title() {
    return title;
  }
}
