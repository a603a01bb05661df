// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.allocate.Allocation;
import io.github.quant4j.allocate.Allocator;
import io.github.quant4j.allocate.Budget;
import io.github.quant4j.allocate.Objective;
import io.github.quant4j.allocate.PublishedAllocation;
import io.github.quant4j.allocate.Ties;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A budget, and how recipes are chosen within it. */
final class AllocationOptions {
  /** Far more than any model has, and few enough to be counted in bits. */
  private static final long MOST_BYTES = Long.MAX_VALUE >> 8;

  @Option(
      names = "--target-bits",
      paramLabel = "B",
      description =
          "Instead of --recipe: choose a recipe for each layer, so that the layers take at most so"
              + " many bits a weight, with scales and all, and the model loses least.")
  private @Nullable Double targetBits;

  @Option(
      names = "--target-bytes",
      paramLabel = "N",
      description = "The same for the size of all files of the model.")
  private @Nullable Long targetBytes;

  @Option(
      names = "--target-bitops",
      paramLabel = "N",
      description =
          "The same for bit operations of a token in the layers; may stand beside a target of bits"
              + " or bytes, and both then hold.")
  private @Nullable Double targetOperations;

  @Option(
      names = "--target-kl",
      paramLabel = "D",
      description =
          "The fewest bits with which the predictions of the quantized model diverge by at most so"
              + " many nats, measured on the inputs of --measure.")
  private @Nullable Double targetDivergence;

  @Option(
      names = "--target-each",
      paramLabel = "L",
      description =
          "The smallest candidate of each layer that loses at most so much by itself, in the unit of"
              + " the objective, without a budget (AdaPT).")
  private @Nullable Double targetEach;

  @Option(
      names = "--objective",
      paramLabel = "WHAT",
      description =
          "What is summed over layers: loss of the model with a layer alone quantized, error of the"
              + " layer's output, relative-error, trace (HAWQ) or scores (default: loss).")
  private @Nullable String objective;

  @Option(
      names = "--scores",
      paramLabel = "FILE",
      description =
          "For --objective scores: a JSON object with a number for each layer, which the squared"
              + " error of its weights is multiplied by.")
  private @Nullable Path scores;

  @Option(
      names = "--ties",
      paramLabel = "WHICH",
      description =
          "Which layers share a recipe: none, groups (those that read the same input, such as q, k"
              + " and v), blocks or kinds (default: none).")
  private @Nullable String ties;

  @Option(
      names = "--sensitivity",
      paramLabel = "FILE",
      description =
          "What 'quant sensitivity --out FILE' has measured; without it, it is measured now.")
  private @Nullable Path table;

  @Option(
      names = "--plan-out",
      paramLabel = "FILE",
      description = "Where the plan goes, to be edited and given back as --plan.")
  private @Nullable Path planFile;

  @Mixin private SensitivityOptions sensitivity = new SensitivityOptions();

  boolean isAsked() {
    return targetBits != null
        || targetBytes != null
        || targetOperations != null
        || targetDivergence != null
        || targetEach != null;
  }

  /** What can be checked before a model is opened. */
  void check() throws IOException {
    long sizes =
        Stream.of(targetBits, targetBytes, targetDivergence, targetEach)
            .filter(Objects::nonNull)
            .count();
    boolean isAlone = targetDivergence != null || targetEach != null;
    if (sizes > 1 || (isAlone && targetOperations != null)) {
      throw new UsageException(
          "--target-bits, --target-bytes, --target-kl, --target-each: expected one of them");
    }
    requirePositive("--target-each", targetEach);
    requirePositive("--target-bits", targetBits);
    requirePositive("--target-bytes", targetBytes);
    requirePositive("--target-bitops", targetOperations);
    requirePositive("--target-kl", targetDivergence);
    if (ties().isEmpty() || objective().isEmpty()) {
      throw new UsageException(
          ties().isEmpty()
              ? "--ties: '" + ties + "', expected none, groups, blocks or kinds"
              : "--objective: '"
                  + objective
                  + "', expected loss, error, relative-error, trace or scores");
    }
    if (objective().orElseThrow() == Objective.SCORES && scores == null) {
      throw new UsageException("--scores: missing, expected a file for --objective scores");
    }
    if (objective().orElseThrow() == Objective.SCORES) {
      Map<String, Double> _ = readScores();
    }
    sensitivity.check();
    if (table != null) {
      SensitivityTable _ = SensitivityOptions.read(table);
    } else if (objective().orElseThrow() == Objective.LOSS && !sensitivity.measuresLosses()) {
      throw new UsageException(
          "--losses: none, expected all or widths for an objective of loss; --objective names"
              + " others");
    }
  }

