// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What becomes of the members of a configuration that its reader has not asked for: those that
 * change nothing are passed over, those by which other networks change numbers are refused by name,
 * and those that are not known are a warning unless they say nothing.
 */
final class WhisperMembers {
  private static final Set<String> HARMLESS =
      Set.of(
          // Read with the encoder.
          "activation_function",
          "encoder_attention_heads",
          "encoder_ffn_dim",
          "encoder_layers",
          "num_mel_bins",
          // Bookkeeping.
          "_attn_implementation",
          "_attn_implementation_autoset",
          "_commit_hash",
          "_name_or_path",
          "compression_config",
          "dtype",
          "model_type",
          "num_hidden_layers",
          "output_attentions",
          "output_hidden_states",
          "quantization_config",
          "return_dict",
          "torch_dtype",
          "torchscript",
          "transformers_version",
          "use_cache",
          // Training and classification.
          "activation_dropout",
          "apply_spec_augment",
          "attention_dropout",
          "chunk_size_feed_forward",
          "classifier_proj_size",
          "decoder_layerdrop",
          "dropout",
          "encoder_layerdrop",
          "id2label",
          "init_std",
          "label2id",
          "mask_feature_length",
          "mask_feature_min_masks",
          "mask_feature_prob",
          "mask_time_length",
          "mask_time_min_masks",
          "mask_time_prob",
          "median_filter_width",
          "problem_type",
          "use_weighted_layer_sum",
          // Tokens and generation, which are read with the generation configuration.
          "begin_suppress_tokens",
          "bos_token_id",
          "decoder_start_token_id",
          "eos_token_id",
          "forced_decoder_ids",
          "max_length",
          "pad_token_id",
          "suppress_tokens");

  /** Members of other networks, or of Whisper's own, that must say nothing. */
  private static final Set<String> FOREIGN =
      Set.of(
          "scale_embedding",
          "position_embedding_type",
          "normalize_before",
          "normalize_embedding",
          "attention_window",
          "attention_types",
          "cross_attention_hidden_size",
          "rope_theta",
          "rope_scaling",
          "rope_parameters",
          "num_key_value_heads",
          "hidden_act",
          "layer_norm_eps",
          "layer_norm_epsilon",
          "pruned_heads",
          "final_logit_softcapping",
          "logit_scale");

  private WhisperMembers() {}

  /**
   * Adds problems to the values'.
   *
   * @param values from which everything has been read that the configuration has
   * @return one line for each member that is not known
   */
  static List<String> check(ConfigurationValues values) {
    List<String> warnings = new ArrayList<>();
    for (String member : values.unread()) {
      if (member.equals("is_encoder_decoder")) {
        if (!values.flag(member, true)) {
          values.problem(member, "true: the decoder attends to the encoder's output");
        }
      } else if (!isHarmless(values, member)) {
        if (FOREIGN.contains(member)) {
          values.problem(
              member, "nothing: the runtime does not do what it asks for in a model of Whisper");
        } else {
          warnings.add(
              values.shown(member)
                  + " is not known; if it changes numbers, results are not the model's");
        }
      }
    }
    return List.copyOf(warnings);
  }

  private static boolean isHarmless(ConfigurationValues values, String member) {
    return HARMLESS.contains(member) || values.isNeutral(member) || isUsualEpsilon(values, member);
  }

  private static boolean isUsualEpsilon(ConfigurationValues values, String member) {
    return member.startsWith("layer_norm_eps")
        && values.isNumber(member, WhisperConfiguration.NORM_EPSILON);
  }
}
