// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.rounding.TrellisViterbi;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Finds the trellis codes of {@link TrellisCodes}: masks at random, then better ones by changing
 * one at a time, each with its magnitudes by least squares in turn with the codes of normally
 * distributed numbers. Masks have an odd number of bits, at most three or five, so that a kernel
 * gets each sign by one exclusive or of as many words. Prints one entry of the resource.
 *
 * <pre>
 * java -cp quant-bench/target/benchmarks.jar io.github.quant4j.bench.TrellisCodeSearch \
 *     BITS WINDOW PLANES [STARTS STEPS SEED TAPS]
 * </pre>
 */
public final class TrellisCodeSearch {
  private static final int LENGTH = 512;
  private static final int SEQUENCES = 24;
  private static final int SEQUENCES_AT_LAST = 300;
  private static final int ROUNDS = 4;
  private static final int ROUNDS_AT_LAST = 10;
  private static final int KEPT = 6;

  private final int bits;
  private final int window;
  private final int planes;
  private final int taps;
  private final SplittableRandom random;
  private final float[] few;

  private TrellisCodeSearch(int bits, int window, int planes, long seed, int taps) {
    this.bits = bits;
    this.window = window;
    this.planes = planes;
    this.taps = taps;
    this.random = new SplittableRandom(seed);
    this.few = gaussians(SEQUENCES, 5);
  }

  /**
   * Searches and prints.
   *
   * @param args bits of a code, bits of a state, planes; then, if wanted, random starts, steps of
   *     improvement, the seed and the most bits of a mask, an odd number
   */
  public static void main(String[] args) {
    int[] numbers = {2, 10, 4, 60, 300, 3, 3};
    for (int i = 0; i < args.length; i++) {
      numbers[i] = Integer.parseInt(args[i]);
    }
    TrellisCodeSearch search =
        new TrellisCodeSearch(numbers[0], numbers[1], numbers[2], numbers[5], numbers[6]);
    System.out.println(search.run(numbers[3], numbers[4]).json());
  }

  /** A code with magnitudes in standard deviations. */
  private record Candidate(int[] masks, double[] magnitudes, double error) {

