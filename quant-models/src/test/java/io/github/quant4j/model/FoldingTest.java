// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.decoder.Configurations;
import io.github.quant4j.model.decoder.DecoderNetwork;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import io.github.quant4j.transform.HeadStructure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the description of a model says of producers and consumers holds: folding is exact. */
class FoldingTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  private final SeededRandom random = new SeededRandom(17);

  static Stream<String> models() {
    return TestModels.names().stream();
  }

  private static DecoderNetwork model(String name) {
    return DecoderNetwork.of(
        Configurations.of(TestModels.directory(name)),
        TestModels.weights(TestModels.directory(name)),
        SCALAR);
  }

  /** Folds something in every block, and compares the logits with the oracle's. */
  private void assertExact(String name, BiConsumer<Block, SiteGroup> fold) {
    Expected expected = Expected.of(name);
    DecoderNetwork model = model(name);
    HiddenStates states = model.embed(Arrays.asList(expected.tokens()));
    for (int i = 0; i < model.blocks().size(); i++) {
      try (Block block = model.open(i)) {
        block.layout().groups().forEach(group -> fold.accept(block, group));
        states = block.run(states, SiteObserver.none());
      }
    }
    try (Block head = model.openHead()) {
      head.layout().groups().forEach(group -> fold.accept(head, group));
      float[] logits = head.run(states, SiteObserver.none()).values().data();
      assertArrayEquals(expected.logits(), logits, 1e-3f, name + ", " + random);
    }
  }

  private float[] factors(int count) {
    float[] factors = new float[count];
    for (int i = 0; i < count; i++) {
      factors[i] = (float) Math.exp(0.5 * random.nextGaussian());
    }
    return factors;
  }

  /** Multiplies the columns of a site, which are its inputs. */
  private static void scaleInputs(Block block, LinearSite site, float[] factors) {
    FloatMatrix weights = block.linear(site).toDense();
    for (int r = 0; r < weights.rows(); r++) {
      for (int c = 0; c < weights.columns(); c++) {
        weights.put(r, c, weights.get(r, c) * factors[c]);
      }
    }
    replace(block, site, weights, block.linear(site).bias().orElse(null));
  }

  /** Multiplies the rows of a site and its bias, which are its outputs. */
  private static void scaleOutputs(Block block, LinearSite site, float[] factors) {
    FloatMatrix weights = block.linear(site).toDense();
    float[] bias = block.linear(site).bias().orElse(null);
    for (int r = 0; r < weights.rows(); r++) {
      for (int c = 0; c < weights.columns(); c++) {
        weights.put(r, c, weights.get(r, c) * factors[r]);
      }
      if (bias != null) {
        bias[r] *= factors[r];
      }
    }
    replace(block, site, weights, bias);
  }

  private static void replace(Block block, LinearSite site, FloatMatrix weights, float[] bias) {
    QuantizedLinear linear = QuantizedLinear.of(weights, DType.F32);
    block.replace(site, bias == null ? linear : linear.withBias(bias));
  }

  private static float[] inverse(float[] factors) {
    float[] result = new float[factors.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = 1 / factors[i];
    }
    return result;
  }

  private static float[] mapped(float[] producer, HeadStructure heads) {
    float[] result = new float[heads.outputSize()];
    for (int i = 0; i < result.length; i++) {
      result[i] = producer[heads.source(i)];
    }
    return result;
  }

  @ParameterizedTest
  @MethodSource("models")
  void scalesFoldIntoTheirProducers(String name) {
    List<String> folded = new ArrayList<>();
    assertExact(
        name,
        (block, group) -> {
          switch (group.origin()) {
            case InputOrigin.Normalization(NormSite norm) -> {
              assertTrue(norm.bias().isEmpty());
              float[] factors = factors(norm.width());
              float[] weight = block.vector(norm.weight());
              for (int i = 0; i < weight.length; i++) {
                weight[i] *= factors[i];
              }
              block.replaceVector(norm.weight(), weight);
              group.sites().forEach(site -> scaleInputs(block, site, inverse(factors)));
            }
            case InputOrigin.Attention(LinearSite values, HeadStructure heads) -> {
              assertEquals(values.outFeatures(), heads.valueSize());
              assertEquals(group.inFeatures(), heads.outputSize());
              float[] factors = factors(values.outFeatures());
              scaleOutputs(block, values, factors);
              scaleInputs(block, group.sites().getFirst(), mapped(inverse(factors), heads));
            }
            case InputOrigin.Gated(LinearSite factor, LinearSite _) -> {
              float[] factors = factors(factor.outFeatures());
              scaleOutputs(block, factor, factors);
              scaleInputs(block, group.sites().getFirst(), inverse(factors));
            }
            default -> throw new AssertionError(group);
          }
          folded.add(group.name());
        });
    assertEquals(9, folded.size());
  }

  @ParameterizedTest
  @MethodSource("models")
  void shiftsAndRotationsPassThroughAttention(String name) {
    assertExact(
        name,
        (block, group) -> {
          if (group.origin() instanceof InputOrigin.Attention(var values, var heads)) {
            shift(block, group, values, heads);
            rotate(block, group, values, heads);
          }
        });
  }

  private void shift(Block block, SiteGroup group, LinearSite values, HeadStructure heads) {
    float[] shift = random.gaussians(values.outFeatures());
    float[] moved = block.linear(values).bias().orElse(new float[shift.length]);
    for (int i = 0; i < shift.length; i++) {
      moved[i] += shift[i];
    }
    replace(block, values, block.linear(values).toDense(), moved);
    LinearSite output = group.sites().getFirst();
    FloatMatrix weights = block.linear(output).toDense();
    float[] bias = block.linear(output).bias().orElse(new float[output.outFeatures()]);
    for (int r = 0; r < bias.length; r++) {
      for (int c = 0; c < weights.columns(); c++) {
        bias[r] -= weights.get(r, c) * shift[heads.source(c)];
      }
    }
    replace(block, output, weights, bias);
  }

  private void rotate(Block block, SiteGroup group, LinearSite values, HeadStructure heads) {
    int width = heads.headSize();
    FloatMatrix rotation = rotation(width);
    FloatMatrix producer = block.linear(values).toDense();
    float[] bias = block.linear(values).bias().orElseThrow();
    for (int head = 0; head < values.outFeatures() / width; head++) {
      // Rows of the head: R V, and R b.
      for (int c = 0; c < producer.columns(); c++) {
        float[] column = new float[width];
        for (int i = 0; i < width; i++) {
          column[i] = producer.get(head * width + i, c);
        }
        float[] turned = times(rotation, column);
        for (int i = 0; i < width; i++) {
          producer.put(head * width + i, c, turned[i]);
        }
      }
      float[] turned = times(rotation, Arrays.copyOfRange(bias, head * width, (head + 1) * width));
      System.arraycopy(turned, 0, bias, head * width, width);
    }
    replace(block, values, producer, bias);
    LinearSite output = group.sites().getFirst();
    FloatMatrix consumer = block.linear(output).toDense();
    for (int head = 0; head < heads.queryHeads(); head++) {
      turnColumns(consumer, head * width, rotation);
    }
    replace(block, output, consumer, block.linear(output).bias().orElseThrow());
  }

  /** {@code W R^T} on some columns. */
  private static void turnColumns(FloatMatrix weights, int from, FloatMatrix rotation) {
    int width = rotation.rows();
    for (int r = 0; r < weights.rows(); r++) {
      float[] row = new float[width];
      for (int i = 0; i < width; i++) {
        row[i] = weights.get(r, from + i);
      }
      float[] turned = times(rotation, row);
      for (int i = 0; i < width; i++) {
        weights.put(r, from + i, turned[i]);
      }
    }
  }

  private static float[] times(FloatMatrix matrix, float[] vector) {
    float[] result = new float[matrix.rows()];
    for (int r = 0; r < result.length; r++) {
      double sum = 0;
      for (int c = 0; c < vector.length; c++) {
        sum += (double) matrix.get(r, c) * vector[c];
      }
      result[r] = (float) sum;
    }
    return result;
  }

  /** A random orthogonal matrix, by Gram-Schmidt. */
  private FloatMatrix rotation(int size) {
    double[][] rows = new double[size][size];
    for (int r = 0; r < size; r++) {
      for (int c = 0; c < size; c++) {
        rows[r][c] = random.nextGaussian();
      }
      for (int pass = 0; pass < 2; pass++) {
        for (int q = 0; q < r; q++) {
          double product = 0;
          for (int c = 0; c < size; c++) {
            product += rows[r][c] * rows[q][c];
          }
          for (int c = 0; c < size; c++) {
            rows[r][c] -= product * rows[q][c];
          }
        }
      }
      double length = Math.sqrt(Arrays.stream(rows[r]).map(x -> x * x).sum());
      for (int c = 0; c < size; c++) {
        rows[r][c] /= length;
      }
    }
    FloatMatrix matrix = FloatMatrix.zeros(size, size);
    for (int r = 0; r < size; r++) {
      for (int c = 0; c < size; c++) {
        matrix.put(r, c, (float) rows[r][c]);
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @MethodSource("models")
  void permutationsFoldIntoBothFactorsOfTheGate(String name) {
    assertExact(
        name,
        (block, group) -> {
          if (group.origin() instanceof InputOrigin.Gated(var factor, var gate)) {
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < factor.outFeatures(); i++) {
              order.add(i);
            }
            Collections.shuffle(order, new Random(random.nextLong()));
            permuteOutputs(block, factor, order);
            permuteOutputs(block, gate, order);
            LinearSite down = group.sites().getFirst();
            FloatMatrix weights = block.linear(down).toDense();
            FloatMatrix permuted = weights.copy();
            for (int r = 0; r < weights.rows(); r++) {
              for (int c = 0; c < weights.columns(); c++) {
                permuted.put(r, c, weights.get(r, order.get(c)));
              }
            }
            replace(block, down, permuted, block.linear(down).bias().orElse(null));
          }
        });
  }

  private static void permuteOutputs(Block block, LinearSite site, List<Integer> order) {
    FloatMatrix weights = block.linear(site).toDense();
    FloatMatrix permuted = weights.copy();
    float[] bias = block.linear(site).bias().orElse(null);
    float[] permutedBias = bias == null ? null : bias.clone();
    for (int r = 0; r < weights.rows(); r++) {
      for (int c = 0; c < weights.columns(); c++) {
        permuted.put(r, c, weights.get(order.get(r), c));
      }
      if (bias != null) {
        permutedBias[r] = bias[order.get(r)];
      }
    }
    replace(block, site, permuted, permutedBias);
  }

  /** Norm weights absorbed, then the whole stream rotated, through changed tensors alone. */
  @ParameterizedTest
  @MethodSource("models")
  void theResidualStreamCanBeRotated(String name) {
    DecoderNetwork model = model(name);
    ResidualStream stream = model.residualStream().orElseThrow();
    FloatMatrix rotation = rotation(stream.width());
    SequencedMap<String, Tensor> tensors =
        TestModels.copy(TestModels.weights(TestModels.directory(name)).tensors());
    // A tied head needs weights of its own once norm and rotation are folded in.
    LinearSite head = model.head().sites().getFirst();
    tensors.put("lm_head.weight", tensors.get(head.weight()));
    List<BlockLayout> blocks = new ArrayList<>(model.blocks());
    blocks.add(model.head());
    for (BlockLayout block : blocks) {
      for (SiteGroup group : block.groups()) {
        if (group.origin() instanceof InputOrigin.Normalization(NormSite norm)) {
          assertTrue(stream.readers().contains(norm));
          float[] weight = tensors.get(norm.weight()).toFloatArray();
          for (LinearSite site : group.sites()) {
            String tensor = site.isTied() ? "lm_head.weight" : site.weight();
            FloatMatrix weights = tensors.get(tensor).toMatrix();
            for (int r = 0; r < weights.rows(); r++) {
              for (int c = 0; c < weights.columns(); c++) {
                weights.put(r, c, weights.get(r, c) * weight[c]);
              }
            }
            turnColumns(weights, 0, rotation);
            put(tensors, tensor, weights);
          }
          Arrays.fill(weight, 1f);
          tensors.put(norm.weight(), Tensor.ofFloats(Shape.of(weight.length), weight));
        }
      }
    }
    for (String embedding : stream.embeddings()) {
      FloatMatrix weights = tensors.get(embedding).toMatrix();
      turnColumns(weights, 0, rotation);
      put(tensors, embedding, weights);
    }
    for (LinearSite writer : stream.writers()) {
      // Rows are outputs: R W is the transpose of W^T R^T.
      FloatMatrix transposed = tensors.get(writer.weight()).toMatrix().transpose();
      turnColumns(transposed, 0, rotation);
      put(tensors, writer.weight(), transposed.transpose());
      writer
          .bias()
          .ifPresent(
              bias -> {
                float[] turned = times(rotation, tensors.get(bias).toFloatArray());
                tensors.put(bias, Tensor.ofFloats(Shape.of(turned.length), turned));
              });
    }
    LanguageModel rotated =
        LanguageModel.of(
            Configurations.parse(
                TestModels.configuration(TestModels.directory(name))
                    .replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false")),
            ModelWeights.of(TestModels.tensors(tensors)),
            ModelOptions.defaults().withKernels("scalar"));
    Expected expected = Expected.of(name);
    float[] logits = rotated.logits(expected.tokens()[0]).data();
    assertArrayEquals(
        Arrays.copyOf(expected.logits(), logits.length), logits, 1e-3f, name + ", " + random);
  }

  private static void put(SequencedMap<String, Tensor> tensors, String name, FloatMatrix values) {
    tensors.put(name, Tensor.ofFloats(Shape.of(values.rows(), values.columns()), values.data()));
  }
}
