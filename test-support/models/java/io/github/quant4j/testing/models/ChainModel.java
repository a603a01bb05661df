// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.generate.AutoregressiveModel;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/** A model whose prediction depends on the last token alone: a Markov chain. */
public final class ChainModel implements AutoregressiveModel {
  private final float[][] logits;
  private final OptionalInt beginToken;
  private final List<Integer> endTokens;
  private final int positions;

  /**
   * Makes a model.
   *
   * @param logits what follows each token
   */
  public ChainModel(float[][] logits, OptionalInt beginToken, List<Integer> endTokens) {
    this(logits, beginToken, endTokens, Integer.MAX_VALUE);
  }

  private ChainModel(
      float[][] logits, OptionalInt beginToken, List<Integer> endTokens, int positions) {
    this.positions = positions;
    this.logits = logits;
    this.beginToken = beginToken;
    this.endTokens = endTokens;
  }

  /** After each token surely comes the next, and 0 after the last. */
  public static ChainModel cycle(int size, int endToken) {
    float[][] logits = new float[size][size];
    for (int i = 0; i < size; i++) {
      logits[i][(i + 1) % size] = 100;
    }
    return new ChainModel(logits, OptionalInt.of(0), List.of(endToken));
  }

  /** The same with texts of limited length. */
  public ChainModel withPositions(int changed) {
    return new ChainModel(logits, beginToken, endTokens, changed);
  }

  @Override
  public int maximumPositions() {
    return positions;
  }

  @Override
  public int vocabularySize() {
    return logits.length;
  }

  @Override
  public OptionalInt beginToken() {
    return beginToken;
  }

  @Override
  public List<Integer> endTokens() {
    return endTokens;
  }

  @Override
  public DecodingSession decode(int sequences, int capacity) {
    int[] lengths = new int[sequences];
    float[] output = new float[sequences * logits.length];
    return new DecodingSession() {
      @Override
      public int sequences() {
        return sequences;
      }

      @Override
      public int length(int sequence) {
        return lengths[sequence];
      }

      @Override
      public float[] append(int[][] tokens) {
        for (int s = 0; s < sequences; s++) {
          lengths[s] += tokens[s].length;
          if (lengths[s] > capacity) {
            throw new IllegalArgumentException("capacity " + capacity + " exceeded");
          }
          int last = tokens[s][tokens[s].length - 1];
          System.arraycopy(logits[last], 0, output, s * logits.length, logits.length);
        }
        return output;
      }
    };
  }

  /** A model with random predictions. */
  public static ChainModel random(int size, OptionalInt beginToken, List<Integer> endTokens) {
    SeededRandom random = new SeededRandom(size);
    float[][] logits = new float[size][];
    Arrays.setAll(logits, i -> random.gaussians(size));
    return new ChainModel(logits, beginToken, endTokens);
  }
}
