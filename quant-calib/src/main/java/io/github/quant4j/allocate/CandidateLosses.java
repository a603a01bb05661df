// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.PairInteraction;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What an objective says of a candidate. */
final class CandidateLosses {
  private final SensitivityTable table;
  private final Objective objective;
  private final Map<String, Double> scores;

  CandidateLosses(SensitivityTable table, Objective objective, Map<String, Double> scores) {
    this.table = table;
    this.objective = objective;
    this.scores = scores;
  }

  double of(SiteSensitivity site, CandidateSensitivity candidate) {
    return switch (objective) {
      case LOSS -> loss(site, candidate);
      case OUTPUT_ERROR -> candidate.outputError();
      case RELATIVE_ERROR ->
          candidate.outputError() / Math.max(site.outputPower(), Double.MIN_NORMAL);
      case TRACE -> site.trace() / site.inFeatures() * candidate.weightError();
      case SCORES -> score(site) * candidate.weightError();
    };
  }

  private double score(SiteSensitivity site) {
    Double score = scores.get(site.name());
    if (score == null) {
      throw new IllegalArgumentException(
          "scores: none for layer '" + site.name() + "', expected one for each layer");
    }
    return score;
  }

  private double loss(SiteSensitivity site, CandidateSensitivity candidate) {
    return candidate.loss().isPresent()
        ? candidate.loss().getAsDouble() + interactions(site, candidate)
        : fromErrors(site, candidate);
  }

  /** Half of what is lost beyond the sum with each neighbour, so that both together lose it. */
  private double interactions(SiteSensitivity site, CandidateSensitivity candidate) {
    double sum = 0;
    for (PairInteraction pair : table.pairs()) {
      boolean concerns = pair.first().equals(site.name()) || pair.second().equals(site.name());
      if (concerns && pair.recipe().equals(candidate.recipe())) {
        sum += pair.loss() / 2;
      }
    }
    return sum;
  }

  /** Between and beyond measured losses, as a power of the error of the output. */
  private static double fromErrors(SiteSensitivity site, CandidateSensitivity candidate) {
    List<CandidateSensitivity> measured =
        site.candidates().stream()
            .filter(one -> one.loss().orElse(0) > 0 && one.outputError() > 0)
            .sorted(Comparator.comparingDouble(CandidateSensitivity::outputError))
            .toList();
    if (measured.isEmpty()) {
      throw new IllegalArgumentException(
          "layer '"
              + site.name()
              + "': no loss was measured; expected at least one, or another objective");
    }
    double error = Math.max(candidate.outputError(), Double.MIN_NORMAL);
    CandidateSensitivity below = measured.getFirst();
    CandidateSensitivity above = measured.getLast();
    for (CandidateSensitivity one : measured) {
      below = one.outputError() <= error ? one : below;
    }
    for (CandidateSensitivity one : measured.reversed()) {
      above = one.outputError() >= error ? one : above;
    }
    if (below.outputError() >= above.outputError()) {
      // Outside of what was measured loss is taken to be proportional to error.
      return below.loss().orElse(0) * error / below.outputError();
    }
    double share =
        Math.log(error / below.outputError()) / Math.log(above.outputError() / below.outputError());
    return Math.exp(
        (1 - share) * Math.log(below.loss().orElse(0)) + share * Math.log(above.loss().orElse(0)));
  }
}
