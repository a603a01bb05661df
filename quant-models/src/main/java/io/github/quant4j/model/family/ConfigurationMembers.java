// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.DeltaShape;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What becomes of the members of a decoder's configuration that its reader has not asked for, so
 * that none which changes numbers is passed over in silence.
 *
 * <ul>
 *   <li>Harmless: dropout, training, generation and bookkeeping. Any value.
 *   <li>Settled by the tensors: whether there are biases. A tensor that the family does not have is
 *       refused when the tensors are looked at.
 *   <li>Members by which other families change numbers. Refused by name, unless they have the value
 *       that changes nothing.
 *   <li>Not known, and null, false, 0 or empty: harmless. Anything else is a warning.
 * </ul>
 */
final class ConfigurationMembers {
  private static final Set<String> HARMLESS =
      Set.of(
          // Bookkeeping.
          "architectures",
          "model_type",
          "_name_or_path",
          "name_or_path",
          "_commit_hash",
          "_attn_implementation",
          "_attn_implementation_autoset",
          "attn_implementation",
          "_flash_attn_2_enabled",
          "use_flash_attn",
          "use_flash_attention",
          "torch_dtype",
          "dtype",
          "transformers_version",
          "transformers.js_config",
          "use_cache",
          "quantization",
          "quantization_config",
          "compression_config",
          "pretraining_tp",
          "tokenizer_class",
          "torchscript",
          "use_bfloat16",
          "tf_legacy_loss",
          "unsloth_version",
          "unsloth_fixed",
          "model_max_length",
          "max_sequence_length",
          "seq_length",
          "original_max_position_embeddings",
          "name",
          "license",
          // Training.
          "attention_dropout",
          "attn_dropout",
          "attn_pdrop",
          "hidden_dropout",
          "hidden_dropout_prob",
          "embd_pdrop",
          "embedding_dropout",
          "resid_pdrop",
          "residual_dropout",
          "dropout",
          "classifier_dropout",
          "initializer_range",
          "init_std",
          "gradient_checkpointing",
          "output_router_logits",
          "router_aux_loss_coef",
          // Tokens and generation.
          "pad_token_id",
          "pad_token",
          "unk_token_id",
          "sep_token_id",
          "cls_token_id",
          "mask_token_id",
          "eod_token_id",
          "bos_token",
          "eos_token",
          "decoder_start_token_id",
          "forced_bos_token_id",
          "forced_eos_token_id",
          "suppress_tokens",
          "begin_suppress_tokens",
          "bad_words_ids",
          "max_length",
          "min_length",
          "max_new_tokens",
          "do_sample",
          "temperature",
          "top_k",
          "top_p",
          "typical_p",
          "repetition_penalty",
          "length_penalty",
          "diversity_penalty",
          "no_repeat_ngram_size",
          "encoder_no_repeat_ngram_size",
          "num_beams",
          "num_beam_groups",
          "num_return_sequences",
          "early_stopping",
          "remove_invalid_values",
          "exponential_decay_length_penalty",
          "chunk_size_feed_forward",
          "output_attentions",
          "output_hidden_states",
          "output_scores",
          "return_dict",
          "return_dict_in_generate",
          "use_return_dict",
          "task_specific_params",
          "finetuning_task",
          "problem_type",
          "prefix",
          "id2label",
          "label2id",
          "num_labels");

  private static final Set<String> SETTLED_BY_TENSORS =
      Set.of(
          "attention_bias",
          "attention_out_bias",
          "attention_output_bias",
          "mlp_bias",
          "qkv_bias",
          "use_qkv_bias",
          "use_bias",
          "bias",
          "lm_head_bias");

  /** Members of other families whose neutral value is 1. */
  private static final Set<String> FACTORS =
      Set.of(
          "embedding_multiplier",
          "residual_multiplier",
          "logits_scaling",
          "logit_scale",
          "final_logit_scale",
          "lm_head_multiplier",
          "scale_emb",
          "embedding_scale",
          "residual_scale",
          "rope_factor",
          "rope_scaling_factor",
          "rotary_pct",
          "rotary_percentage",
          "rotary_emb_fraction",
          "decoder_sparse_step",
          "mup_scale_factor");

  /** Members of other families that must say nothing. */
  private static final Set<String> FOREIGN =
      Set.of(
          "alibi",
          "use_alibi",
          "position_embedding_type",
          "attn_logit_softcapping",
          "final_logit_softcapping",
          "logit_softcap",
          "attn_scale",
          "attn_temperature_tuning",
          "floor_scale",
          "attention_chunk_size",
          "attention_sinks",
          "clip_qkv",
          "use_qk_norm",
          "qk_norm",
          "qk_layernorm",
          "use_qk_layernorm",
          "use_parallel_residual",
          "parallel_attn",
          "use_bidirectional_attention",
          "is_encoder_decoder",
          "add_cross_attention",
          "cross_attention_hidden_size",
          "pruned_heads",
          "scale_embedding",
          "scale_depth",
          "dim_model_base",
          "mup_width_scale",
          "hidden_activation",
          "activation",
          "activation_function",
          "num_experts",
          "num_local_experts",
          "num_experts_per_tok",
          "n_routed_experts",
          "moe_intermediate_size",
          "mlp_only_layers",
          "first_k_dense_replace",
          "num_nextn_predict_layers",
          "kv_lora_rank",
          "q_lora_rank",
          "qk_nope_head_dim",
          "qk_rope_head_dim",
          "v_head_dim",
          "no_rope_layers",
          "no_rope_layer_interval",
          "nope_layers",
          "rope_local_base_freq",
          "local_rope_theta",
          "global_rope_theta",
          "rotary_emb_base",
          "rope_base",
          "rotary_base",
          "rope_type",
          "rope_interleaved",
          "rope_traditional",
          "rotary_emb_interleaved",
          "sliding_window_pattern",
          "_sliding_window_pattern",
          "swiglu_alpha",
          "swiglu_limit",
          "mamba_d_state",
          "linear_num_key_heads",
          "text_config",
          "vision_config",
          "audio_config");

