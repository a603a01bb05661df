// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import io.github.quant4j.recipe.Recipe;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A published way to choose widths, as an objective, candidates and ties.
 *
 * @param name of the system
 * @param reference where it is published
 * @param objective what it makes least
 * @param ties which layers share a recipe
 * @param pairs whether interactions of neighbours count
 * @param candidates the recipes
 * @param differences in what this is another thing than the paper's
 */
public record PublishedAllocation(
    String name,
    String reference,
    Objective objective,
    Ties ties,
    boolean pairs,
    List<Recipe> candidates,
    String differences) {
  private static final int RANK = 16;

  private static final List<PublishedAllocation> ALL =
      List.of(
          new PublishedAllocation(
              "HAWQ-V2",
              "Dong et al., 2019, arXiv:1911.03852",
              Objective.TRACE,
              Ties.NONE,
              false,
              recipes(
                  "int2:channel:sym rtn",
                  "int3:channel:sym rtn",
                  "int4:channel:sym rtn",
                  "int8:channel:sym rtn"),
              "The trace is that of the layer's own Gauss-Newton matrix, not of the loss's Hessian;"
                  + " the Pareto frontier is exact; no training afterwards."),
          new PublishedAllocation(
              "HAWQ-V3",
              "Yao et al., 2020, arXiv:2011.10680",
              Objective.TRACE,
              Ties.GROUPS,
              false,
              recipes(
                  "int4:channel:sym rtn @ int4:token:sym", "int8:channel:sym rtn @ int8:token:sym"),
              "As HAWQ-V2; activations are scaled by token. Budgets of bytes and of bit operations;"
                  + " requantization is DyadicRatio."),
          new PublishedAllocation(
              "ZeroQ",
              "Cai et al., 2020, arXiv:2001.00281",
              Objective.LOSS,
              Ties.NONE,
              false,
              recipes("int2:channel:sym rtn", "int4:channel:sym rtn", "int8:channel:sym rtn"),
              "Divergence is measured on text that the model writes instead of on images distilled"
                  + " from batch norms."),
          new PublishedAllocation(
              "CalibTIP",
              "Hubara et al., 2020, arXiv:2006.10518",
              Objective.LOSS,
              Ties.NONE,
              false,
              recipes(
                  "int2:channel:sym mse adaround + bias",
                  "int4:channel:sym mse adaround + bias",
                  "int8:channel:sym mse adaround + bias"),
              "AdaRound in the place of AdaQuant; no batch norms to tune again."),
          new PublishedAllocation(
              "Inter-Layer Hessians",
              "Schaefer et al., 2023, arXiv:2306.04879",
              Objective.LOSS,
              Ties.NONE,
              true,
              recipes("int4:channel:sym mse rtn", "int8:channel:sym mse rtn"),
              "Losses and interactions of neighbours are measured, half of each counted to either"
                  + " layer; then the exact knapsack and bisection (--target-kl) instead of an order"
                  + " of layers."),
          new PublishedAllocation(
              "AdaPT",
              "Kummer et al., 2021, arXiv:2107.13490",
              Objective.LOSS,
              Ties.NONE,
              false,
              recipes(
                  "int2:channel:sym rtn",
                  "int3:channel:sym rtn",
                  "int4:channel:sym rtn",
                  "int5:channel:sym rtn",
                  "int6:channel:sym rtn",
                  "int7:channel:sym rtn",
                  "int8:channel:sym rtn"),
              "For --target-each: the lowest width within a divergence, of predictions rather than of"
                  + " the distribution of weights, and once rather than at each step of training."),
          new PublishedAllocation(
              "LQ-LoRA",
              "Guo et al., 2023, arXiv:2311.12023",
              Objective.OUTPUT_ERROR,
              Ties.NONE,
              false,
              Candidates.lqLora(RANK),
              "The second moment of the input in the place of the Fisher information; 8 bits are"
                  + " integers; no fine-tuning."),
          new PublishedAllocation(
              "Q-Palette",
              "Lee and Song, 2025, arXiv:2509.20214",
              Objective.LOSS,
              Ties.GROUPS,
              false,
              recipes(
                  "hadamard | int2:channel:sym mse gptq>cd(6)",
                  "hadamard | int2:g64:sym mse gptq>cd(6)",
                  "hadamard | int3:channel:sym mse gptq>cd(6)",
                  "hadamard | int3:g64:sym mse gptq>cd(6)",
                  "hadamard | int4:channel:sym mse gptq>cd(6)",
                  "hadamard | int4:g64:sym mse gptq>cd(6)",
                  "hadamard | int5:channel:sym mse gptq>cd(6)"),
              "Integers in several group sizes in the place of trellis codes of fractional widths;"
                  + " losses measured for one group size of each width, as a power of the error"
                  + " between; WaterFilling gives the continuous optimum."),
          new PublishedAllocation(
              "EMQ",
              "Dong et al., 2023, arXiv:2307.10554",
              Objective.SCORES,
              Ties.NONE,
              false,
              recipes("int2:channel:sym rtn", "int3:channel:sym rtn", "int4:channel:sym rtn"),
              "The proxy is not searched for: its numbers are given with --scores."),
          new PublishedAllocation(
              "LRP-QViT",
              "Ranjan and Savakis, 2024, arXiv:2401.11243",
              Objective.SCORES,
              Ties.NONE,
              false,
              recipes("int3:channel:sym rtn", "int4:channel:sym rtn", "int6:channel:sym rtn"),
              "Relevance is given with --scores."),
          new PublishedAllocation(
              "CPTQuant",
              "Nanda et al., 2024, arXiv:2412.03599",
              Objective.SCORES,
              Ties.NONE,
              false,
              recipes("int4:channel:sym rtn", "int8:channel:sym rtn", "bf16"),
              "Its scores are given with --scores: correlations of layers (CMPQ), sensitivity to"
                  + " sparsity (PMPQ), or to a perturbed input (TDMPQ). The exact knapsack in the"
                  + " place of thresholds on them."));

  /** Copies the list. */
  public PublishedAllocation {
    candidates = List.copyOf(candidates);
  }

  private static List<Recipe> recipes(String... texts) {
    return Stream.of(texts).map(Recipe::parse).toList();
  }

  /**
   * All systems.
   *
   * @return in the order of their publication, about
   */
  public static List<PublishedAllocation> all() {
    return ALL;
  }

  /**
   * A system by name.
   *
   * @param name in upper or lower case
   * @return empty if there is none
   */
  public static Optional<PublishedAllocation> find(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    return ALL.stream()
        .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(wanted))
        .findFirst();
  }
}
