// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Subtracts a constant from every channel, {@code x'_j = x_j - z_j}, and adds {@code W z} to the
 * layer's bias: the symmetrisation of Outlier Suppression+ (Wei et al., arXiv 2304.09145), and with
 * random constants NoisyQuant (Liu et al., arXiv 2211.16056).
 */
public final class ShiftTransform implements InputTransform {
  private final float[] offsets;

  private ShiftTransform(float[] offsets) {
    this.offsets = offsets;
  }

  /**
   * A transform of given offsets.
   *
   * @param offsets what is subtracted from each channel; copied
   * @return the transform
   * @throws IllegalArgumentException if there is no offset or one is not finite
   */
  public static ShiftTransform of(float... offsets) {
    if (offsets.length == 0) {
      throw new IllegalArgumentException("offsets: none, expected one for each channel");
    }
    for (int i = 0; i < offsets.length; i++) {
      if (!Float.isFinite(offsets[i])) {
        throw new IllegalArgumentException(
            "offsets: number " + i + " is " + offsets[i] + ", expected a finite value");
      }
    }
    return new ShiftTransform(offsets.clone());
  }

  /**
   * The offsets.
   *
   * @return a copy, one for each channel
   */
  public float[] offsets() {
    return offsets.clone();
  }

  @Override
  public int size() {
    return offsets.length;
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int n = offsets.length;
    for (int t = 0; t < tokens; t++) {
      int from = xOffset + t * n;
      int to = yOffset + t * n;
      for (int i = 0; i < n; i++) {
        y[to + i] = x[from + i] - offsets[i];
      }
    }
  }

  @Override
  public ShiftTransform inverse() {
    float[] negated = new float[offsets.length];
    for (int i = 0; i < negated.length; i++) {
      negated[i] = -offsets[i];
    }
    return new ShiftTransform(negated);
  }

  @Override
  public InputTransform linearPart() {
    return TransformChain.identity(offsets.length);
  }

  @Override
  public InputTransform contragredient() {
    return linearPart();
  }

  @Override
  public boolean hasConstant() {
    return true;
  }

  @Override
  public boolean keepsChannels() {
    return true;
  }

  @Override
  public boolean isOrthogonal() {
    return false;
  }

  @Override
  public long operationsPerToken() {
    return offsets.length;
  }

  /** Only where there is a bias to fold into; the weights of the producer stay as they are. */
  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(FoldPlace.NORM_BIAS, FoldPlace.PRODUCER_BIAS);
  }

  @Override
  public String describe() {
    float most = 0;
    for (float offset : offsets) {
      most = Math.max(most, Math.abs(offset));
    }
    return "shift[" + offsets.length + "] by up to " + most;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ShiftTransform shift && Arrays.equals(offsets, shift.offsets);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(offsets);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