  private static final String LAYER_TYPES = "layer_types";

  private final OptionReader options;
  private final ConfigurationValues values;
  private final FamilyDescription family;
  private final DecoderConfiguration configuration;
  private final List<String> warnings = new ArrayList<>();

  /**
   * A check.
   *
   * @param options of the values from which everything has been read that the configuration has
   */
  ConfigurationMembers(
      OptionReader options, FamilyDescription family, DecoderConfiguration configuration) {
    this.options = options;
    this.values = options.values();
    this.family = family;
    this.configuration = configuration;
  }

  /**
   * Adds problems to the values'.
   *
   * @return one line for each member that is not known
   */
  List<String> check() {
    values.unread().forEach(this::check);
    if (family.computesWith(LAYER_TYPES)) {
      requireLayerTypes();
    }
    return List.copyOf(warnings);
  }

  private void check(String member) {
    if (HARMLESS.contains(member)
        || SETTLED_BY_TENSORS.contains(member)
        || family.speaksOf(member)
        || values.isNeutral(member)) {
      return;
    }
    if (FACTORS.contains(member)) {
      require(member, key -> values.isNumber(key, 1), "1");
    } else if (FOREIGN.contains(member)) {
      require(member, this::isRedundant, "nothing (null)");
    } else {
      switch (member) {
        case "attention_multiplier" -> {
          double usual = 1 / Math.sqrt(headWidth());
          require(member, key -> values.isNumber(key, usual), usual + " or nothing");
        }
        case "query_pre_attn_scalar", "rotary_dim" -> {
          int usual = headWidth();
          require(member, key -> values.isNumber(key, usual), usual + " or nothing");
        }
        case "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon" -> {
          double usual = normEpsilon();
          require(member, key -> values.isNumber(key, usual), usual + ", as 'rms_norm_eps'");
        }
        case LAYER_TYPES -> requireLayerTypes();
        case "sliding_window", "max_window_layers", "use_sliding_window" -> checkWindow(member);
        default ->
            warnings.add(
                values.shown(member)
                    + " is not known; if it changes numbers, results are not the model's");
      }
    }
  }

  private void require(String member, Predicate<String> isHarmless, String expected) {
    if (!isHarmless.test(member)) {
      values.problem(
          member,
          expected
              + ": the runtime does not do what it asks for in a model of "
              + configuration.architecture());
    }
  }

  /** An activation that is said again, the usual kind of positions, or tables of no layer. */
  private boolean isRedundant(String member) {
    return switch (member) {
      case "hidden_activation", "activation", "activation_function" ->
          values.isText(member, "silu", "swish");
      case "position_embedding_type" -> values.isText(member, "rope", "rotary");
      case "rope_type" -> values.isText(member, "default");
      default -> false;
    };
  }

  private LayerShape first() {
    return configuration.layerShapes().getFirst();
  }

  /** Channels of a head in the first layer with attention, 1 if there is none. */
  private int headWidth() {
    for (LayerShape layer : configuration.layerShapes()) {
      if (layer.attention() instanceof AttentionShape attention) {
        return attention.form().headWidth();
      }
    }
    return 1;
  }

  /** What configurations call the kind of a layer. */
  private static String type(LayerShape layer) {
    return switch (layer.attention()) {
      case AttentionShape attention -> attention.form().span().kind();
      case DeltaShape _ -> "linear_attention";
    };
  }

  private double normEpsilon() {
    return first().readers().isEmpty() ? 0 : first().readers().getFirst().site().epsilon();
  }

  /** Kinds of attention must be said for each layer, and be what the other members make of it. */
  private void requireLayerTypes() {
    if (!(values.get(LAYER_TYPES).orElse(null) instanceof JsonValue.Arr(var types))) {
      if (!values.isNeutral(LAYER_TYPES)) {
        layerTypesProblem("an array with a kind of attention for each layer");
      }
      return;
    }
    List<LayerShape> layers = configuration.layerShapes();
    if (types.size() != layers.size()) {
      layerTypesProblem(layers.size() + " kinds of attention, one for each layer");
      return;
    }
    for (int i = 0; i < types.size(); i++) {
      String kind = type(layers.get(i));
      if (!types.get(i).equals(new JsonValue.Str(kind))) {
        layerTypesProblem(
            "\"" + kind + "\" for layer " + i + " of " + configuration.architecture() + deciding());
        return;
      }
    }
  }

  /** The other members by which layers see more or less. */
  private String deciding() {
    Set<String> members = new TreeSet<>(options.members("window"));
    members.addAll(options.members("chunk"));
    members.addAll(options.members("mixer"));
    members.remove(LAYER_TYPES);
    return members.isEmpty() ? "" : ", as " + members + " say";
  }

  private void layerTypesProblem(String expected) {
    if (values.areSound(LAYER_TYPES)) {
      values.problem(LAYER_TYPES, expected);
    }
  }

  /** A family that speaks of no window has none. One that holds all positions is none. */
  private void checkWindow(String member) {
    if (!member.equals("sliding_window")) {
      return;
    }
    int window = values.optionalInteger(member, 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE);
    if (window < configuration.maximumPositions()) {
      values.problem(
          member,
          "nothing (null): the layers of " + configuration.architecture() + " see all positions");
    }
  }
}
