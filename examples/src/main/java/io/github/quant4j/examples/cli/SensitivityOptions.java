// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.allocate.Candidates;
import io.github.quant4j.allocate.PublishedAllocation;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.sensitivity.LossMeasure;
import io.github.quant4j.sensitivity.SensitivityStudy;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is measured of each layer, and on what. */
final class SensitivityOptions {
  @Option(
      names = "--candidates",
      paramLabel = "FILE",
      description =
          "Recipes that a layer may have, one a line; # begins a comment. Without it integers of 2"
              + " to 8 bits in several group sizes.")
  private @Nullable Path candidates;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description =
          "The candidates of a published way to choose widths, its objective and ties: HAWQ-V2,"
              + " HAWQ-V3, ZeroQ, CalibTIP, AdaPT, 'Inter-Layer Hessians', LQ-LoRA, Q-Palette,"
              + " EMQ, LRP-QViT or CPTQuant. Other options change these.")
  private @Nullable String policy;

  @Option(
      names = "--losses",
      paramLabel = "WHICH",
      description =
          "Of which candidates the model's loss is measured with a layer alone quantized: all,"
              + " widths (one of each width; those of the others follow from the errors of their"
              + " outputs) or none (default: ${DEFAULT-VALUE}).")
  private String losses = "widths";

  @Option(
      names = "--measure",
      paramLabel = "N",
      description =
          "Inputs that losses are measured on, of the calibration's, which are then not fitted to"
              + " (default: ${DEFAULT-VALUE}).")
  private int measured = 8;

  @Option(
      names = "--pairs",
      description = "Measure as well what each two neighbouring layers lose together.")
  private boolean pairs;

  /** The file of candidates, if one was given. */
  @Nullable Path candidatesFile() {
    return candidates;
  }

  /** The published system, if one was named. */
  @Nullable String policyName() {
    return policy;
  }

  /** What can be checked before a model is opened. */
  void check() throws IOException {
    NumberRange.atLeast("--measure", measured, 1);
    List<Recipe> all = candidates();
    Set<Recipe> _ = withLoss(all);
  }

  /** The candidates, read before any work. */
  List<Recipe> candidates() throws IOException {
    if (candidates != null) {
      return Candidates.parse(TextFile.read(candidates));
    }
    return policy().map(PublishedAllocation::candidates).orElseGet(Candidates::defaults);
  }

  /** The published system whose choices hold where no other option says something else. */
  Optional<PublishedAllocation> policy() {
    if (policy == null) {
      return Optional.empty();
    }
    Optional<PublishedAllocation> found = PublishedAllocation.find(policy);
    if (found.isEmpty()) {
      throw new UsageException(
          "--policy: '"
              + policy
              + "', expected one of "
              + PublishedAllocation.all().stream()
                  .map(PublishedAllocation::name)
                  .collect(Collectors.joining(", ")));
    }
    return found;
  }

  /** Whether the model's loss is measured at all. */
  boolean measuresLosses() {
    return !losses.equals("none");
  }

  private Set<Recipe> withLoss(List<Recipe> all) {
    return switch (losses) {
      case "all" -> Set.copyOf(all);
      case "widths" -> Candidates.oneForEachWidth(all);
      case "none" -> Set.of();
      default ->
          throw new UsageException("--losses: '" + losses + "', expected all, widths or none");
    };
  }

  /** Inputs of a model, of which some are measured on. */
  private record Split<I>(List<I> calibration, List<I> measured) {}

  /** Every so many-th is measured on, so that both are from everywhere. */
  private <I> Split<I> split(List<I> inputs) {
    int count = Math.min(measured, inputs.size() / 2);
    if (count == 0) {
      throw new UsageException(
          "--samples: "
              + inputs.size()
              + " inputs, expected at least 2: some to fit layers to and some to measure losses on");
    }
    List<I> fitted = new ArrayList<>();
    List<I> kept = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      // As many as asked for, evenly spread.
      boolean isMeasured =
          (long) (i + 1) * count / inputs.size() > (long) i * count / inputs.size();
      (isMeasured ? kept : fitted).add(inputs.get(i));
    }
    return new Split<>(fitted, kept);
  }

  /** Those inputs that losses are measured on. */
  <I> List<I> measured(List<I> inputs) {
    return split(inputs).measured();
  }

  /** Measures a model. */
  SensitivityTable measure(AnyModel model, QuantizationInputs inputs, Quant quant)
      throws IOException {
    return switch (model) {
      case AnyModel.Text(var language) ->
          measure(
              language.graph(),
              LossMeasure.DIVERGENCE,
              inputs.windows(language, quant),
              model,
              quant);
      case AnyModel.Speech(var encoder) ->
          measure(encoder.graph(), LossMeasure.NOISE, inputs.spectrograms(encoder), model, quant);
    };
  }

  private <I> SensitivityTable measure(
      BlockModel<I> graph, LossMeasure measure, List<I> inputs, AnyModel model, Quant quant)
      throws IOException {
    List<Recipe> all = candidates();
    Split<I> split = split(inputs);
    try (ProgressLine progress = quant.progress()) {
      return SensitivityStudy.of(
              graph, measure, split.calibration(), split.measured(), all, model.kernels())
          .measuringLossOf(withLoss(all))
          .withPairs(pairs || policy().map(PublishedAllocation::pairs).orElse(false))
          .watched(progress, quant.terminal().cancellation())
          .run();
    }
  }

  /** A table that was kept. */
  static SensitivityTable read(Path file) throws IOException {
    try {
      return SensitivityTable.parse(TextFile.read(file));
    } catch (JsonException e) {
      throw new UsageException(file + ": not a table of sensitivities: " + e.getMessage());
    }
  }
}
