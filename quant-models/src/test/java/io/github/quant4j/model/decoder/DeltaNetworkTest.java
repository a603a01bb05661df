// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers of linear attention and gated full attention in a network, with random weights. */
class DeltaNetworkTest {
  private static final String CONFIGURATION =
      """
      {"architectures": ["Qwen3NextForCausalLM"], "vocab_size": 40, "hidden_size": 12,
       "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4,
       "intermediate_size": 10, "mlp_only_layers": [0, 1, 2], "tie_word_embeddings": true,
       "layer_types": ["linear_attention", "full_attention", "linear_attention"],
       "linear_num_key_heads": 2, "linear_num_value_heads": 6, "linear_key_head_dim": 3,
       "linear_value_head_dim": 5, "linear_conv_kernel_dim": 3, "rms_norm_eps": 1e-3,
       "partial_rotary_factor": 0.5}
      """;
  private static final String LINEAR = "model.layers.0.linear_attn.";
  private static final String FULL = "model.layers.1.self_attn.";
  private static final int KEY_HEADS = 2;
  private static final int VALUE_HEADS = 6;
  private static final int KEY_WIDTH = 3;
  private static final int VALUE_WIDTH = 5;
  private static final int KERNEL = 3;

  private final SeededRandom random = new SeededRandom(5);
  private final SequencedMap<String, Tensor> tensors = tensors(CONFIGURATION);

  private SequencedMap<String, Tensor> tensors(String json) {
    DecoderConfiguration configuration = Configurations.parse(json);
    SequencedMap<String, Tensor> made = new LinkedHashMap<>();
    put(made, "model.embed_tokens.weight", Shape.of(40, 12), 1);
    put(made, "model.norm.weight", Shape.of(12), 0.3f);
    for (LayerShape layer : configuration.layerShapes()) {
      for (LinearSite site : layer.layout().sites()) {
        put(made, site.weight(), Shape.of(site.outFeatures(), site.inFeatures()), 0.4f);
      }
      layer.vectors().forEach(vector -> put(made, vector.name(), vector.shape(), 0.5f));
    }
    return made;
  }

  private void put(SequencedMap<String, Tensor> made, String name, Shape shape, float factor) {
    float[] values = random.gaussians((int) shape.elementCount());
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
    made.put(name, Tensor.ofFloats(shape, values).withName(name));
  }

  private ModelWeights weights() {
    return ModelWeights.of(TestModels.tensors(tensors));
  }

  private static ModelOptions options(String kernels, int threads) {
    return ModelOptions.defaults().withKernels(kernels).withThreads(threads);
  }

  private DecoderNetwork network() {
    return DecoderNetwork.of(Configurations.parse(CONFIGURATION), weights(), options("scalar", 1));
  }

  private int[] text(int length) {
    int[] tokens = new int[length];
    for (int i = 0; i < length; i++) {
      tokens[i] = random.nextInt(0, 40);
    }
    return tokens;
  }

