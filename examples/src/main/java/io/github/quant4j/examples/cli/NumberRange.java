// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

/** Ranges of numbers on the command line, which are checked before any work. */
final class NumberRange {
  /** More than any machine has, yet few enough to be started. */
  private static final int MOST_THREADS = 1024;

  /** More windows than any calibration takes. */
  private static final int MOST_SAMPLES = 1_000_000;

  /** More tokens than any model reads at once. */
  private static final int MOST_CONTEXT = 1 << 24;

  private NumberRange() {}

  /** A number of threads. */
  static int threads(int value) {
    int most = Math.max(MOST_THREADS, Runtime.getRuntime().availableProcessors());
    return between("--threads", value, 1, most);
  }

  /** A number of windows or segments to calibrate on. */
  static int samples(int value) {
    return between("--samples", value, 1, MOST_SAMPLES);
  }

  /** The length of a window in tokens; the first of them is never scored. */
  static int context(int value) {
    return between("--context", value, 2, MOST_CONTEXT);
  }

  /** A number of tokens to write, for which memory is taken. */
  static int tokens(String option, int value) {
    return between(option, value, 0, MOST_CONTEXT);
  }

  /** A number that has no upper bound but that of its type. */
  static int atLeast(String option, int value, int least) {
    return between(option, value, least, Integer.MAX_VALUE);
  }

  private static int between(String option, int value, int least, int most) {
    if (value < least) {
      throw new UsageException(option + ": " + value + ", expected at least " + least);
    }
    if (value > most) {
      throw new UsageException(option + ": " + value + ", expected at most " + most);
    }
    return value;
  }
}
