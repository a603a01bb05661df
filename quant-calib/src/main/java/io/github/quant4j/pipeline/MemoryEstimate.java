// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.rounding.ScaleRefit;
import io.github.quant4j.statistic.StatisticNeed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The least heap with which a plan can be carried out: what lives when the worst group of the worst
 * block is quantized. Weights that are not touched stay in mapped files and take none.
 */
final class MemoryEstimate {
  /** The program itself, its tokenizer and the calibration text. */
  private static final long PROGRAM_BYTES = 10L << 20;

  /** Rows that error feedback works on at a time. */
  private static final int ROWS_IN_SLAB = 2048;

  /** Floats for each weight: ten grids with 12 bytes for a tile of 16 weights. */
  private static final int GRIDS_OF_BLOCKS = 3;

  /** Floats of the equations of a slab at most, and by what the square of the inputs is divided. */
  private static final long LARGEST_SYSTEMS = (64L << 20) / Float.BYTES;

  /** Two unknowns in double for 16 inputs. */
  private static final int SYSTEM_SHARE = 16 * 16 / 4 / 2;

  private final BlockModel<?> model;
  private final Map<LinearSite, PlannedSite> planned = new HashMap<>();
  private final boolean isCalibrated;
  private final long tokens;
  private final boolean isRetargeted;

  /**
   * Looks at a plan.
   *
   * @param tokens of the calibration
   */
  MemoryEstimate(BlockModel<?> model, List<PlannedSite> sites, boolean isCalibrated, long tokens) {
    this.model = model;
    this.isCalibrated = isCalibrated;
    this.tokens = tokens;
    sites.forEach(site -> planned.put(site.site(), site));
    this.isRetargeted =
        sites.stream()
            .flatMap(site -> site.recipe().stream())
            .anyMatch(recipe -> recipe.needs().contains(StatisticNeed.CROSS_MOMENT));
  }

  /** Bytes of heap in all. */
  long bytes() {
    List<BlockLayout> blocks = new ArrayList<>(model.blocks());
    if (model.head().sites().stream().anyMatch(this::isQuantized)) {
      blocks.add(model.head());
    }
    return PROGRAM_BYTES + blocks.stream().mapToLong(this::bytes).max().orElse(0);
  }

  private boolean isQuantized(LinearSite site) {
    PlannedSite found = planned.get(site);
    return found != null && found.recipe().isPresent();
  }

  private long bytes(BlockLayout block) {
    long results = 0;
    boolean isTransformed = false;
    for (LinearSite site : block.sites()) {
      PlannedSite found = planned.get(site);
      if (found != null && found.recipe().isPresent()) {
        // The packed weights, and the same in the packing of their kernel.
        results += 2 * found.bitsAfter() / Byte.SIZE;
        isTransformed |= !found.recipe().get().transforms().isEmpty();
      }
    }
    long folded =
        isTransformed
            ? Float.BYTES * block.sites().stream().mapToLong(LinearSite::weightCount).sum()
            : 0;
    long worst = block.groups().stream().mapToLong(this::bytes).max().orElse(0);
    // The block as it was given has the transformed weights as well.
    return results + (isRetargeted ? 2 : 1) * folded + worst + passes(block);
  }

  /** Copies that the quantization of a group takes. */
  private long bytes(SiteGroup group) {
    long in = group.inFeatures();
    long dense = 0;
    long largest = 0;
    long rows = 0;
    boolean hasMoment = false;
    boolean isObserved = false;
    boolean isGroupRetargeted = false;
    long grids = 0;
    for (LinearSite site : group.sites()) {
      PlannedSite found = planned.get(site);
      if (found == null || found.recipe().isEmpty()) {
        continue;
      }
      Recipe recipe = found.recipe().get();
      dense += site.weightCount();
      largest = Math.max(largest, site.weightCount());
      rows = Math.max(rows, site.outFeatures());
      hasMoment |= recipe.needs().contains(StatisticNeed.GRAM);
      isObserved |= !recipe.needs().isEmpty();
      isGroupRetargeted |= recipe.needs().contains(StatisticNeed.CROSS_MOMENT);
      if (triesGridsOfBlocks(recipe)) {
        // The grids, and copies of the moment, of rows at hand and of their changes.
        long systems = Math.min(LARGEST_SYSTEMS, site.outFeatures() * in * in / SYSTEM_SHARE);
        long slabs = (in + 5L * Math.min(ROWS_IN_SLAB, site.outFeatures())) * in;
        grids = Math.max(grids, GRIDS_OF_BLOCKS * site.weightCount() + systems + slabs);
      }
      if (!recipe.transforms().isEmpty()) {
        // The transformed weights beside the given ones.
        dense += site.weightCount();
      }
    }
    // The result, nearest rounding for comparison, and the difference of one from the weights.
    long floats = dense + 3 * largest + grids;
    if (hasMoment) {
      // The moment, its factor, and the feedback on a slab.
      floats += 2 * in * in + Math.min(ROWS_IN_SLAB, rows) * in;
    }
    if (isGroupRetargeted) {
      // Rounding or, before it, the way to an inverse and to a target, which are not there at once.
      long rounding = floats - dense - in * in;
      long target = Math.max(5 * in * in, in * in + 5 * largest);
      floats += Math.max(0, target - rounding);
      // The moments with the errors, and targets of all layers.
      floats += in * in + rows * in + dense;
      floats += Math.min(tokens, InputObserver.HELD_OUT_ROWS) * (2 * in + rows);
    }
    if (isObserved) {
      floats += Math.min(tokens, InputObserver.LARGEST_SAMPLE) * in;
    }
    return Float.BYTES * floats;
  }

  /** Refits of blocks hold all grids that they try, and equations. */
  private static boolean triesGridsOfBlocks(Recipe recipe) {
    return recipe
        .decomposition()
        .mainQuantizer()
        .filter(main -> main.scheme().blocks().isPresent())
        .filter(main -> main.roundings().stream().anyMatch(ScaleRefit.class::isInstance))
        .isPresent();
  }

  private long passes(BlockLayout block) {
    if (!isCalibrated) {
      return 0;
    }
    long batch = Math.min(tokens, QuantizationRun.TOKENS_IN_BATCH);
    long widest = block.groups().stream().mapToInt(SiteGroup::inFeatures).max().orElse(0);
    long outputs =
        block.groups().stream()
            .mapToLong(group -> group.sites().stream().mapToLong(LinearSite::outFeatures).sum())
            .max()
            .orElse(0);
    long perToken = block.outFeatures() + widest + block.carried();
    // Given inputs may be of any number, but no more are held than there is room for.
    long held = Planner.heldBytes() / Float.BYTES;
    int streams = isRetargeted ? 2 : 1;
    held = tokens > held / perToken / streams ? held : tokens * perToken * streams;
    // A batch on its way: its input, a copy of what is observed, and the outputs of a group.
    return Float.BYTES * (held + batch * (streams * perToken + widest + outputs));
  }
}
