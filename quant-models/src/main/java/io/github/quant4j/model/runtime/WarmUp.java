// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Runs a model until the JVM has compiled it: first the kernels part by part, since one whole token
 * through a large model takes seconds before, then texts.
 */
public final class WarmUp {
  private static final int TEXT = 32;

  /** What the compiler takes for what runs between the kernels. */
  private static final long LEAST_NANOS = 300_000_000L;

  /** A text that is not faster than this part of the one before ends it. */
  private static final double SETTLED = 0.95;

  private final DecoderEngine engine;
  private final long deadline;

  public WarmUp(DecoderEngine engine, Duration limit) {
    this.engine = engine;
    this.deadline = System.nanoTime() + limit.toNanos();
  }

  private long left() {
    return deadline - System.nanoTime();
  }

  /** False if the time was over before all kernels were compiled. */
  public boolean run() {
    // Kernels of equal descriptions run the same code on the same shape.
    Map<String, LinearKernel> kinds = new LinkedHashMap<>();
    for (LinearKernel kernel : engine.kernels()) {
      kinds.putIfAbsent(kernel.describe(), kernel);
    }
    boolean compiled = Kernels.warmUp(kinds.values(), Duration.ofNanos(Math.max(0, left())));
    long start = System.nanoTime();
    long before = Long.MAX_VALUE;
    boolean settled = false;
    while (!settled && left() > 0) {
      long nanos = write();
      settled = System.nanoTime() - start > LEAST_NANOS && nanos > SETTLED * before;
      before = nanos;
    }
    return compiled && settled;
  }

  /** The time of a prompt and a text behind it. */
  private long write() {
    long start = System.nanoTime();
    int half = Math.min(TEXT, Math.max(1, engine.maximumPositions() / 2));
    DecodingSession session = engine.decode(1, Math.min(2 * half, engine.maximumPositions()));
    session.append(new int[][] {new int[half]});
    int[][] next = {new int[1]};
    for (int i = session.length(0); i < Math.min(2 * half, engine.maximumPositions()); i++) {
      if (left() <= 0) {
        break;
      }
      session.append(next);
    }
    return System.nanoTime() - start;
  }
}
