// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.decompose.LowRankSpec;
import io.github.quant4j.decompose.OutlierCriterion;
import io.github.quant4j.decompose.SparseSpec;
import io.github.quant4j.tensor.DType;
import java.util.List;

/** The words for compensations that make terms of their own. */
final class TermWords {
  static final List<String> NAMES =
      List.of("sparse", "lowrank", "plane", "split", "columns", "loop", "bias");

  private TermWords() {}

  static SparseSpec sparse(RecipeWord word) {
    boolean last = word.takeFlag("last");
    DType values = word.takeFlag("f32") ? DType.F32 : DType.F16;
    word.takeFlag("f16");
    OutlierCriterion criterion = OutlierCriterion.MAGNITUDE;
    for (OutlierCriterion candidate : OutlierCriterion.values()) {
      if (word.takeFlag(candidate.label())) {
        criterion = candidate;
      }
    }
    RecipeScanner.Piece amount = word.take("a share such as 0.005, or deviations such as 3sigma,");
    double share = 0;
    double sigmas = 0;
    if (amount.text().endsWith("sigma")) {
      String number = amount.text().substring(0, amount.text().length() - "sigma".length());
      sigmas = word.number(new RecipeScanner.Piece(number, amount.position()));
    } else {
      share = word.number(amount);
    }
    word.end("magnitude", "saliency", "rounding", "sensitivity", "scores", "f16", "f32", "last");
    return new SparseSpec(share, sigmas, criterion, values, last);
  }

  static LowRankSpec lowRank(RecipeWord word) {
    boolean first = word.takeFlag("first");
    LowRankSpec.Weighting weighting = LowRankSpec.Weighting.PLAIN;
    if (word.takeFlag("weighted")) {
      weighting = LowRankSpec.Weighting.WEIGHTED;
    } else if (word.takeFlag("scaled")) {
      weighting = LowRankSpec.Weighting.SCALED;
    }
    LowRankSpec.Factors factors = LowRankSpec.Factors.F16;
    for (LowRankSpec.Factors candidate : LowRankSpec.Factors.values()) {
      if (word.takeFlag(candidate.name().toLowerCase(java.util.Locale.ROOT))) {
        factors = candidate;
      }
    }
    int rank = word.count(word.take("the rank, such as 16,"));
    word.end("first", "weighted", "scaled", "f16", "f32", "int8", "int4");
    return new LowRankSpec(rank, weighting, factors, first);
  }
}
