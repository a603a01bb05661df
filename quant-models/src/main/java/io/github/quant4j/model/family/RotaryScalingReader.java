// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the kind of scaling from an object for rotary embeddings, {@code rope_parameters} or {@code
 * rope_scaling}, and refuses members that the kind has no use for.
 */
final class RotaryScalingReader {
  static final String ORIGINAL_POSITIONS = "original_max_position_embeddings";

  /** Beyond these, binary32 overflows in one place or another. */
  private static final double LEAST = 1e-6;

  private static final double MOST = 1e6;

  private static final double DEFAULT_BETA_FAST = 32;
  private static final double DEFAULT_BETA_SLOW = 1;

  /** What some writers add to every kind; it changes a kind that reads it only. */
  private static final Set<String> PASSED_OVER = Set.of(ORIGINAL_POSITIONS, "finetuned");

  private final ConfigurationValues section;
  private final Context context;

  /**
   * What a kind may need to know of the model.
   *
   * @param width channels of a head that are rotated; 0 if they are not known, after a problem
   * @param theta the base
   * @param maximumPositions the longest context
   * @param originalPositions the original context, if it is stated outside the object
   * @param alpha whether {@code alpha} has a meaning
   * @param spelling what is peculiar about the object
   */
  record Context(
      int width,
      double theta,
      int maximumPositions,
      Optional<Integer> originalPositions,
      boolean alpha,
      RotaryOptions.Spelling spelling) {}

  RotaryScalingReader(ConfigurationValues section, Context context) {
    this.section = section;
    this.context = context;
  }

  /**
   * Reads the kind, after everything else that the object may hold has been read.
   *
   * @param otherwise the kind if the object names none; empty if it has to
   */
  RotaryScaling read(String otherwise) {
    Optional<String> newer = section.text("rope_type");
    Optional<String> older = section.text("type");
    if (newer.isPresent() && older.isPresent() && !newer.equals(older)) {
      section.problem("type", "the same as 'rope_type', \"" + newer.get() + "\"");
    }
    String kind = newer.or(() -> older).orElse(otherwise);
    RotaryScaling scaling =
        switch (context.spelling.kinds().getOrDefault(kind, kind)) {
          case "default" -> new RotaryScaling.None();
          case "linear" -> new RotaryScaling.Linear(factor());
          case "llama3" -> llama3();
          case "dynamic" -> dynamic();
          case "yarn" -> yarn();
          // "su" is what the first checkpoints with it say.
          case "longrope", "su" -> longRope();
          default -> {
            section.problem(
                kindMember(),
                "\"default\", \"linear\", \"llama3\", \"dynamic\", \"yarn\" or \"longrope\", the"
                    + " kinds that the runtime has");
            section.unread().forEach(section::get);
            yield new RotaryScaling.None();
          }
        };
    requireKnown();
    return scaling;
  }

  private String kindMember() {
    return section.has("type") && !section.has("rope_type") ? "type" : "rope_type";
  }

  /** Refuses members that the kind does not read, but for a factor of 1 and what says nothing. */
  private void requireKnown() {
    for (String member : section.unread()) {
      boolean isHarmless =
          PASSED_OVER.contains(member)
              || context.spelling.otherMembers().contains(member)
              || section.isNeutral(member)
              || ((member.equals("factor") || member.equals("attention_factor"))
                  && section.isNumber(member, 1));
      if (!isHarmless) {
        section.problem(
            member, "nothing (null): this kind of rotary embedding reads no such member");
      }
    }
  }

  private Optional<Double> optional(String member) {
    Optional<Double> value = section.optionalPositive(member);
    if (value.isPresent() && (value.get() < LEAST || value.get() > MOST)) {
      section.problem(member, "a number from " + LEAST + " to " + MOST);
      return Optional.empty();
    }
    return value;
  }

  private double required(String member) {
    Optional<Double> value = optional(member);
    if (value.isEmpty() && section.areSound(member)) {
      section.problem(member, "a positive number");
    }
    return value.orElse(1.0);
  }

  private double factor() {
    double factor = required("factor");
    if (factor < 1) {
      section.problem("factor", "at least 1");
    }
    return factor;
  }

  /** The original context, stated in the object, outside of it, or in both alike. */
  private Optional<Integer> originalPositions(int least) {
    Optional<Integer> inner = section.optionalInteger(ORIGINAL_POSITIONS, least, Integer.MAX_VALUE);
    Optional<Integer> outer = context.originalPositions;
    if (inner.isPresent() && outer.isPresent() && !inner.equals(outer)) {
      section.problem(ORIGINAL_POSITIONS, "the same as outside of the object, " + outer.get());
    }
    if (inner.isEmpty() && outer.isPresent() && outer.get() < least) {
      section.problem(ORIGINAL_POSITIONS, "a whole number of at least " + least);
      return Optional.empty();
    }
    return inner.or(() -> outer);
  }