    /** Masks with whole magnitudes. */
    Scaled scaled(int bits, int window) {
      double sum = Arrays.stream(magnitudes).sum();
      double bestScale = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i <= 400; i++) {
        double scale = Byte.MAX_VALUE / sum * (0.75 + 0.25 * i / 400);
        double off = 0;
        long total = 0;
        for (double magnitude : magnitudes) {
          double whole = Math.max(1, Math.rint(scale * magnitude));
          total += (long) whole;
          off += Math.pow(magnitude - whole / scale, 2);
        }
        if (total <= Byte.MAX_VALUE && off < least) {
          least = off;
          bestScale = scale;
        }
      }
      List<TrellisCode.Plane> signs = new ArrayList<>();
      for (int p = 0; p < masks.length; p++) {
        int whole = (int) Math.max(1, Math.rint(bestScale * magnitudes[p]));
        signs.add(new TrellisCode.Plane(masks[p], whole));
      }
      return new Scaled(new TrellisCode(bits, window, signs), bestScale);
    }
  }

  private record Scaled(TrellisCode code, double deviation) {}

  private record Found(Scaled scaled, double error) {
    String json() {
      TrellisCode code = scaled.code();
      return String.format(
          Locale.ROOT,
          "{\"bits\": %d, \"window\": %d, \"masks\": %s, \"magnitudes\": %s, \"deviation\": %.3f,"
              + " \"error\": %.5f}",
          code.bits(),
          code.window(),
          code.planes().stream().map(TrellisCode.Plane::mask).toList(),
          code.planes().stream().map(TrellisCode.Plane::magnitude).toList(),
          scaled.deviation(),
          error);
    }
  }

  private Found run(int starts, int steps) {
    List<Candidate> best = new ArrayList<>();
    while (best.size() < starts) {
      int[] masks = new int[planes];
      double[] magnitudes = new double[planes];
      for (int p = 0; p < planes; p++) {
        masks[p] = mask();
        magnitudes[p] = Math.pow(0.7, p) * Math.exp(0.15 * random.nextGaussian());
      }
      fit(masks, magnitudes, few, ROUNDS).ifPresent(best::add);
    }
    for (int step = 0; step < steps; step++) {
      best.sort(Comparator.comparingDouble(Candidate::error));
      best.subList(Math.min(KEPT, best.size()), best.size()).clear();
      Candidate chosen = best.get(random.nextInt(best.size()));
      int[] masks = chosen.masks().clone();
      int p = random.nextInt(planes);
      masks[p] = random.nextInt(10) < 6 ? neighbour(masks[p]) : mask();
      double[] magnitudes = chosen.magnitudes().clone();
      for (int i = 0; i < planes; i++) {
        magnitudes[i] *= Math.exp(0.05 * random.nextGaussian());
      }
      if (best.stream().noneMatch(other -> Arrays.equals(other.masks(), masks))) {
        fit(masks, magnitudes, few, ROUNDS).ifPresent(best::add);
      }
    }
    float[] many = gaussians(SEQUENCES_AT_LAST, 6);
    return best.stream()
        .sorted(Comparator.comparingDouble(Candidate::error))
        .limit(3)
        .map(found -> fit(found.masks(), found.magnitudes(), many, ROUNDS_AT_LAST).orElseThrow())
        .min(Comparator.comparingDouble(Candidate::error))
        .map(found -> new Found(found.scaled(bits, window), found.error()))
        .orElseThrow();
  }

  private int mask() {
    int count = random.nextInt(4) == 0 ? taps - 2 : taps;
    int mask = 0;
    while (Integer.bitCount(mask) < count) {
      mask |= 1 << random.nextInt(window);
    }
    return mask;
  }

  /** One tap elsewhere. */
  private int neighbour(int mask) {
    int bit;
    do {
      bit = random.nextInt(window);
    } while ((mask >> bit & 1) == 0);
    int to;
    do {
      to = random.nextInt(window);
    } while ((mask >> to & 1) != 0);
    return mask & ~(1 << bit) | 1 << to;
  }

  /** Whether a state has as many different successors' values as codes, roughly: by rank. */
  private boolean tellsCodesApart(int[] masks) {
    int[] newest = Arrays.stream(masks).map(mask -> mask & (1 << bits) - 1).toArray();
    int rank = 0;
    for (int bit = 0; bit < bits; bit++) {
      for (int p = rank; p < newest.length; p++) {
        if ((newest[p] >> bit & 1) != 0) {
          int pivot = newest[p];
          newest[p] = newest[rank];
          newest[rank] = pivot;
          for (int q = 0; q < newest.length; q++) {
            if (q != rank && (newest[q] >> bit & 1) != 0) {
              newest[q] ^= pivot;
            }
          }
          rank++;
          break;
        }
      }
    }
    return rank == bits && Arrays.stream(masks).distinct().count() == masks.length;
  }

  private Optional<Candidate> fit(int[] masks, double[] start, float[] numbers, int rounds) {
    if (!tellsCodesApart(masks)) {
      return Optional.empty();
    }
    Candidate current = new Candidate(masks, start, Double.POSITIVE_INFINITY);
    Candidate best = current;
    for (int round = 0; round < rounds; round++) {
      Scaled scaled = current.scaled(bits, window);
      Candidate measured = measure(scaled, current, numbers);
      if (measured.error() < best.error()) {
        best = new Candidate(masks, current.magnitudes(), measured.error());
      }
      if (Arrays.stream(measured.magnitudes()).anyMatch(magnitude -> !(magnitude > 0))) {
        break;
      }
      current = measured;
    }
    return best.error() < 1 ? Optional.of(best) : Optional.empty();
  }

  /** The error of a code, with the magnitudes that would be best for its states. */
  private Candidate measure(Scaled scaled, Candidate current, float[] numbers) {
    TrellisCode code = scaled.code();
    TrellisViterbi viterbi = new TrellisViterbi(code, LENGTH);
    float[] targets = new float[LENGTH];
    float[] weights = new float[LENGTH];
    byte[] codes = new byte[LENGTH];
    byte[] values = new byte[LENGTH];
    float[] products = new float[planes * planes];
    double[] right = new double[planes];
    Arrays.fill(weights, 1);
    double error = 0;
    int start = 0;
    for (int first = 0; first < numbers.length; first += LENGTH) {
      for (int t = 0; t < LENGTH; t++) {
        targets[t] = (float) (scaled.deviation() * numbers[first + t]);
      }
      int state = start;
      start = viterbi.encode(LENGTH, targets, weights, start, codes, values);
      for (int t = 0; t < LENGTH; t++) {
        state = code.next(state, codes[t]);
        error += Math.pow(targets[t] - values[t], 2);
        add(state, numbers[first + t], current.masks(), products, right);
      }
    }
    double relative = error / numbers.length / Math.pow(scaled.deviation(), 2);
    double[] solved =
        LdlFactorization.of(FloatMatrix.wrap(planes, planes, products), Compute.scalar())
            .map(factors -> factors.solve(right))
            .orElse(right);
    return new Candidate(current.masks(), solved, relative);
  }

  private void add(int state, float number, int[] masks, float[] products, double[] right) {
    int[] signs = new int[planes];
    for (int p = 0; p < planes; p++) {
      signs[p] = 1 - 2 * (Integer.bitCount(state & masks[p]) & 1);
    }
    for (int p = 0; p < planes; p++) {
      right[p] += signs[p] * number;
      for (int q = 0; q < planes; q++) {
        products[p * planes + q] += signs[p] * signs[q];
      }
    }
  }

  private static float[] gaussians(int sequences, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] numbers = new float[sequences * LENGTH];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }
}
