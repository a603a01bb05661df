// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What reading one file may take, so that a hostile one cannot exhaust the memory or the stack. */
final class ReadBudget {
  /** Protobuf's own limit. */
  private static final int DEEPEST = 100;

  private static final long MOST_FIELDS = 1L << 22;

  private final @Nullable ExternalFiles files;
  private long left;

  private ReadBudget(@Nullable ExternalFiles files, long left) {
    this.files = files;
    this.left = left;
  }

  static ReadBudget of(@Nullable ExternalFiles files) {
    return new ReadBudget(files, MOST_FIELDS);
  }

  /** For what is not read from a file. */
  static ReadBudget unlimited() {
    return new ReadBudget(null, Long.MAX_VALUE);
  }

  ExternalFiles files() {
    if (files == null) {
      throw new IllegalArgumentException("external data of something that is in no file");
    }
    return files;
  }

  /** Counts fields and elements of lists. */
  void spend(long count) {
    left -= count;
    if (left < 0) {
      throw new IllegalArgumentException(
          "more than " + MOST_FIELDS + " fields and elements of lists in the file");
    }
  }

  /** One message further in. */
  static int deeper(int depth) {
    if (depth >= DEEPEST) {
      throw new IllegalArgumentException("messages nested deeper than " + DEEPEST);
    }
    return depth + 1;
  }

  /** Does something and says of what fails where that was. */
  static <T> T within(Supplier<String> place, Supplier<T> action) {
    try {
      return action.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place.get() + ": " + e.getMessage(), e);
    }
  }
}
