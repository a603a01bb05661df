// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import io.github.quant4j.transform.HeadStructure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The shape of the encoder of a Moonshine model (Jeffries et al., arXiv:2410.15608), as a Hugging
 * Face config.json gives it. Of the decoder only what the encoder shares with it is read.
 *
 * <p>Where the file is silent, the defaults are those of the Transformers library (5.24).
 *
 * @param architecture the class that the model belongs to
 * @param width channels of the residual stream
 * @param heads attention heads; divides the width
 * @param intermediateSize width inside the MLP
 * @param layers number of encoder blocks
 * @param biased whether the projections to queries, keys and values have biases
 * @param rotary the positions
 */
public record MoonshineConfiguration(
    String architecture,
    int width,
    int heads,
    int intermediateSize,
    int layers,
    boolean biased,
    Rotary rotary) {

  /** What norms add to the variance; no configuration changes it. */
  static final double NORM_EPSILON = 1e-5;

  private static final List<String> ARCHITECTURES =
      List.of("MoonshineForConditionalGeneration", "MoonshineModel");
  private static final String MODEL_TYPE = "moonshine";
  private static final int MOST_LAYERS = 10_000;
  private static final int WIDEST = 1 << 24;

  /** Bookkeeping, training, and what only the decoder or a padding of attention reads. */
  private static final Set<String> HARMLESS =
      Set.of(
          "_attn_implementation",
          "_attn_implementation_autoset",
          "_commit_hash",
          "_name_or_path",
          "attention_dropout",
          "bos_token_id",
          "compression_config",
          "decoder_hidden_act",
          "decoder_num_hidden_layers",
          "decoder_start_token_id",
          "dtype",
          "eos_token_id",
          "initializer_range",
          "is_encoder_decoder",
          "max_length",
          "max_position_embeddings",
          "model_type",
          "output_attentions",
          "output_hidden_states",
          "pad_token_id",
          "quantization_config",
          "return_dict",
          "tie_word_embeddings",
          "torch_dtype",
          "torchscript",
          "transformers_version",
          "use_cache",
          "vocab_size");

  /** What is read, with one line for each member that is not known. */
  public record Reading(MoonshineConfiguration configuration, List<String> warnings) {}

  /** Whether a config.json is that of a Moonshine model. */
  public static boolean describes(JsonValue.Obj json) {
    ConfigurationValues values = new ConfigurationValues(ForeignReaders.restored(json));
    List<String> architectures = values.texts("architectures");
    return architectures.isEmpty()
        ? values.text("model_type").filter(MODEL_TYPE::equals).isPresent()
        : ARCHITECTURES.contains(architectures.getFirst());
  }

  /**
   * Reads a configuration.
   *
   * @param json the contents of config.json
   * @param subject what messages call it, for example the file's path
   * @return the configuration
   * @throws InvalidModelException if it is not that of a Moonshine model, a value is out of range
   *     or contradicts another, or a member asks for something that the runtime does not do; all
   *     problems are named together
   */
  public static Reading read(JsonValue.Obj json, String subject) {
    ConfigurationValues values = new ConfigurationValues(ForeignReaders.restored(json));
    if (!describes(json)) {
      values.problem(
          "architectures",
          "one of " + String.join(", ", ARCHITECTURES) + ", or model_type " + MODEL_TYPE);
      throw new InvalidModelException(subject, values.problems());
    }
    List<String> architectures = values.texts("architectures");
    int width = values.optionalInteger("hidden_size", 1, WIDEST).orElse(288);
    int heads = values.optionalInteger("encoder_num_attention_heads", 1, WIDEST).orElse(8);
    if (values.areSound("hidden_size", "encoder_num_attention_heads") && width % heads != 0) {
      values.problem(
          "encoder_num_attention_heads", "a divisor of 'hidden_size', which is " + width);
    }
    // The reference reshapes both halves by the numbers of the decoder.
    for (String member :
        List.of(
            "encoder_num_key_value_heads",
            "decoder_num_attention_heads",
            "decoder_num_key_value_heads")) {
      int fallback = member.equals("decoder_num_attention_heads") ? 8 : heads;
      int found = values.optionalInteger(member, 1, WIDEST).orElse(fallback);
      if (values.areSound(member) && found != heads) {
        values.problem(
            member, heads + ", as 'encoder_num_attention_heads'; grouped heads are not supported");
      }
    }
    if (!values.text("encoder_hidden_act").orElse("gelu").equals("gelu")) {
      values.problem("encoder_hidden_act", "\"gelu\"");
    }
    int inner = values.optionalInteger("intermediate_size", 1, WIDEST).orElse(1152);
    int layers = values.optionalInteger("encoder_num_hidden_layers", 1, MOST_LAYERS).orElse(6);
    // Zeros behind each head that attention is computed with and that are then cut off.
    values.optionalInteger("pad_head_dim_to_multiple_of", 1, WIDEST);
    boolean biased = values.flag("attention_bias", false);
    Optional<Rotary> rotary = rotary(values, Math.max(1, width / Math.max(1, heads)));
    List<String> warnings = unknown(values);
    if (!values.problems().isEmpty()) {
      throw new InvalidModelException(subject, values.problems());
    }
    return new Reading(
        new MoonshineConfiguration(
            architectures.isEmpty() ? ARCHITECTURES.getFirst() : architectures.getFirst(),
            width,
            heads,
            inner,
            layers,
            biased,
            rotary.orElseThrow()),
        warnings);
  }

  private static Optional<Rotary> rotary(ConfigurationValues values, int headWidth) {
    if (values.has("rope_scaling") && !values.isNeutral("rope_scaling")) {
      values.problem("rope_scaling", "nothing: frequencies are not scaled");
    }
    values.get("rope_scaling");
    ConfigurationValues parameters = values.section("rope_parameters").orElse(values);
    if (!parameters.text("rope_type").orElse("default").equals("default")) {
      parameters.problem("rope_type", "\"default\": frequencies are not scaled");
    }
    double theta =
        parameters
            .optionalPositive("rope_theta")
            .or(() -> values.optionalPositive("rope_theta"))
            .orElse(10_000.0);
    double part =
        parameters
            .optionalPositive("partial_rotary_factor")
            .or(() -> values.optionalPositive("partial_rotary_factor"))
            .orElse(0.9);
    if (parameters != values) {
      parameters
          .unread()
          .forEach(member -> parameters.problem(member, "nothing: the runtime does not know it"));
    }
    int channels = (int) Math.min(headWidth * part, WIDEST);
    if (channels < 2 || channels > headWidth || channels % 2 != 0) {
      parameters.problem(
          "partial_rotary_factor",
          "an even number of rotated channels, from 2 to " + headWidth + ", but gives " + channels);
      return Optional.empty();
    }
    return Optional.of(
        new Rotary(channels, theta, new RotaryScaling.None(), Rotary.Pairing.INTERLEAVED));
  }

  /** Members of other networks are refused if their names say so, others are a warning. */
  private static List<String> unknown(ConfigurationValues values) {
    List<String> warnings = new ArrayList<>();
    for (String member : values.unread()) {
      if (HARMLESS.contains(member) || values.isNeutral(member)) {
        continue;
      }
      if (member.startsWith("rope_")
          || member.startsWith("head_dim")
          || member.startsWith("layer_norm_eps")
          || member.endsWith("_act")
          || member.startsWith("sliding_window")) {
        values.problem(
            member, "nothing: the runtime does not do what it asks for in a model of Moonshine");
      } else {
        warnings.add(
            values.shown(member)
                + " is not known; if it changes numbers, results are not the model's");
      }
    }
    return List.copyOf(warnings);
  }

  HeadStructure headStructure() {
    return new HeadStructure(heads, heads, width / heads);
  }
}
