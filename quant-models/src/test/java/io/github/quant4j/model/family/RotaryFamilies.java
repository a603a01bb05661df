// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.model.family.RotaryOptions.Portion;

/** What some families' configurations leave unsaid, by {@code model_type}. */
final class RotaryFamilies {
  private RotaryFamilies() {}

  static RotaryOptions of(String modelType) {
    RotaryOptions usual = RotaryOptions.USUAL;
    return switch (modelType) {
      case "gemma3_text" -> usual.withTheta(1e6).withWindowed("rope_local_base_freq", 10_000);
      case "olmo3" -> usual.withTheta(500_000).withWindowed(null, 500_000);
      case "gpt_neox" ->
          usual
              .withThetaMember("rotary_emb_base")
              .withPortion(new Portion.Fraction("rotary_pct", 0.25));
      case "phi3" -> usual.withPortion(new Portion.Fraction("partial_rotary_factor", 1));
      case "stablelm", "qwen3_next" ->
          usual.withPortion(new Portion.Fraction("partial_rotary_factor", 0.25));
      case "phi", "nemotron", "glm4_moe" ->
          usual.withPortion(new Portion.Fraction("partial_rotary_factor", 0.5));
      case "glm4" ->
          usual.withPortion(new Portion.Fraction("partial_rotary_factor", 0.5)).interleaved();
      case "gptj" -> usual.withPortion(new Portion.Channels("rotary_dim", 64)).interleaved();
      case "hunyuan_v1_dense" -> usual.withAlpha();
      case "cohere", "ernie4_5", "llama4_text" -> usual.withTheta(500_000).interleaved();
      case "deepseek_v2" -> usual.interleaved();
      case "gpt_oss" -> usual.withTheta(150_000);
      default -> usual;
    };
  }
}
