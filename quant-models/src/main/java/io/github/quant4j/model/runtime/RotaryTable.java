// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Cosines and sines of rotary embeddings by position, computed as the Transformers library does:
 * frequencies and angles in binary32. Thread-safe; grows on demand.
 */
public final class RotaryTable {
  private static final int LEAST_POSITIONS = 512;

  private final Rotary rotary;

  /** Sequences of up to so many positions share a table. */
  private final int limit;

  private final Growing within;

  /** The table of longer sequences, if they share one too. */
  private final @Nullable Growing beyond;

  private volatile Recent recent;

  /**
   * Row {@code p} of each holds the values for position {@code p}, one for each channel pair.
   *
   * @param positions rows
   * @param pairs channel pairs of a head that are rotated
   * @param pairing which channels make a pair
   * @param cosines {@code positions x pairs}, the attention factor included
   * @param sines as the cosines
   */
  public record Angles(
      int positions, int pairs, Rotary.Pairing pairing, float[] cosines, float[] sines) {

    /** Rotates one head in place; channels that take no part are left alone. */
    public void rotate(int position, float[] head, int offset) {
      int row = position * pairs;
      if (pairing == Rotary.Pairing.INTERLEAVED) {
        rotateNeighbours(row, head, offset);
        return;
      }
      for (int i = 0; i < pairs; i++) {
        float cosine = cosines[row + i];
        float sine = sines[row + i];
        float first = head[offset + i];
        float second = head[offset + pairs + i];
        head[offset + i] = first * cosine - second * sine;
        head[offset + pairs + i] = second * cosine + first * sine;
      }
    }

    private void rotateNeighbours(int row, float[] head, int offset) {
      for (int i = 0; i < pairs; i++) {
        float cosine = cosines[row + i];
        float sine = sines[row + i];
        float first = head[offset + 2 * i];
        float second = head[offset + 2 * i + 1];
        head[offset + 2 * i] = first * cosine - second * sine;
        head[offset + 2 * i + 1] = second * cosine + first * sine;
      }
    }
  }

  /** Tables of single lengths: a batch or two threads may go back and forth between two. */
  private record Recent(Angles last, Angles before) {}

  public RotaryTable(Rotary rotary) {
    this.rotary = rotary;
    this.within = new Growing(rotary, 0);
    switch (rotary.scaling()) {
      case RotaryScaling.Dynamic dynamic -> {
        this.limit = dynamic.maximumPositions();
        this.beyond = null;
      }
      case RotaryScaling.LongRope longRope -> {
        this.limit = longRope.originalMaximumPositions();
        this.beyond = limit < Integer.MAX_VALUE ? new Growing(rotary, limit + 1) : null;
      }
      default -> {
        this.limit = Integer.MAX_VALUE;
        this.beyond = null;
      }
    }
    Angles none = within.upTo(0);
    this.recent = new Recent(none, none);
  }

  /**
   * Radians by which one position turns each channel pair.
   *
   * @param positions of the whole sequence; plays a part for some kinds of scaling only
   */
  public static float[] inverseFrequencies(Rotary rotary, int positions) {
    return RotaryFrequencies.of(rotary, positions);
  }

  /**
   * Values for a sequence of so many positions in all. Where the length of the sequence plays a
   * part, they are those of exactly this length, for all its positions, whatever was asked for
   * before; a sequence that goes on past its limit has other values then for the positions it had.
   *
   * @param positions of the whole sequence, those that are in a cache included
   * @return values for at least this many positions; shared, not to be changed
   */
  public Angles upTo(int positions) {
    if (positions <= limit) {
      return within.upTo(positions);
    }
    return beyond != null ? beyond.upTo(positions) : ofLength(positions);
  }

  private Angles ofLength(int positions) {
    Angles found = held(recent, positions);
    if (found != null) {
      return found;
    }
    synchronized (this) {
      Recent held = recent;
      Angles computed = held(held, positions);
      if (computed == null) {
        computed = compute(rotary, inverseFrequencies(rotary, positions), positions);
        recent = new Recent(computed, held.last);
      }
      return computed;
    }
  }

  private static @Nullable Angles held(Recent recent, int positions) {
    if (recent.last.positions == positions) {
      return recent.last;
    }
    return recent.before.positions == positions ? recent.before : null;
  }

  private static Angles compute(Rotary rotary, float[] inverseFrequencies, int positions) {
    int pairs = inverseFrequencies.length;
    float factor = (float) rotary.scaling().attentionFactor();
    float direction = rotary.pairing() == Rotary.Pairing.HALVES_BACKWARD ? -factor : factor;
    float[] cosines = new float[Math.multiplyExact(positions, pairs)];
    float[] sines = new float[cosines.length];
    for (int position = 0; position < positions; position++) {
      for (int i = 0; i < pairs; i++) {
        float angle = position * inverseFrequencies[i];
        cosines[position * pairs + i] = (float) Math.cos(angle) * factor;
        sines[position * pairs + i] = (float) Math.sin(angle) * direction;
      }
    }
    return new Angles(positions, pairs, rotary.pairing(), cosines, sines);
  }

  /** A table that sequences of all lengths share for which the frequencies are the same. */
  private static final class Growing {
    private final Rotary rotary;
    private final float[] inverseFrequencies;
    private volatile Angles angles;

    Growing(Rotary rotary, int length) {
      this.rotary = rotary;
      this.inverseFrequencies = inverseFrequencies(rotary, length);
      this.angles = compute(rotary, inverseFrequencies, 0);
    }

    Angles upTo(int positions) {
      Angles current = angles;
      if (positions <= current.positions) {
        return current;
      }
      synchronized (this) {
        if (positions > angles.positions) {
          int grown = Math.max(positions, Math.max(LEAST_POSITIONS, 2 * angles.positions));
          angles = compute(rotary, inverseFrequencies, grown);
        }
        return angles;
      }
    }
  }
}
