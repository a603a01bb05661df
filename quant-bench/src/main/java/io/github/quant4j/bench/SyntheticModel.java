// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * A decoder with the layers of TinyLlama (arXiv:2401.02385), but twice its key heads, and random
 * weights: what it writes means nothing, how fast it writes is what a trained model of its shape
 * does.
 *
 * <p>Layers of one shape have equal weights, each in memory of its own, since kernels pack copies.
 */
final class SyntheticModel {
  /** The format of weights that are not quantized. */
  static final String FULL_PRECISION = "f32";

  private static final int HIDDEN = 2048;
  private static final int INTERMEDIATE = 5632;
  private static final int HEADS = 32;
  private static final int KEY_VALUE_HEADS = 8;
  private static final int HEAD_WIDTH = HIDDEN / HEADS;
  private static final int VOCABULARY = 8192;
  private static final int POSITIONS = 2048;

  private final String format;
  private final Map<Shape, FloatMatrix> matrices = new HashMap<>();
  private final Map<Shape, QuantizedLinear> quantized = new HashMap<>();
  private final SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, QuantizedLinear> linears = new HashMap<>();

  private SyntheticModel(String format) {
    this.format = format;
  }

  /** Tensors in memory. */
  private record Memory(SequencedMap<String, Tensor> tensors) implements TensorSource {
    @Override
    public SequencedSet<String> names() {
      return Collections.unmodifiableSequencedSet(tensors.sequencedKeySet());
    }

    @Override
    public Optional<Tensor> find(String name) {
      return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public void close() {}
  }

  /**
   * Makes a model, always the same one.
   *
   * @param format {@link #FULL_PRECISION}, or what {@link LayerFormat#parse} reads, for all linear
   *     layers and the head
   * @param layers decoder blocks of 45 million weights each; the head has 17 million
   * @param options kernels and threads
   * @return the model; the caller closes it
   */
  static LanguageModel open(String format, int layers, ModelOptions options) {
    SyntheticModel model = new SyntheticModel(format);
    model.put("model.embed_tokens.weight", model.random(VOCABULARY, HIDDEN));
    for (int layer = 0; layer < layers; layer++) {
      model.addBlock("model.layers." + layer);
    }
    model.putNorm("model.norm.weight");
    model.addLinear("lm_head", VOCABULARY, HIDDEN);
    return LanguageModel.of(
        configuration(layers), ModelWeights.of(new Memory(model.tensors), model.linears), options);
  }

  private static String configuration(int layers) {
    return """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": %d,
         "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
         "rope_theta": 10000, "rms_norm_eps": 1e-5, "max_position_embeddings": %d,
         "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": null}
        """
        .formatted(
            VOCABULARY,
            HIDDEN,
            INTERMEDIATE,
            layers,
            HEADS,
            KEY_VALUE_HEADS,
            HEAD_WIDTH,
            POSITIONS);
  }

  private void addBlock(String name) {
    putNorm(name + ".input_layernorm.weight");
    putNorm(name + ".post_attention_layernorm.weight");
    addLinear(name + ".self_attn.q_proj", HIDDEN, HIDDEN);
    addLinear(name + ".self_attn.k_proj", KEY_VALUE_HEADS * HEAD_WIDTH, HIDDEN);
    addLinear(name + ".self_attn.v_proj", KEY_VALUE_HEADS * HEAD_WIDTH, HIDDEN);
    addLinear(name + ".self_attn.o_proj", HIDDEN, HIDDEN);
    addLinear(name + ".mlp.gate_proj", INTERMEDIATE, HIDDEN);
    addLinear(name + ".mlp.up_proj", INTERMEDIATE, HIDDEN);
    addLinear(name + ".mlp.down_proj", HIDDEN, INTERMEDIATE);
  }

  private void addLinear(String site, int out, int in) {
    FloatMatrix weights = random(out, in);
    if (format.equals(FULL_PRECISION)) {
      put(site + ".weight", weights);
    } else {
      linears.put(site, quantized.computeIfAbsent(Shape.of(out, in), _ -> quantize(weights)));
    }
  }

  private QuantizedLinear quantize(FloatMatrix weights) {
    LayerFormat formats = LayerFormat.parse(format);
    QuantizedLinear linear =
        QuantizedLinear.of(
            Quantizer.of(formats.weights()).quantize(weights, KernelOptions.defaults().compute()));
    return formats
        .activations()
        .map(scheme -> linear.withActivations(ActivationQuantizer.dynamic(scheme)))
        .orElse(linear);
  }

  /** Weights that keep the variance of their input. */
  private FloatMatrix random(int rows, int columns) {
    return matrices.computeIfAbsent(
        Shape.of(rows, columns),
        _ -> {
          float[] values = LayerFormat.gaussians((long) rows * columns);
          float factor = (float) (1 / Math.sqrt(columns));
          for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
          }
          return FloatMatrix.wrap(rows, columns, values);
        });
  }

  private void put(String name, FloatMatrix values) {
    Shape shape = Shape.of(values.rows(), values.columns());
    tensors.put(name, Tensor.ofFloats(shape, values.data()).withName(name));
  }

  private void putNorm(String name) {
    float[] ones = new float[HIDDEN];
    Arrays.fill(ones, 1f);
    tensors.put(name, Tensor.ofFloats(Shape.of(HIDDEN), ones).withName(name));
  }
}
