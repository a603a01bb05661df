// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.WorkerTeam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of one or several kernels on the same input: their parts, numbered through, are the
 * parts of one piece of work.
 *
 * <p>Instances hold the arguments of a call while it runs and are reused.
 */
final class Dispatch implements WorkerTeam.PartTask {
  private static final float[] NONE = {};

  private final PartitionedKernel[] kernels;

  /** For each kernel which of the inputs it reads. */
  private final int[] inputOf;

  /** The first kernel of each input kind: it prepares for all. */
  private final PartitionedKernel[] preparers;

  private final @Nullable PreparedInput[] inputs;
  private final float[][] outputs;
  private final int[] outputOffsets;
  private final int[] partsBefore;
  private final int batchSize;
  private final WorkerTeam team;

  // Set for each batch, read by the threads that the team publishes it to.
  private int tokens;
  private int done;

  /** Kernels of one width and one team. */
  Dispatch(PartitionedKernel... kernels) {
    this.kernels = kernels;
    this.inputOf = new int[kernels.length];
    this.outputs = new float[kernels.length][];
    this.outputOffsets = new int[kernels.length];
    this.partsBefore = new int[kernels.length + 1];
    this.team = kernels[0].options().team();
    List<Object> kinds = new ArrayList<>();
    List<PartitionedKernel> firsts = new ArrayList<>();
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < kernels.length; i++) {
      Object kind = kernels[i].inputKind();
      int index = kinds.indexOf(kind);
      if (index < 0) {
        index = kinds.size();
        kinds.add(kind);
        firsts.add(kernels[i]);
      }
      inputOf[i] = index;
      least = Math.min(least, kernels[i].batchSize());
    }
    this.preparers = firsts.toArray(PartitionedKernel[]::new);
    this.inputs = new PreparedInput[preparers.length];
    this.batchSize = least;
    clear();
  }

  /** How many different preparations the kernels need. */
  int inputKinds() {
    return preparers.length;
  }

  void setOutput(int kernel, float[] y, int yOffset) {
    outputs[kernel] = y;
    outputOffsets[kernel] = yOffset;
  }

  /** Lets go of the caller's arrays. */
  void clear() {
    Arrays.fill(outputs, NONE);
  }

  /** Runs all kernels on all tokens; the outputs were set before. */
  void multiply(float[] x, int xOffset, int count) {
    int width = kernels[0].inFeatures();
    for (done = 0; done < count; done += batchSize) {
      tokens = Math.min(batchSize, count - done);
      try {
        int parts = 0;
        for (int i = 0; i < kernels.length; i++) {
          partsBefore[i] = parts;
          parts += kernels[i].partCount(tokens);
        }
        partsBefore[kernels.length] = parts;
        // Kernels that are all too small to be cut are so together: to wake a thread takes longer.
        boolean cut = parts > kernels.length;
        prepare(x, xOffset + done * width, cut);
        run(parts, this, cut);
      } finally {
        release();
      }
    }
  }

  private void run(int parts, WorkerTeam.PartTask work, boolean shared) {
    if (shared) {
      team.run(parts, work);
      return;
    }
    for (int part = 0; part < parts; part++) {
      work.run(part);
    }
  }

  /** Many tokens are worth sharing even if the outputs are few. */
  private void prepare(float[] x, int xOffset, boolean cut) {
    for (int i = 0; i < preparers.length; i++) {
      PreparedInput input = preparers[i].bind(x, xOffset, tokens);
      inputs[i] = input;
      boolean shared = cut || input.parts() > 1;
      do {
        run(input.parts(), input, shared);
      } while (input.advance());
    }
  }

  private void release() {
    for (int i = 0; i < inputs.length; i++) {
      PreparedInput input = inputs[i];
      inputs[i] = null;
      if (input != null) {
        input.release();
      }
    }
  }

  @Override
  public void run(int part) {
    int index = 0;
    while (part >= partsBefore[index + 1]) {
      index++;
    }
    PartitionedKernel kernel = kernels[index];
    PreparedInput input = inputs[inputOf[index]];
    assert input != null;
    kernel.multiplyPart(
        input,
        tokens,
        part - partsBefore[index],
        outputs[index],
        outputOffsets[index] + done * kernel.outFeatures());
  }
}
