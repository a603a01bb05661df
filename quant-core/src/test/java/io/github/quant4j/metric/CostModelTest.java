// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CostModelTest {
  private static final Operand INT8 = Operand.integer(8);

  /** ResNet-18 on 224 x 224 (He et al., arXiv:1512.03385, table 1), layer by layer. */
  private static List<MatrixProduct> resNet18(Operand weights, Operand activations) {
    List<MatrixProduct> layers = new ArrayList<>();
    add(
        layers,
        ProductRole.FIRST_LAYER,
        LayerShape.Convolution.square(64, 3, 7, 112 * 112),
        weights,
        activations);
    int in = 64;
    int[][] stages = {{64, 56}, {128, 28}, {256, 14}, {512, 7}};
    for (int[] stage : stages) {
      int out = stage[0];
      long positions = (long) stage[1] * stage[1];
      for (int block = 0; block < 2; block++) {
        add(
            layers,
            ProductRole.LAYER,
            LayerShape.Convolution.square(out, in, 3, positions),
            weights,
            activations);
        add(
            layers,
            ProductRole.LAYER,
            LayerShape.Convolution.square(out, out, 3, positions),
            weights,
            activations);
        if (in != out) {
          add(
              layers,
              ProductRole.LAYER,
              LayerShape.Convolution.square(out, in, 1, positions),
              weights,
              activations);
        }
        in = out;
      }
    }
    add(layers, ProductRole.HEAD, new LayerShape.Linear(1000, 512, 1), weights, activations);
    return layers;
  }

  private static void add(
      List<MatrixProduct> layers,
      ProductRole role,
      LayerShape shape,
      Operand weights,
      Operand activations) {
    layers.add(MatrixProduct.ofLayer("layer " + layers.size(), role, shape, weights, activations));
  }

  /** As the model zoo of HAWQ has it: 1858 G in full precision, 116 G at 8 bits. */
  @Test
  void bitOperationsOfResNet18() {
    List<MatrixProduct> wide = resNet18(Operand.floating(8, 23), Operand.floating(8, 23));
    assertEquals(21, wide.size());
    double macs = wide.stream().mapToDouble(MatrixProduct::multiplyAdds).sum();
    assertEquals(1.814e9, macs, 0.0005e9);
    assertEquals(1858e9, BitOperationForm.PRODUCT.cost(wide, CountingPolicy.ALL), 0.5e9);
    assertEquals(
        116e9, BitOperationForm.PRODUCT.cost(resNet18(INT8, INT8), CountingPolicy.ALL), 0.5e9);
    // The weights that the paper's network has, 11.69 million less biases and norms.
    assertEquals(11.68e6, wide.stream().mapToDouble(MatrixProduct::storedBits).sum() / 32, 0.01e6);
  }

  /** Only the first and the last layer at 8 bits, the others at 4: 34 G in the model zoo. */
  @Test
  void policyTellsFirstAndLastLayerFromOthers() {
    Operand four = Operand.integer(4);
    double inner = BitOperationForm.PRODUCT.cost(resNet18(four, four), CountingPolicy.LAYERS);
    List<MatrixProduct> eight = resNet18(INT8, INT8);
    double outer =
        BitOperationForm.PRODUCT.cost(eight, CountingPolicy.ALL)
            - BitOperationForm.PRODUCT.cost(eight, CountingPolicy.LAYERS);
    assertEquals(34e9, inner + outer, 0.8e9);
    assertEquals(
        "layers; not head, embeddings, first layer, attention", "" + CountingPolicy.LAYERS);
    assertEquals("layers, head, embeddings, first layer, attention", "" + CountingPolicy.ALL);
  }

  @Test
  void baskinFormOfAConvolution() {
    // 8 channels of 3 x 3 x 4 by 25 positions: 7200 products, sums of 36.
    MatrixProduct product =
        MatrixProduct.ofLayer(
            "conv",
            ProductRole.LAYER,
            LayerShape.Convolution.square(8, 4, 3, 25),
            Operand.integer(4),
            Operand.integer(6));
    double expected = 25.0 * 8 * 4 * 9 * (4 * 6 + 4 + 6 + 5.169925001442312);
    assertEquals(expected, BitOperationForm.WITH_ADDERS.cost(product), 1e-6);
  }

  @Test
  void depthwiseAndLineConvolutions() {
    LayerShape depthwise = LayerShape.Convolution.depthwise(32, 3, 100);
    assertEquals(32 * 9 * 100, depthwise.multiplyAdds());
    assertEquals(9, depthwise.fanIn());
    LayerShape line = LayerShape.Convolution.line(512, 80, 3, 3000);
    assertEquals(512L * 80 * 3 * 3000, line.multiplyAdds());
    assertEquals(240, line.fanIn());
    assertThrows(
        IllegalArgumentException.class, () -> new LayerShape.Convolution(6, 4, 1, 1, 4, 1));
    assertThrows(IllegalArgumentException.class, () -> new LayerShape.Linear(1, 0, 1));
  }

  @Test
  void attentionReadsSharedKeysOnce() {
    // 8 heads of 32 share 4 of keys; one query by 100 keys, in a cache of 8 bits.
    LayerShape.Attention shape = new LayerShape.Attention(8, 4, 32, 1, 100);
    List<MatrixProduct> products = MatrixProduct.ofAttention("a", shape, Operand.FULL, INT8, 1);
    assertEquals(
        2 * 8 * 32 * 100.0 * 16 * 8,
        BitOperationForm.PRODUCT.cost(products, CountingPolicy.ALL),
        1e-6);
    assertEquals(0, BitOperationForm.PRODUCT.cost(products, CountingPolicy.LAYERS));
    // Keys and values of 100 tokens read, those of one written; queries in, outputs of 16 bits out.
    double expected = 2 * 4 * 32 * (100.0 + 1) + 2 * 8 * 32 * 2;
    assertEquals(expected, new MemoryTraffic().cost(products, CountingPolicy.ALL), 1e-6);
  }

  @Test
  void trafficOfALayer() {
    MatrixProduct product =
        MatrixProduct.ofLayer(
            "l", ProductRole.LAYER, new LayerShape.Linear(10, 20, 3), Operand.integer(4), INT8);
    assertEquals(10 * 20 / 2.0 + 3 * 20 + 3 * 10 * 2, new MemoryTraffic().cost(product), 1e-9);
    assertEquals(
        2 * 8 * 5 + 8 * 2 * 5,
        new MemoryTraffic().cost(MatrixProduct.ofLookup("e", 8, 5, Operand.FULL)),
        1e-9);
  }

  @Test
  void multiplierAreaOfMinifloatsAndIntegers() {
    // E4M3 by E5M2: (3 + 1)(2 + 1) + 4 + 5.
    assertEquals(
        21, MultiplierArea.area(Operand.of(MiniFloat.FP8_E4M3), Operand.of(MiniFloat.FP8_E5M2)));
    assertEquals(32, MultiplierArea.area(Operand.integer(4), INT8));
    assertEquals(8, Operand.of(MiniFloat.FP8_E4M3).bits());
    assertEquals(4, Operand.of(NumberFormats.parse("nf4")).bits());
    assertTrue(new MultiplierArea().title().contains("proxy"));
  }

  @Test
  void additionsInThePlaceOfMultiplications() {
    MatrixProduct product =
        MatrixProduct.ofLayer(
            "l",
            ProductRole.LAYER,
            new LayerShape.Linear(2, 8, 1),
            Operand.of(MiniFloat.FP8_E4M3),
            Operand.of(MiniFloat.FP8_E4M3));
    // A sign, four bits of exponent and three of mantissa; sums of eight products.
    assertEquals(16 * (8.0 + 8 + 8 + 3), new LinearMultiplyCost().cost(product), 1e-9);
    CostModel.Custom mine =
        new CostModel.Custom() {
          @Override
          public String title() {
            return "products";
          }

          @Override
          public double cost(MatrixProduct one) {
            return 1;
          }
        };
    assertEquals(2, mine.cost(List.of(product, product), CountingPolicy.ALL));
  }

  /** Terms besides the main one, and transforms, are read at full width and cost it. */
  @Test
  void lowRankSparseAndTransformsAreCharged() {
    SeededRandom random = new SeededRandom(5);
    FloatMatrix weights = random.gaussianMatrix(32, 64);
    LayerInput input = LayerInput.observe(random.gaussianMatrix(256, 64));
    QuantizedLinear plain = quantize("int4:channel:sym rtn @ int8:token", weights, input);
    QuantizedLinear lowRank =
        quantize("int4:channel:sym rtn @ int8:token + lowrank(4)", weights, input);
    double main = 32 * 64 * (4 + 16.0 / 64) * 8;
    assertEquals(main, BitOperations.of(plain).product(), 1e-6);
    assertEquals(
        main + 4 * (32 + 64) * 256.0, BitOperations.of(lowRank).product(), 1e-6, "" + random);
    QuantizedLinear sparse =
        quantize("int4:channel:sym rtn @ int8:token + sparse(0.01)", weights, input);
    long bits =
        sparse.terms().stream()
            .filter(SparseTerm.class::isInstance)
            .mapToLong(WeightTerm::storageBits)
            .sum();
    assertEquals(main + 16.0 * bits, BitOperations.of(sparse).product(), 1e-6);
    assertEquals(
        (plain.storageBits() + bits) / 8.0 + 64 + 2 * 32,
        new MemoryTraffic()
            .cost(LayerProducts.of("s", ProductRole.LAYER, sparse, 1), CountingPolicy.ALL),
        1e-6);
    QuantizedLinear rotated =
        quantize("hadamard(online) | int4:channel:sym rtn @ int8:token", weights, input);
    double operations = rotated.transform().orElseThrow().operationsPerToken();
    assertTrue(operations > 0);
    assertEquals(main + 256 * operations, BitOperations.of(rotated).product(), 1e-6);
    assertThrows(
        IllegalArgumentException.class, () -> LayerProducts.of("s", ProductRole.LAYER, sparse, 0));
  }

  private static QuantizedLinear quantize(String recipe, FloatMatrix weights, LayerInput input) {
    return LinearQuantizer.of(recipe).quantize(weights, input).linear();
  }
}
