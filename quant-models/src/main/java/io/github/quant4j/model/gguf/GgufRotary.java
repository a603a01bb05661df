// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.family.FamilyReading;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** Rotary positions in metadata and in tensors of factors, as {@code rope_parameters}. */
final class GgufRotary {
  private static final String DIMENSIONS = "rope.dimension_count";
  private static final String ORIGINAL = "rope.scaling.original_context_length";

  private final GgufFacts facts;
  private final GgufArchitecture architecture;
  private final Factors factors;

  /**
   * Tensors of factors; empty where there is none.
   *
   * @param all for any length ({@code rope_freqs.weight})
   * @param shorter for the original context
   * @param longer beyond it
   */
  record Factors(float[] all, float[] shorter, float[] longer) {
    static final Factors NONE = new Factors(new float[0], new float[0], new float[0]);
  }

  private GgufRotary(GgufFacts facts, GgufArchitecture architecture, Factors factors) {
    this.facts = facts;
    this.architecture = architecture;
    this.factors = factors;
  }

  /**
   * Reads what a file says.
   *
   * @return an object for {@code rope_parameters}; empty if the family's default holds
   * @throws IllegalArgumentException if a kind is not known, or llama.cpp does not apply it here
   */
  static Optional<JsonValue> read(
      GgufFacts facts, GgufArchitecture architecture, String family, Factors factors) {
    return new GgufRotary(facts, architecture, factors).read(family);
  }

  private Optional<JsonValue> read(String family) {
    double theta = facts.number("rope.freq_base").orElse(10_000.0);
    SequencedMap<String, Object> full = new LinkedHashMap<>();
    SequencedMap<String, Object> windowed = new LinkedHashMap<>();
    scaling(full);
    full.put("rope_theta", shortest(theta));
    windowed.put("rope_type", "default");
    double otherwise = architecture.name().equals("gemma3") ? 10_000.0 : theta;
    windowed.put("rope_theta", shortest(facts.number("rope.freq_base_swa").orElse(otherwise)));
    fraction(family).ifPresent(part -> full.put("partial_rotary_factor", part));
    SequencedMap<String, Object> parameters = full;
    if (FamilyReading.hasWindowedRotary(family)) {
      parameters = new LinkedHashMap<>();
      parameters.put("full_attention", full);
      parameters.put("sliding_attention", windowed);
    }
    return Optional.of(JsonValue.of(parameters));
  }

  private static Object shortest(double value) {
    return value == Math.rint(value) && value < 1e15 ? (Object) (long) value : (Object) value;
  }

  /** The part of a head that is turned, where the family speaks of it. */
  private Optional<Double> fraction(String family) {
    double heads = facts.number("attention.head_count").orElse(1.0);
    double width =
        facts
            .number("attention.key_length")
            .orElseGet(() -> facts.number("embedding_length").orElse(0.0) / heads);
    double turned = facts.number(DIMENSIONS).orElse(width);
    if (facts.find("attention.kv_lora_rank").isPresent()) {
      return Optional.empty();
    }
    if (FamilyReading.hasPartialRotary(family) || turned != width) {
      double part = turned / width;
      return Optional.of((int) (width * part) == (int) turned ? part : (turned + 0.25) / width);
    }
    return Optional.empty();
  }

  private void scaling(SequencedMap<String, Object> parameters) {
    String type = facts.text("rope.scaling.type").orElse("");
    Optional<Double> factor =
        facts.number("rope.scaling.factor").or(() -> facts.number("rope.scale_linear"));
    Optional<Double> attention = facts.number("rope.scaling.attn_factor");
    Optional<Double> original = facts.number(ORIGINAL);
    facts.find("rope.scaling.yarn_attn_factor");
    if (factors.shorter.length > 0 || factors.longer.length > 0) {
      require("long");
      long context = facts.number("context_length").orElse(0.0).longValue();
      parameters.put("rope_type", "longrope");
      parameters.put(
          "short_factor", list(factors.shorter.length > 0 ? factors.shorter : factors.longer));
      parameters.put(
          "long_factor", list(factors.longer.length > 0 ? factors.longer : factors.shorter));
      parameters.put(
          "original_max_position_embeddings", original.map(Double::longValue).orElse(context));
      parameters.put("attention_factor", attention.orElse(1.0));
      return;
    }
    if (factors.all.length > 0) {
      require("factors");
      byFactors(parameters);
      return;
    }
    boolean isScaled = factor.isPresent() && factor.get() != 0 && factor.get() != 1;
    switch (type) {
      case "none" -> parameters.put("rope_type", "default");
      case "", "linear" -> {
        if (isScaled) {
          require("linear");
          parameters.put("rope_type", "linear");
          parameters.put("factor", factor.orElseThrow());
        } else {
          parameters.put("rope_type", "default");
        }
        if (attention.isPresent() && attention.get() != 1) {
          throw unknown("rope.scaling.attn_factor", attention.get());
        }
      }
      case "yarn" -> yarn(parameters, factor.orElse(1.0), attention, original);
      case "longrope" -> parameters.put("rope_type", "default");
      default -> throw unknown("rope.scaling.type", type);
    }
  }