  private double[] values(String name) {
    float[] floats = tensors.get(name).toFloatArray();
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  /** {@code x W^T} in double precision. */
  private double[] product(FloatMatrix x, int row, String weight) {
    double[] weights = values(weight);
    double[] y = new double[weights.length / x.columns()];
    for (int o = 0; o < y.length; o++) {
      for (int i = 0; i < x.columns(); i++) {
        y[o] += weights[o * x.columns() + i] * x.get(row, i);
      }
    }
    return y;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** What goes into the output projection, head by head and token by token as defined. */
  private double[][] oracle(FloatMatrix x) {
    int repeats = VALUE_HEADS / KEY_HEADS;
    int group = 2 * KEY_WIDTH + 2 * repeats * VALUE_WIDTH;
    int channels = 2 * KEY_HEADS * KEY_WIDTH + VALUE_HEADS * VALUE_WIDTH;
    int tokens = x.rows();
    double[][] projected = new double[tokens][];
    double[][] inputs = new double[tokens][channels];
    double[][] result = new double[tokens][VALUE_HEADS * VALUE_WIDTH];
    for (int t = 0; t < tokens; t++) {
      projected[t] = product(x, t, LINEAR + "in_proj_qkvz.weight");
      for (int h = 0; h < VALUE_HEADS; h++) {
        int from = h / repeats * group;
        for (int i = 0; i < KEY_WIDTH; i++) {
          inputs[t][h / repeats * KEY_WIDTH + i] = projected[t][from + i];
          inputs[t][(KEY_HEADS + h / repeats) * KEY_WIDTH + i] = projected[t][from + KEY_WIDTH + i];
        }
        for (int j = 0; j < VALUE_WIDTH; j++) {
          inputs[t][2 * KEY_HEADS * KEY_WIDTH + h * VALUE_WIDTH + j] =
              projected[t][from + 2 * KEY_WIDTH + h % repeats * VALUE_WIDTH + j];
        }
      }
    }
    double[] taps = values(LINEAR + "conv1d.weight");
    double[] weight = values(LINEAR + "norm.weight");
    for (int h = 0; h < VALUE_HEADS; h++) {
      double[][] state = new double[KEY_WIDTH][VALUE_WIDTH];
      for (int t = 0; t < tokens; t++) {
        double[] mixed = new double[channels];
        for (int c = 0; c < channels; c++) {
          for (int j = 0; j < KERNEL; j++) {
            int at = t - KERNEL + 1 + j;
            mixed[c] += at < 0 ? 0 : taps[c * KERNEL + j] * inputs[at][c];
          }
          mixed[c] *= sigmoid(mixed[c]);
        }
        int keyHead = h / repeats;
        double[] q = unit(mixed, keyHead * KEY_WIDTH);
        double[] k = unit(mixed, (KEY_HEADS + keyHead) * KEY_WIDTH);
        double[] rates = product(x, t, LINEAR + "in_proj_ba.weight");
        double b = sigmoid(rates[keyHead * 2 * repeats + h % repeats]);
        double a =
            rates[keyHead * 2 * repeats + repeats + h % repeats] + values(LINEAR + "dt_bias")[h];
        double decay = Math.exp(-Math.exp(values(LINEAR + "A_log")[h]) * Math.log1p(Math.exp(a)));
        double[] read = new double[VALUE_WIDTH];
        double squares = 0;
        for (int j = 0; j < VALUE_WIDTH; j++) {
          double known = 0;
          for (int i = 0; i < KEY_WIDTH; i++) {
            state[i][j] *= decay;
            known += state[i][j] * k[i];
          }
          double v = mixed[2 * KEY_HEADS * KEY_WIDTH + h * VALUE_WIDTH + j];
          for (int i = 0; i < KEY_WIDTH; i++) {
            state[i][j] += k[i] * b * (v - known);
            read[j] += state[i][j] * q[i] / Math.sqrt(KEY_WIDTH);
          }
          squares += read[j] * read[j];
        }
        for (int j = 0; j < VALUE_WIDTH; j++) {
          double z =
              projected[t][
                  keyHead * group + 2 * KEY_WIDTH + (repeats + h % repeats) * VALUE_WIDTH + j];
          result[t][h * VALUE_WIDTH + j] =
              read[j] / Math.sqrt(squares / VALUE_WIDTH + 1e-3) * weight[j] * z * sigmoid(z);
        }
      }
    }
    return result;
  }

  private static double[] unit(double[] x, int from) {
    double squares = 1e-6;
    for (int i = 0; i < KEY_WIDTH; i++) {
      squares += x[from + i] * x[from + i];
    }
    double[] result = new double[KEY_WIDTH];
    for (int i = 0; i < KEY_WIDTH; i++) {
      result[i] = x[from + i] / Math.sqrt(squares);
    }
    return result;
  }

  @Test
  void linearAttentionIsThatOfTheDefinition() {
    DecoderNetwork network = network();
    int[] tokens = text(17);
    try (Block block = network.open(0)) {
      BlockPass pass = block.begin(network.embed(List.of(tokens)), false);
      double[][] expected = oracle(pass.input().copy());
      pass.advance();
      FloatMatrix found = pass.input().copy();
      for (int t = 0; t < tokens.length; t++) {
        for (int c = 0; c < found.columns(); c++) {
          assertEquals(expected[t][c], found.get(t, c), 1e-5, t + ", " + c + ", " + random);
        }
      }
      assertTrue(pass.attentionReceived().isEmpty());
    }
  }

  /** One token alone sees its own value, so that what leaves attention is that times the gate. */
  @Test
  void gatesMultiplyWhatHeadsGive() {
    DecoderNetwork network = network();
    try (Block block = network.open(1)) {
      BlockPass pass = block.begin(network.embed(List.of(text(1), text(1))), false);
      FloatMatrix x = pass.input().copy();
      pass.advance();
      FloatMatrix found = pass.input().copy();
      for (int t = 0; t < 2; t++) {
        double[] queries = product(x, t, FULL + "q_proj.weight");
        double[] values = product(x, t, FULL + "v_proj.weight");
        for (int h = 0; h < 4; h++) {
          for (int i = 0; i < 4; i++) {
            double expected = values[h / 2 * 4 + i] * sigmoid(queries[(2 * h + 1) * 4 + i]);
            assertEquals(expected, found.get(t, h * 4 + i), 1e-5, h + ", " + i);
          }
        }
      }
    }
  }

  /** Prompts in pieces of all sizes, beside a text of another length, and one that waits. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 23})
  void piecesGiveTheLogitsOfTheWhole(int piece) {
    int[] first = text(23);
    int[] second = text(9);
    try (LanguageModel model = LanguageModel.of(CONFIGURATION, weights(), options("auto", 2))) {
      float[] whole = model.logits(first).data();
      float[] other = model.logits(second).data();
      DecodingSession session = model.decode(3, 30);
      for (int from = 0; from < first.length; from += piece) {
        int to = Math.min(from + piece, first.length);
        int[] part = Arrays.copyOfRange(first, from, to);
        int[] beside =
            from < second.length
                ? Arrays.copyOfRange(second, from, Math.min(from + piece, second.length))
                : new int[0];
        float[] logits = session.append(new int[][] {part, {}, beside});
        assertArrayEquals(
            Arrays.copyOfRange(whole, (to - 1) * 40, to * 40), Arrays.copyOf(logits, 40), 1e-4f);
        int end = Math.min(to, second.length);
        assertArrayEquals(
            Arrays.copyOfRange(other, (end - 1) * 40, end * 40),
            Arrays.copyOfRange(logits, 80, 120),
            1e-4f);
      }
      float[] late = session.append(new int[][] {{}, second, {}});
      assertArrayEquals(
          Arrays.copyOfRange(other, 8 * 40, 9 * 40), Arrays.copyOfRange(late, 40, 80), 1e-4f);
    }
  }

  @Test
  void sequencesOfABatchDoNotSeeEachOther() {
    int[] first = text(7);
    int[] second = text(12);
    try (LanguageModel model = LanguageModel.of(CONFIGURATION, weights(), options("scalar", 2));
        BatchPrediction batch = model.predict(List.of(first, second))) {
      float[] logits = new float[19 * 40];
      batch.logits(0, 19, logits);
      assertArrayEquals(model.logits(first).data(), Arrays.copyOf(logits, 7 * 40), 1e-5f);
      assertArrayEquals(
          model.logits(second).data(), Arrays.copyOfRange(logits, 7 * 40, 19 * 40), 1e-5f);
    }
  }

  @Test
  void groupsAndTheirOrigins() {
    List<BlockLayout> blocks = network().blocks();
    List<SiteGroup> linear = blocks.getFirst().groups();
    assertEquals(
        List.of("linear_attn.input", "linear_attn.output", "mlp.input", "mlp.output"),
        linear.stream().map(SiteGroup::name).toList());
    assertInstanceOf(InputOrigin.Normalization.class, linear.getFirst().origin());
    assertInstanceOf(InputOrigin.Fixed.class, linear.get(1).origin());
    // A gate stands between values and output, so that a shift of values does not pass.
    assertInstanceOf(InputOrigin.Fixed.class, blocks.get(1).groups().get(1).origin());
    assertTrue(network().residualStream().isPresent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"linear_num_value_heads\": 6 > \"linear_num_value_heads\": 5",
        "\"linear_num_key_heads\": 2 > \"linear_num_key_heads\": 0",
        "\"linear_key_head_dim\": 3 > \"linear_key_head_dim\": 16777216",
        "\"linear_value_head_dim\": 5 > \"linear_value_head_dim\": 2.5",
        "\"linear_conv_kernel_dim\": 3 > \"linear_conv_kernel_dim\": 100000",
        "\"linear_attention\", \"full > \"sliding_attention\", \"full",
        "\"linear_attention\", \"full_attention\", > ",
        "\"rms_norm_eps\" > \"hidden_act\": \"gelu\", \"rms_norm_eps\""
      })
  void whatIsNotUnderstoodIsRefused(String change) {
    String[] sides = change.split(" > ?", 2);
    String changed = CONFIGURATION.replace(sides[0], sides[1]);
    assertTrue(!changed.equals(CONFIGURATION), change);
    assertThrows(InvalidModelException.class, () -> Configurations.parse(changed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"A_log", "dt_bias", "conv1d.weight", "norm.weight", "in_proj_ba.weight"})
  void missingTensorsAndOtherShapesAreNamed(String part) {
    Tensor tensor = tensors.remove(LINEAR + part);
    InvalidModelException e = assertThrows(InvalidModelException.class, this::network);
    assertTrue(e.getMessage().contains(LINEAR + part), e.getMessage());
    tensors.put(LINEAR + part, Tensor.ofFloats(Shape.of(1), new float[1]).withName(LINEAR + part));
    e = assertThrows(InvalidModelException.class, this::network);
    assertTrue(e.getMessage().contains(LINEAR + part), e.getMessage());
    tensors.put(LINEAR + part, tensor);
    assertEquals(3, network().blocks().size());
  }
}
