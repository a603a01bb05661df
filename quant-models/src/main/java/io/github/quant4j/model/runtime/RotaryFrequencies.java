// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import java.util.List;

/**
 * Frequencies of rotary embeddings, computed in binary32 wherever the Transformers library does so:
 * at thousands of positions an angle shows every bit of them.
 */
final class RotaryFrequencies {
  private RotaryFrequencies() {}

  /**
   * Radians by which one position turns each channel pair.
   *
   * @param length positions of the whole sequence; plays a part for some kinds of scaling only
   */
  static float[] of(Rotary rotary, int length) {
    int width = rotary.width();
    float[] powers = powers(base(rotary, length), width);
    return switch (rotary.scaling()) {
      case RotaryScaling.Yarn yarn -> interpolated(powers, yarn, rotary.theta(), width);
      case RotaryScaling.LongRope(var shorter, var longer, int original, double _) ->
          divided(powers, length > original ? longer : shorter);
      case RotaryScaling.Linear(double factor) -> {
        float[] inverse = inverse(powers);
        for (int i = 0; i < inverse.length; i++) {
          inverse[i] /= (float) factor;
        }
        yield inverse;
      }
      case RotaryScaling.Llama3 llama3 -> {
        float[] inverse = inverse(powers);
        for (int i = 0; i < inverse.length; i++) {
          inverse[i] = stretched(inverse[i], llama3);
        }
        yield inverse;
      }
      case RotaryScaling.None _, RotaryScaling.Dynamic _, RotaryScaling.Stretched _ ->
          inverse(powers);
    };
  }

  private static float base(Rotary rotary, int length) {
    double theta = rotary.theta();
    double exponent = (double) rotary.width() / (rotary.width() - 2);
    return switch (rotary.scaling()) {
      case RotaryScaling.Dynamic(double factor, int maximum) when length > maximum -> {
        float growth = (float) factor * length / maximum - (float) (factor - 1);
        yield (float) theta * (float) Math.pow(growth, (float) exponent);
      }
      case RotaryScaling.Stretched(double alpha) -> (float) (theta * Math.pow(alpha, exponent));
      default -> (float) theta;
    };
  }

  private static float[] powers(float base, int width) {
    float[] powers = new float[width / 2];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = (float) Math.pow(base, (float) (2 * i) / width);
    }
    return powers;
  }

  private static float[] inverse(float[] powers) {
    float[] inverse = new float[powers.length];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1f / powers[i];
    }
    return inverse;
  }

  private static float[] divided(float[] powers, List<Double> factors) {
    float[] inverse = new float[powers.length];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1f / (factors.get(i).floatValue() * powers[i]);
    }
    return inverse;
  }

  private static float stretched(float inverse, RotaryScaling.Llama3 scaling) {
    float wavelength = (float) (2 * Math.PI) / inverse;
    double positions = scaling.originalMaximumPositions();
    if (wavelength < positions / scaling.highFrequencyFactor()) {
      return inverse;
    }
    if (wavelength > positions / scaling.lowFrequencyFactor()) {
      return inverse / (float) scaling.factor();
    }
    float smooth =
        ((float) positions / wavelength - (float) scaling.lowFrequencyFactor())
            / (float) (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
    return (1 - smooth) * inverse / (float) scaling.factor() + smooth * inverse;
  }

  private static float[] interpolated(
      float[] powers, RotaryScaling.Yarn yarn, double theta, int width) {
    double low = pairTurning(yarn.betaFast(), yarn.originalMaximumPositions(), theta, width);
    double high = pairTurning(yarn.betaSlow(), yarn.originalMaximumPositions(), theta, width);
    if (yarn.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    // The bound is that of the reference, which counts channels here and pairs elsewhere.
    high = Math.min(high, width - 1);
    if (low == high) {
      high += 0.001;
    }
    float[] inverse = new float[powers.length];
    for (int i = 0; i < inverse.length; i++) {
      float ramp = Math.clamp((i - (float) low) / (float) (high - low), 0f, 1f);
      float kept = 1 - ramp;
      inverse[i] = 1f / ((float) yarn.factor() * powers[i]) * (1 - kept) + 1f / powers[i] * kept;
    }
    return inverse;
  }

  /** The channel pair, a fraction of one included, that turns so often over some positions. */
  private static double pairTurning(double turns, int positions, double theta, int width) {
    return width * Math.log(positions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }
}
