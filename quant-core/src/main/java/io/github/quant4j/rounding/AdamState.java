// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

/** Moments of gradients and the steps that follow from them (Adam, Kingma and Ba, ICLR 2015). */
final class AdamState {
  private static final float FIRST_DECAY = 0.9f;
  private static final float SECOND_DECAY = 0.999f;
  private static final float EPSILON = 1e-8f;

  private final float[] first;
  private final float[] second;
  private float firstCorrection = 1;
  private float secondCorrection = 1;
  private int iterations;

  AdamState(int parameters) {
    this.first = new float[parameters];
    this.second = new float[parameters];
  }

  /** To be called once before the steps of an iteration. */
  void nextIteration() {
    iterations++;
    firstCorrection = (float) (1 / (1 - Math.pow(FIRST_DECAY, iterations)));
    secondCorrection = (float) (1 / (1 - Math.pow(SECOND_DECAY, iterations)));
  }

  /** The change of a parameter, to be subtracted. */
  float step(int parameter, float gradient, float rate) {
    float m = FIRST_DECAY * first[parameter] + (1 - FIRST_DECAY) * gradient;
    float v = SECOND_DECAY * second[parameter] + (1 - SECOND_DECAY) * gradient * gradient;
    first[parameter] = m;
    second[parameter] = v;
    return rate * (m * firstCorrection) / ((float) Math.sqrt(v * secondCorrection) + EPSILON);
  }
}