  /** Requires a score for each layer, if they are what is summed. */
  void requireScores(List<String> layers) throws IOException {
    if (objective().orElseThrow() != Objective.SCORES) {
      return;
    }
    Map<String, Double> given = readScores();
    layers.stream()
        .filter(layer -> !given.containsKey(layer))
        .findFirst()
        .ifPresent(
            layer -> {
              throw new UsageException(
                  scores + ": no number for " + layer + ", expected one for each layer");
            });
  }

  /** Without a target these options have no meaning, and whoever gives one expects something. */
  void requireUnused() {
    requireUnused("--objective", objective);
    requireUnused("--scores", scores);
    requireUnused("--ties", ties);
    requireUnused("--sensitivity", table);
    requireUnused("--plan-out", planFile);
    requireUnused("--candidates", sensitivity.candidatesFile());
    requireUnused("--policy", sensitivity.policyName());
  }

  private static void requireUnused(String option, @Nullable Object value) {
    if (value != null) {
      throw new UsageException(
          option + ": without a target; expected --target-bits or another target beside it");
    }
  }

  private static void requirePositive(String option, @Nullable Number value) {
    if (value != null && !(value.doubleValue() > 0)) {
      throw new UsageException(option + ": " + value + ", expected more than 0");
    }
  }

  private Optional<Objective> objective() {
    return objective != null
        ? Objective.find(objective)
        : Optional.of(
            sensitivity.policy().map(PublishedAllocation::objective).orElse(Objective.LOSS));
  }

  private Optional<Ties> ties() {
    return ties != null
        ? Ties.find(ties)
        : Optional.of(sensitivity.policy().map(PublishedAllocation::ties).orElse(Ties.NONE));
  }

  SensitivityOptions sensitivity() {
    return sensitivity;
  }

  @Nullable Path planFile() {
    return planFile;
  }

  OptionalLong targetBytes() {
    return targetBytes == null ? OptionalLong.empty() : OptionalLong.of(targetBytes);
  }

  OptionalDouble targetDivergence() {
    return targetDivergence == null ? OptionalDouble.empty() : OptionalDouble.of(targetDivergence);
  }

  /** The table of a file, or of the model as it is measured now. */
  SensitivityTable table(AnyModel model, QuantizationInputs inputs, Quant quant)
      throws IOException {
    return table != null
        ? SensitivityOptions.read(table)
        : sensitivity.measure(model, inputs, quant);
  }

  Allocator allocator(SensitivityTable measured) throws IOException {
    Objective what = objective().orElseThrow();
    Allocator allocator =
        what == Objective.SCORES
            ? Allocator.ofScores(measured, readScores())
            : Allocator.of(measured, what);
    return allocator.withTies(ties().orElseThrow());
  }

  private Map<String, Double> readScores() throws IOException {
    Path file = Objects.requireNonNull(scores);
    Map<String, Double> numbers = new LinkedHashMap<>();
    try {
      if (!(JsonParser.parse(TextFile.read(file)) instanceof JsonValue.Obj json)) {
        throw new JsonException("expected an object");
      }
      for (String name : json.members().keySet()) {
        double number =
            json.getDouble(name)
                .orElseThrow(() -> new JsonException("'" + name + "': null, expected a number"));
        if (!(number >= 0 && number <= Double.MAX_VALUE)) {
          throw new JsonException(
              "'" + name + "': " + number + ", expected a finite number of at least 0");
        }
        numbers.put(name, number);
      }
    } catch (JsonException e) {
      throw new UsageException(file + ": " + e.getMessage());
    }
    return numbers;
  }

  /**
   * The best plan within the targets of size and work.
   *
   * @param bytes what the layers may take, for a target of bytes
   */
  Allocation within(Allocator allocator, SensitivityTable measured, long bytes) {
    if (targetEach != null) {
      return allocator.lowestWithin(targetEach);
    }
    OptionalLong bits = OptionalLong.empty();
    if (targetBits != null) {
      bits = OptionalLong.of((long) Math.floor(targetBits * (double) measured.weightCount()));
    } else if (targetBytes != null) {
      bits = OptionalLong.of(Math.max(1, Math.min(bytes, MOST_BYTES) * Byte.SIZE));
    }
    OptionalDouble operations =
        targetOperations == null ? OptionalDouble.empty() : OptionalDouble.of(targetOperations);
    if (bits.isPresent() && bits.getAsLong() < 1) {
      throw new UsageException("--target-bits: " + targetBits + ", expected more");
    }
    return allocator
        .within(new Budget(bits, operations))
        .orElseThrow(
            () ->
                new UsageException(
                    "the target is below what the smallest candidates take; add smaller ones with"
                        + " --candidates, or ask for more"));
  }
}
