// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.io.OutputException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether there is room for a run, asked before it begins. What surely cannot end well is refused,
 * and what may not is warned of: sizes are estimates, and other programs take room and give it
 * back.
 */
final class ResourceCheck {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceCheck.class);

  /** A heap of this share of the estimate has never been enough. */
  private static final double LEAST_HEAP = 0.5;

  /** How far sizes on disk may be from those of the plan. */
  private static final double SIZE_TOLERANCE = 0.1;

  private static final double MEGABYTE = 1e6;

  private ResourceCheck() {}

  /**
   * Compares a plan with the heap.
   *
   * @param heap the most that it may grow to, in bytes
   * @throws PlanException if the plan needs far more
   */
  static void requireHeap(QuantizationPlan plan, long heap) {
    if (plan.peakHeapBytes() <= heap) {
      return;
    }
    String problem =
        "about "
            + megabytes((double) plan.peakHeapBytes())
            + " of heap are needed, but only "
            + megabytes((double) heap)
            + " are allowed";
    String advice =
        "; allow more (for example -Xmx"
            + (long) Math.ceil(1.2 * plan.peakHeapBytes() / (1 << 20))
            + "m), or calibrate on less";
    if (heap < LEAST_HEAP * plan.peakHeapBytes()) {
      throw new PlanException(List.of(problem + advice));
    }
    LOG.warn("{}{}", problem, advice);
  }

  /** Bytes on disk when they are most: finished blocks, what is gathered of them, the result. */
  static long diskBytes(QuantizationPlan plan) {
    return plan.bytesAfter() + 2 * quantizedBytes(plan);
  }

  private static long quantizedBytes(QuantizationPlan plan) {
    return plan.sites().stream()
            .filter(site -> site.recipe().isPresent())
            .mapToLong(PlannedSite::bitsAfter)
            .sum()
        / Byte.SIZE;
  }

  /**
   * Compares a plan with the disk.
   *
   * @param target where the result is to appear; its parent is there
   * @param stored bytes of blocks that are there already
   * @param tokens of the calibration, at most
   * @throws OutputException if the result surely does not fit
   */
  static void requireDisk(
      Path target, QuantizationPlan plan, BlockModel<?> model, long stored, long tokens)
      throws IOException {
    FileStore store;
    long free;
    try {
      store = Files.getFileStore(Objects.requireNonNull(target.toAbsolutePath().getParent()));
      free = store.getUsableSpace() + stored;
      if (store.getTotalSpace() <= 0) {
        return;
      }
    } catch (IOException e) {
      // Not every file system can say it.
      LOG.debug("{}: free space is not known", target, e);
      return;
    }
    long width = model.blocks().stream().mapToLong(block -> block.outFeatures()).max().orElse(0);
    // Those that a block starts from, and those that it leaves.
    double streams = plan.isRetargeted() ? 2 : 1;
    double states = plan.isCalibrated() ? 2 * streams * tokens * width * Float.BYTES : 0;
    requireDisk(target, (double) diskBytes(plan), states + (double) quantizedBytes(plan), free);
  }

  /**
   * Compares sizes with the room that there is.
   *
   * @param least bytes that the result takes while it is put together
   * @param before bytes that are taken before that
   */
  static void requireDisk(Path target, double least, double before, long free)
      throws OutputException {
    double most = Math.max(before, (1 + SIZE_TOLERANCE) * least);
    if (free >= most) {
      return;
    }
    boolean isHopeless = free < (1 - SIZE_TOLERANCE) * least;
    String problem =
        "about "
            + megabytes(isHopeless ? least : most)
            + " of disk space are needed while it is written, but only "
            + megabytes((double) free)
            + " are free";
    if (isHopeless) {
      throw new OutputException(target, problem + "; make room, or choose another place");
    }
    LOG.warn("{}: {}", target, problem);
  }

  private static String megabytes(double bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / MEGABYTE);
  }
}