  private int requiredOriginalPositions(int least) {
    Optional<Integer> stated = originalPositions(least);
    if (stated.isEmpty() && section.areSound(ORIGINAL_POSITIONS)) {
      section.problem(ORIGINAL_POSITIONS, "a whole number of at least " + least);
    }
    return stated.orElse(least);
  }

  private RotaryScaling llama3() {
    double factor = factor();
    double low = required("low_freq_factor");
    double high = required("high_freq_factor");
    if (section.areSound("low_freq_factor", "high_freq_factor") && high <= low) {
      section.problem("high_freq_factor", "more than 'low_freq_factor', which is " + low);
    }
    return new RotaryScaling.Llama3(factor, low, high, requiredOriginalPositions(1));
  }

  private RotaryScaling dynamic() {
    if (context.width == 2) {
      section.problem(
          kindMember(), "a kind that does not stretch the base, as heads rotate 2 channels only");
    }
    if (!context.alpha || section.isNeutral("alpha")) {
      return new RotaryScaling.Dynamic(factor(), context.maximumPositions);
    }
    double alpha = required("alpha");
    if (alpha < 1) {
      section.problem("alpha", "at least 1");
    }
    // Published files have these beside it, and nothing reads them.
    passOver("beta_fast", DEFAULT_BETA_FAST);
    passOver("beta_slow", DEFAULT_BETA_SLOW);
    passOver("mscale", 1);
    passOver("mscale_all_dim", 1);
    return new RotaryScaling.Stretched(alpha);
  }

  private void passOver(String member, double usual) {
    if (section.isNumber(member, usual)) {
      section.get(member);
    }
  }

  private RotaryScaling yarn() {
    int original = originalPositions(1).orElse(context.maximumPositions);
    double factor = yarnFactor(original);
    double fast = optional("beta_fast").orElse(DEFAULT_BETA_FAST);
    double slow = optional("beta_slow").orElse(DEFAULT_BETA_SLOW);
    if (section.areSound("beta_fast", "beta_slow") && fast < slow) {
      section.problem(
          section.has("beta_fast") ? "beta_fast" : "beta_slow",
          "a 'beta_fast' of at least 'beta_slow', found " + fast + " and " + slow);
    }
    if (context.theta <= 1) {
      section.problem(kindMember(), "another kind, or a base of more than 1 for this one");
    }
    if (section.has("truncate") && section.get("truncate").isEmpty()) {
      section.problem("truncate", "true or false");
    }
    double magnitude = magnitude("mscale");
    double allDimensions = magnitude("mscale_all_dim");
    return new RotaryScaling.Yarn(
        factor,
        original,
        fast,
        slow,
        section.flag("truncate", true),
        optional("attention_factor")
            .orElseGet(
                () -> RotaryScaling.Yarn.defaultAttentionFactor(factor, magnitude, allDimensions)),
        allDimensions);
  }

  /** A factor of null stands for the ratio of the contexts. */
  private double yarnFactor(int original) {
    if (!section.has("factor") || section.get("factor").isPresent()) {
      return factor();
    }
    double ratio = (double) context.maximumPositions / original;
    if (ratio < 1) {
      section.problem("factor", "at least 1, where the ratio of the contexts is " + ratio);
    }
    return ratio;
  }

  private double magnitude(String member) {
    if (section.isNeutral(member)) {
      section.get(member);
      return 0;
    }
    return required(member);
  }

  private RotaryScaling longRope() {
    int original = requiredOriginalPositions(2);
    List<Double> shorter = factors("short_factor");
    List<Double> longer = factors("long_factor");
    double factor = optional("factor").orElse((double) context.maximumPositions / original);
    return new RotaryScaling.LongRope(
        shorter,
        longer,
        original,
        optional("attention_factor")
            .orElseGet(() -> RotaryScaling.LongRope.defaultAttentionFactor(factor, original)));
  }

  private List<Double> factors(String member) {
    List<Double> factors = new ArrayList<>();
    if (section.get(member).orElse(null) instanceof JsonValue.Arr(var elements)) {
      for (JsonValue element : elements) {
        if (element instanceof JsonValue.Num number
            && number.asDouble() >= LEAST
            && number.asDouble() <= MOST) {
          factors.add(number.asDouble());
        }
      }
      if (factors.size() == elements.size()
          && (context.width == 0 || factors.size() == context.width / 2)) {
        return factors;
      }
    }
    section.problem(
        member,
        "an array of positive numbers, "
            + (context.width == 0
                ? "one for each channel pair"
                : "one for each of " + context.width / 2 + " channel pairs"));
    return List.of();
  }
}
