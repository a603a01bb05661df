// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/**
 * Cosines and sines of rotary embeddings by position, computed as the Transformers library does:
 * frequencies and angles in binary32. The first half of a head's channels is paired with the second
 * half. Thread-safe; grows on demand.
 */
public final class RotaryTable {
  private static final int LEAST_POSITIONS = 512;

  private final float[] inverseFrequencies;
  private volatile Angles angles;

  /** Row {@code p} of each holds the values for position {@code p}, one for each channel pair. */
  public record Angles(int positions, int pairs, float[] cosines, float[] sines) {

    /** Rotates one head in place. */
    public void rotate(int position, float[] head, int offset) {
      int row = position * pairs;
      for (int i = 0; i < pairs; i++) {
        float cosine = cosines[row + i];
        float sine = sines[row + i];
        float first = head[offset + i];
        float second = head[offset + pairs + i];
        head[offset + i] = first * cosine - second * sine;
        head[offset + pairs + i] = second * cosine + first * sine;
      }
    }
  }

  public RotaryTable(int headWidth, double theta, RotaryScaling scaling) {
    this.inverseFrequencies = inverseFrequencies(headWidth, theta, scaling);
    this.angles = compute(0);
  }

  /** Radians by which one position turns each channel pair. */
  public static float[] inverseFrequencies(int headWidth, double theta, RotaryScaling scaling) {
    float[] inverse = new float[headWidth / 2];
    for (int i = 0; i < inverse.length; i++) {
      float exponent = (float) (2 * i) / headWidth;
      inverse[i] = 1f / (float) Math.pow(theta, exponent);
      inverse[i] =
          switch (scaling) {
            case RotaryScaling.None() -> inverse[i];
            case RotaryScaling.Linear(double factor) -> inverse[i] / (float) factor;
            case RotaryScaling.Llama3 llama3 -> stretched(inverse[i], llama3);
          };
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

  /** Values for at least this many positions. */
  public Angles upTo(int positions) {
    Angles current = angles;
    if (positions <= current.positions) {
      return current;
    }
    synchronized (this) {
      if (positions > angles.positions) {
        angles = compute(Math.max(positions, Math.max(LEAST_POSITIONS, 2 * angles.positions)));
      }
      return angles;
    }
  }

  private Angles compute(int positions) {
    int pairs = inverseFrequencies.length;
    float[] cosines = new float[Math.multiplyExact(positions, pairs)];
    float[] sines = new float[cosines.length];
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < pairs; i++) {
        float angle = position * inverseFrequencies[i];
        cosines[position * pairs + i] = (float) Math.cos(angle);
        sines[position * pairs + i] = (float) Math.sin(angle);
      }
    }
    return new Angles(positions, pairs, cosines, sines);
  }
}
