// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.linalg.HadamardRotation;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One call of a rotation, a few tokens to a part; holds the arguments and is used again. */
final class RotationTask implements WorkerTeam.PartTask {
  /** Elements below which waking a thread does not pay. */
  private static final int ELEMENTS_IN_PART = 1 << 15;

  private static final float[] NONE = {};

  private final ScratchPool scratch;
  private @Nullable HadamardRotation rotation;
  private int tokens;
  private int tokensInPart;
  private float[] x = NONE;
  private int xOffset;
  private float[] y = NONE;
  private int yOffset;

  RotationTask(ScratchPool scratch) {
    this.scratch = scratch;
  }

  void run(
      HadamardRotation hadamard,
      int count,
      float[] source,
      int sourceOffset,
      float[] target,
      int targetOffset,
      WorkerTeam team) {
    rotation = hadamard;
    tokens = count;
    tokensInPart = Math.max(1, ELEMENTS_IN_PART / hadamard.size());
    x = source;
    xOffset = sourceOffset;
    y = target;
    yOffset = targetOffset;
    team.run(Math.ceilDiv(count, tokensInPart), this);
  }

  /** Lets go of the caller's arrays. */
  void clear() {
    rotation = null;
    x = NONE;
    y = NONE;
  }

  @Override
  public void run(int part) {
    HadamardRotation hadamard = Objects.requireNonNull(rotation);
    int size = hadamard.size();
    float[] columns = scratch.floats(Butterflies.scratchLength(hadamard));
    int to = Math.min(tokens, (part + 1) * tokensInPart);
    for (int t = part * tokensInPart; t < to; t++) {
      Butterflies.rotate(hadamard, x, xOffset + t * size, y, yOffset + t * size, columns);
    }
    scratch.release(columns);
  }
}
