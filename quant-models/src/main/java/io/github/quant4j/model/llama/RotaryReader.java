// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.Optional;

/**
 * Reads both spellings of the rotary embedding's configuration: {@code rope_theta} with {@code
 * rope_scaling}, whose kind is called {@code type} or {@code rope_type}, and {@code
 * rope_parameters}, which holds everything.
 */
final class RotaryReader {
  private static final double DEFAULT_THETA = 10_000;

  private final ConfigurationValues values;

  RotaryReader(ConfigurationValues values) {
    this.values = values;
  }

  LlamaConfiguration.Rotary read() {
    Optional<ConfigurationValues> parameters = values.section("rope_parameters");
    Optional<ConfigurationValues> scaling = values.section("rope_scaling");
    requireWhole(values);
    if (parameters.isPresent()
        && scaling.isPresent()
        && !values.get("rope_parameters").equals(values.get("rope_scaling"))) {
      values.problem("rope_scaling", "nothing, or the same as 'rope_parameters'");
    }
    return new LlamaConfiguration.Rotary(
        theta(parameters),
        parameters
            .map(section -> scaling(section, "default"))
            .or(() -> scaling.map(section -> scaling(section, "")))
            .orElseGet(RotaryScaling.None::new));
  }

  private double theta(Optional<ConfigurationValues> parameters) {
    Optional<Double> top = values.optionalPositive("rope_theta");
    Optional<Double> inner = parameters.flatMap(section -> section.optionalPositive("rope_theta"));
    if (top.isPresent() && inner.isPresent() && !top.equals(inner)) {
      values.problem("rope_theta", "the same as 'rope_parameters.rope_theta', " + inner.get());
    }
    return inner.or(() -> top).orElse(DEFAULT_THETA);
  }

  private static RotaryScaling scaling(ConfigurationValues section, String otherwise) {
    requireWhole(section);
    Optional<String> newer = section.text("rope_type");
    Optional<String> older = section.text("type");
    if (newer.isPresent() && older.isPresent() && !newer.equals(older)) {
      section.problem("type", "the same as 'rope_type', \"" + newer.get() + "\"");
    }
    return switch (newer.or(() -> older).orElse(otherwise)) {
      case "default" -> new RotaryScaling.None();
      case "linear" -> new RotaryScaling.Linear(factor(section));
      case "llama3" -> llama3(section);
      default -> {
        section.problem(
            section.has("type") && !section.has("rope_type") ? "type" : "rope_type",
            "\"default\", \"linear\" or \"llama3\", the kinds that the runtime has");
        yield new RotaryScaling.None();
      }
    };
  }

  private static double factor(ConfigurationValues section) {
    double factor = section.positive("factor");
    if (factor < 1) {
      section.problem("factor", "at least 1");
    }
    return factor;
  }

  private static RotaryScaling llama3(ConfigurationValues section) {
    double factor = factor(section);
    double low = section.positive("low_freq_factor");
    double high = section.positive("high_freq_factor");
    if (section.has("low_freq_factor") && section.has("high_freq_factor") && high <= low) {
      section.problem("high_freq_factor", "more than 'low_freq_factor', which is " + low);
    }
    return new RotaryScaling.Llama3(
        factor,
        low,
        high,
        section.integer("original_max_position_embeddings", 1, Integer.MAX_VALUE));
  }

  private static void requireWhole(ConfigurationValues section) {
    if (section.optionalPositive("partial_rotary_factor").orElse(1.0) != 1.0) {
      section.problem("partial_rotary_factor", "1: the runtime rotates whole heads");
    }
  }
}
