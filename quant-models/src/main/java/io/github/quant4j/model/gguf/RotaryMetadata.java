// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.family.FamilyReading;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.List;
import java.util.Optional;

/** Writes rotary positions as metadata and tensors of factors. */
final class RotaryMetadata {
  private final String prefix;
  private final GgufMetadata.Builder metadata;

  private RotaryMetadata(String architecture, GgufMetadata.Builder metadata) {
    this.prefix = architecture + ".rope.";
    this.metadata = metadata;
  }

  /**
   * Writes what layers have; if windowed layers have positions of their own, their base too.
   *
   * @return the tensors of factors
   */
  static GgufRotary.Factors write(
      FamilyReading reading, GgufArchitecture architecture, GgufMetadata.Builder metadata) {
    DecoderConfiguration model = reading.configuration();
    Optional<Rotary> full = rotary(model, false).or(() -> rotary(model, true));
    if (full.isEmpty()) {
      return GgufRotary.Factors.NONE;
    }
    RotaryMetadata writer = new RotaryMetadata(architecture.name(), metadata);
    Optional<Rotary> windowed = rotary(model, true);
    if (windowed.isPresent() && FamilyReading.hasWindowedRotary(reading.family())) {
      metadata.putFloat(writer.prefix + "freq_base_swa", (float) windowed.get().theta());
    }
    return writer.write(full.get());
  }

  private static Optional<Rotary> rotary(DecoderConfiguration model, boolean windowed) {
    for (LayerShape layer : model.layerShapes()) {
      if (layer.attention() instanceof AttentionShape attention
          && attention.rotary() != null
          && (attention.form().span().window() > 0) == windowed) {
        return Optional.of(attention.rotary());
      }
    }
    return Optional.empty();
  }

  private GgufRotary.Factors write(Rotary rotary) {
    metadata.putUnsigned(prefix + "dimension_count", rotary.width());
    double theta = rotary.theta();
    GgufRotary.Factors factors = GgufRotary.Factors.NONE;
    switch (rotary.scaling()) {
      case RotaryScaling.None _, RotaryScaling.Dynamic _ -> {}
      case RotaryScaling.Stretched(double alpha) ->
          theta *= Math.pow(alpha, (double) rotary.width() / (rotary.width() - 2));
      case RotaryScaling.Linear(double factor) -> scaling("linear", factor);
      case RotaryScaling.Yarn yarn -> yarn(yarn);
      case RotaryScaling.Llama3 llama3 -> factors = llama3(rotary, llama3);
      case RotaryScaling.LongRope longRope -> {
        metadata.putString(prefix + "scaling.type", "longrope");
        metadata.putUnsigned(
            prefix + "scaling.original_context_length", longRope.originalMaximumPositions());
        metadata.putFloat(prefix + "scaling.attn_factor", (float) longRope.attentionFactor());
        factors =
            new GgufRotary.Factors(
                new float[0], floats(longRope.shortFactors()), floats(longRope.longFactors()));
      }
    }
    metadata.putFloat(prefix + "freq_base", (float) theta);
    return factors;
  }

  private void scaling(String type, double factor) {
    metadata.putString(prefix + "scaling.type", type);
    metadata.putFloat(prefix + "scaling.factor", (float) factor);
  }

  private void yarn(RotaryScaling.Yarn yarn) {
    scaling("yarn", yarn.factor());
    metadata.putUnsigned(
        prefix + "scaling.original_context_length", yarn.originalMaximumPositions());
    metadata.putFloat(prefix + "scaling.yarn_beta_fast", (float) yarn.betaFast());
    metadata.putFloat(prefix + "scaling.yarn_beta_slow", (float) yarn.betaSlow());
    if (yarn.magnitudeAllDimensions() != 0) {
      metadata.putFloat(
          prefix + "scaling.yarn_log_multiplier", (float) (0.1 * yarn.magnitudeAllDimensions()));
      return;
    }
    double usual = 1 + 0.1 * Math.log(yarn.factor());
    if (Math.abs(yarn.attentionFactor() - usual) > 1e-6) {
      metadata.putFloat(prefix + "scaling.attn_factor", (float) (yarn.attentionFactor() / usual));
    }
  }

  private static GgufRotary.Factors llama3(Rotary rotary, RotaryScaling.Llama3 llama3) {
    int pairs = rotary.width() / 2;
    float[] factors = new float[pairs];
    double[] ends = {llama3.lowFrequencyFactor(), llama3.highFrequencyFactor()};
    for (int i = 0; i < pairs; i++) {
      factors[i] =
          (float)
              GgufRotary.llama3(
                  rotary.theta(),
                  (double) i / pairs,
                  llama3.factor(),
                  ends,
                  llama3.originalMaximumPositions());
    }
    return new GgufRotary.Factors(factors, new float[0], new float[0]);
  }

  private static float[] floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }
}
