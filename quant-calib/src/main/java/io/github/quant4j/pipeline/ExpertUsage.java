// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.model.LanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many tokens the experts of a model's mixtures are sent. */
final class ExpertUsage {
  private final Map<SiteGroup, Integer> slots = new HashMap<>();
  private final List<Integer> firsts = new ArrayList<>();

  /** The experts of a model, which may have none. */
  ExpertUsage(BlockModel<?> model) {
    for (BlockLayout block : model.blocks()) {
      int before = slots.size();
      for (SiteGroup group : block.groups()) {
        // An expert's second group sees the tokens of its first once more.
        if (group.share() < 1 && group.name().endsWith(".input")) {
          slots.put(group, slots.size());
        }
      }
      if (slots.size() > before) {
        firsts.add(before);
      }
    }
    firsts.add(slots.size());
  }

  /** Whether there are experts that not every token uses. */
  static boolean hasExperts(BlockModel<?> model) {
    return model.blocks().stream()
        .flatMap(block -> block.groups().stream())
        .anyMatch(group -> group.share() < 1);
  }

  /** No tokens yet. */
  long[] none() {
    return new long[slots.size()];
  }

  /**
   * Counts tokens of texts of one length.
   *
   * @param from the first position that counts
   * @return for each text, tokens of each expert, layer after layer
   */
  long[][] count(LanguageModel model, List<int[]> texts, int from) {
    int length = texts.getFirst().length;
    long[][] counts = new long[texts.size()][slots.size()];
    model.observe(
        texts,
        (group, input) -> {
          Integer slot = slots.get(group);
          if (slot == null) {
            return;
          }
          input
              .selection()
              .ifPresent(
                  selection -> {
                    for (int i = 0; i < selection.count(); i++) {
                      int row = selection.rows()[i];
                      if (row % length >= from) {
                        counts[row / length][slot]++;
                      }
                    }
                  });
        });
    return counts;
  }

  /**
   * How unevenly experts are used.
   *
   * @return the standard deviation of the tokens of an expert by their mean, in the mean of all
   *     layers: 0 if all have the same, the root of the experts less one if one has all
   */
  double imbalance(long[] counts) {
    double sum = 0;
    int layers = firsts.size() - 1;
    for (int l = 0; l < layers; l++) {
      int from = firsts.get(l);
      int to = firsts.get(l + 1);
      double mean = (double) Arrays.stream(counts, from, to).sum() / (to - from);
      double squares = 0;
      for (int e = from; e < to; e++) {
        squares += (counts[e] - mean) * (counts[e] - mean);
      }
      sum += mean == 0 ? 0 : Math.sqrt(squares / (to - from)) / mean;
    }
    return layers == 0 ? 0 : sum / layers;
  }

  /** The sum of two counts. */
  static long[] sum(long[] a, long[] b) {
    long[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }
}