  private void yarn(
      SequencedMap<String, Object> parameters,
      double factor,
      Optional<Double> attention,
      Optional<Double> original) {
    require("yarn");
    facts
        .number("rope.scaling.yarn_ext_factor")
        .filter(value -> value != 1)
        .ifPresent(
            value -> {
              throw unknown("rope.scaling.yarn_ext_factor", value);
            });
    parameters.put("rope_type", "yarn");
    parameters.put("factor", factor);
    original.ifPresent(
        value -> parameters.put("original_max_position_embeddings", value.longValue()));
    facts
        .number("rope.scaling.yarn_beta_fast")
        .ifPresent(value -> parameters.put("beta_fast", value));
    facts
        .number("rope.scaling.yarn_beta_slow")
        .ifPresent(value -> parameters.put("beta_slow", value));
    Optional<Double> logarithm = facts.number("rope.scaling.yarn_log_multiplier");
    if (logarithm.isPresent() && logarithm.get() != 0) {
      double magnitude = rounded(10 * logarithm.get());
      parameters.put("mscale", magnitude);
      parameters.put("mscale_all_dim", magnitude);
    } else if (attention.isPresent() && attention.get() != 1) {
      parameters.put("attention_factor", attention.get() * (1 + 0.1 * Math.log(factor)));
    }
    if (architecture.name().equals("gpt-oss")) {
      parameters.put("truncate", false);
    }
  }

  private static double rounded(double value) {
    return Math.rint(value * 1e6) / 1e6;
  }

  /** Frequencies with a factor for each pair: those of Llama 3 if they are, else as they are. */
  private void byFactors(SequencedMap<String, Object> parameters) {
    float greatest = 1;
    for (float factor : factors.all) {
      greatest = Math.max(greatest, factor);
    }
    double theta = facts.number("rope.freq_base").orElse(10_000.0);
    double context = facts.number("context_length").orElse(0.0);
    for (double original :
        new double[] {8192, context / greatest, context / 4, context / 2, context}) {
      for (double[] ends : new double[][] {{1, 4}, {1, 2}, {1, 8}, {2, 4}}) {
        if (areLlama3(theta, greatest, ends, original)) {
          parameters.put("rope_type", "llama3");
          parameters.put("factor", shortest(greatest));
          parameters.put("low_freq_factor", ends[0]);
          parameters.put("high_freq_factor", ends[1]);
          parameters.put("original_max_position_embeddings", (long) original);
          return;
        }
      }
    }
    parameters.put("rope_type", "longrope");
    parameters.put("short_factor", list(factors.all));
    parameters.put("long_factor", list(factors.all));
    parameters.put("original_max_position_embeddings", Math.max(2, (long) context));
    parameters.put("attention_factor", 1);
  }

  private boolean areLlama3(double theta, double factor, double[] ends, double original) {
    int pairs = factors.all.length;
    if (original < 1 || original != Math.rint(original)) {
      return false;
    }
    for (int i = 0; i < pairs; i++) {
      double expected = llama3(theta, (double) i / pairs, factor, ends, original);
      if (Math.abs(factors.all[i] - expected) > 2e-6 * expected) {
        return false;
      }
    }
    return true;
  }

  /**
   * What a frequency is divided by in Llama 3.
   *
   * @param at the pair's number over all pairs
   * @param ends the low and the high frequency factor
   */
  static double llama3(double theta, double at, double factor, double[] ends, double original) {
    double wavelength = 2 * Math.PI * Math.pow(theta, at);
    if (wavelength < original / ends[1]) {
      return 1;
    }
    if (wavelength > original / ends[0]) {
      return factor;
    }
    double smooth = (original / wavelength - ends[0]) / (ends[1] - ends[0]);
    return 1 / ((1 - smooth) / factor + smooth);
  }

  private static List<Double> list(float[] values) {
    List<Double> list = new ArrayList<>();
    for (float value : values) {
      list.add(Double.parseDouble(Float.toString(value)));
    }
    return list;
  }

  private void require(String kind) {
    if (!architecture.scaling().contains(kind)) {
      throw new IllegalArgumentException(
          "rotary positions scaled by '"
              + kind
              + "' are not known of architecture '"
              + architecture
              + "'");
    }
  }

  private static IllegalArgumentException unknown(String key, Object value) {
    return new IllegalArgumentException("metadata '" + key + "': " + value + " is not understood");
  }
}
