// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.annotation.Stable;
import io.github.quant4j.decompose.ColumnsSpec;
import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.GroupsSpec;
import io.github.quant4j.decompose.OutlierCriterion;
import io.github.quant4j.decompose.QuantizedSpec;
import io.github.quant4j.decompose.RowsSpec;
import io.github.quant4j.decompose.SparseSpec;
import io.github.quant4j.decompose.SplitSpec;
import io.github.quant4j.decompose.TermSpec;
import io.github.quant4j.decompose.WidthsSpec;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.ActivationCalibration;
import io.github.quant4j.search.RangeRule;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A whole recipe: transforms of the input, the terms that stand for the weights, how activations
 * are quantized, and corrections.
 *
 * <pre>
 * recipe       = [ tokens " | " ] [ retarget " | " ] { transform " | " } weights
 *                [ " @ " activations ] { " + " compensation }
 * weights      = quantizer { " or " quantizer }
 *              | ternary2:granularity[:sym][:codec] [ fit of planes ]
 *              | trellis2 | trellis3 | trellis4 | f16 | bf16 | f32
 * quantizer    = format:granularity[:sym|asym][:codec] [ search ] [ rounding{&gt;rounding} ]
 * activations  = format:granularity[:sym|asym][:codec] [ range ] | a preset
 * </pre>
 *
 * <p>The words for each of these, with their arguments, are listed by {@link RecipeGrammar}.
 *
 * <p>Of several quantizers that of the least error is taken for each layer. Presets, which also
 * stand for a quantizer's scheme, are {@code mxfp4}, {@code mxfp6e2m3}, {@code mxfp6e3m2}, {@code
 * mxfp8}, {@code mxfp8e5m2}, {@code mxint8} and {@code nvfp4}. Recipes are immutable and compare by
 * value; the canonical text is {@link #toString()}.
 *
 * @param transforms of the input, in the order of application
 * @param decomposition the terms that stand for the weights
 * @param activations how the input is quantized, or empty for float activations
 * @param hasBiasCorrection whether the mean error of the output is taken off the bias
 * @param attentionWeight how much the token that receives most attention counts in the statistics
 *     against the one that receives least (RSQ, Sung et al., arXiv:2503.01820); 1 if all count
 *     alike. The code that gathers the statistics must apply it
 * @param retarget whether weights are rounded towards others that make up for the quantization of
 *     the layers before
 */
@Stable
public record Recipe(
    List<TransformRule> transforms,
    Decomposition decomposition,
    Optional<Activations> activations,
    boolean hasBiasCorrection,
    double attentionWeight,
    Optional<Retarget> retarget) {
  static final double ALL_ALIKE = 1;

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if the attention weight is less than 1 or not finite
   */
  public Recipe {
    transforms = List.copyOf(transforms);
    if (!(attentionWeight >= ALL_ALIKE && attentionWeight <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "attentionWeight: " + attentionWeight + ", expected finite and at least 1");
    }
  }

  /**
   * A recipe that rounds towards the weights as they are given.
   *
   * @param transforms of the input, in the order of application
   * @param decomposition the terms that stand for the weights
   * @param activations how the input is quantized, or empty for float activations
   * @param hasBiasCorrection whether the mean error of the output is taken off the bias
   * @param attentionWeight how much the token that receives most attention counts
   * @throws IllegalArgumentException if the attention weight is less than 1 or not finite
   */
  public Recipe(
      List<TransformRule> transforms,
      Decomposition decomposition,
      Optional<Activations> activations,
      boolean hasBiasCorrection,
      double attentionWeight) {
    this(
        transforms,
        decomposition,
        activations,
        hasBiasCorrection,
        attentionWeight,
        Optional.empty());
  }

  /**
   * Reads a recipe.
   *
   * @param text for example {@code smooth(0.5) | int8:channel:sym rtn @ int8:token}
   * @return the recipe
   * @throws RecipeException if the text is not one; the message gives the position and the word,
   *     the nearest known word, and what was expected
   */
  public static Recipe parse(String text) {
    return RecipeParser.parse(text);
  }

  /**
   * The recipe of a published system.
   *
   * @param name for example {@code QuaRot}, in upper or lower case; see {@link PublishedRecipes}
   * @return the recipe
   * @throws IllegalArgumentException if there is none of that name; the message suggests the
   *     nearest one
   */
  public static Recipe published(String name) {
    return PublishedRecipes.get(name).recipe();
  }

  /**
   * The recipe with the best quality of those that take at most so many bits for a weight, in a
   * layer of 4096 inputs and outputs; {@link BestRecipes#within} takes the layers at hand.
   *
   * @param bits effective bits, scales included, at least about 2.01
   * @return a recipe for the weights alone
   * @throws IllegalArgumentException if there is none of so few bits
   */
  public static Recipe best(double bits) {
    return BestRecipes.within(bits, List.of(new BestRecipes.Layer(4096, 4096)));
  }

  /**
   * The same recipe with other transforms.
   *
   * @param others in the order of application; none for weights that are transformed already
   * @return the changed recipe
   */
  public Recipe withTransforms(List<TransformRule> others) {
    return new Recipe(
        others, decomposition, activations, hasBiasCorrection, attentionWeight, retarget);
  }

  /**
   * The same recipe with another target, or none of its own.
   *
   * @param other what to round towards; empty for the weights as they are given, such as where the
   *     layers before are not quantized
   * @return the changed recipe
   */
  public Recipe withRetarget(Optional<Retarget> other) {
    return new Recipe(
        transforms, decomposition, activations, hasBiasCorrection, attentionWeight, other);
  }

  /**
   * The scheme of weights that are one quantized matrix and nothing beside it.
   *
   * @return the scheme; empty for sums of terms, choices, and other kinds of weights
   */
  public Optional<QuantScheme> soleScheme() {
    return decomposition.terms().size() == 1
            && decomposition.terms().getFirst() instanceof QuantizedSpec(var quantizer, var _)
        ? Optional.of(quantizer.scheme())
        : Optional.empty();
  }

  /**
   * The same recipe with its weights in another scheme.
   *
   * @param scheme what can be represented
   * @return the changed recipe
   * @throws IllegalArgumentException if the weights are not one quantized matrix, see {@link
   *     #soleScheme()}, or a step does not suit the scheme
   */
  public Recipe withScheme(QuantScheme scheme) {
    if (decomposition.terms().size() == 1
        && decomposition.terms().getFirst() instanceof QuantizedSpec(var quantizer, var residual)) {
      Quantizer changed = Quantizer.of(scheme, quantizer.search(), quantizer.roundings());
      return new Recipe(
          transforms,
          new Decomposition(List.of(new QuantizedSpec(changed, residual)), decomposition.loops()),
          activations,
          hasBiasCorrection,
          attentionWeight,
          retarget);
    }
    throw new IllegalArgumentException("'" + this + "': expected one quantized matrix as weights");
  }

  /**
   * What must be known of the layer's input.
   *
   * @return the needs of all parts; a sample is among them if ranges are needed after a rotation
   */
  public Set<StatisticNeed> needs() {
    Set<StatisticNeed> needs = EnumSet.noneOf(StatisticNeed.class);
    boolean mixed = false;
    for (TransformRule rule : transforms) {
      Set<StatisticNeed> own = rule.needs(activations.isPresent());
      needs.addAll(own);
      if (mixed && own.contains(StatisticNeed.CHANNELS)) {
        needs.add(StatisticNeed.SAMPLE);
      }
      mixed |= rule.mixesChannels();
    }
    needs.addAll(decomposition.needs());
    if (hasBiasCorrection) {
      needs.add(StatisticNeed.CHANNELS);
    }
    if (activations.isPresent() && activations.get().areSearched()) {
      needs.add(StatisticNeed.CHANNELS);
      needs.add(StatisticNeed.SAMPLE);
    }
    if (activations.isPresent() && ActivationCalibration.isNeeded(activations.get().scheme())) {
      needs.add(StatisticNeed.CHANNELS);
      if (mixed || activations.get().range().needsValues()) {
        needs.add(StatisticNeed.SAMPLE);
      }
      if (activations.get().range() instanceof RangeRule.Percentile) {
        needs.add(StatisticNeed.QUANTILES);
      }
    }
    if (retarget.isPresent() && !retarget.get().isIdle()) {
      needs.add(StatisticNeed.GRAM);
      needs.add(StatisticNeed.CROSS_MOMENT);
      if (retarget.get().needsResidual()) {
        needs.add(StatisticNeed.RESIDUAL_MOMENT);
      }
    }
    return needs;
  }

  /**
   * Whether outliers are chosen by scores of the caller.
   *
   * @return true for {@code sparse(share,scores)}; each layer must then come with a score for each
   *     of its weights
   */
  public boolean needsScores() {
    return decomposition.terms().stream()
        .anyMatch(
            term ->
                term instanceof SparseSpec sparse && sparse.criterion() == OutlierCriterion.SCORES);
  }

  /**
   * Whether the recipe suits a layer, and what it will take, known before any work is done.
   *
   * @param rows outputs of the layer
   * @param columns inputs of the layer
   * @return bits, see {@link TermSpec#storageBits}; a transform that is not folded is not counted
   * @throws IllegalArgumentException if a group size does not divide the matrix, or a rotation does
   *     not suit its width
   */
  public long storageBits(int rows, int columns) {
    for (TransformRule rule : transforms) {
      rule.requireWidth(columns);
    }
    activations.ifPresent(present -> requireSuits(present.scheme().granularity(), columns));
    return decomposition.storageBits(rows, columns);
  }

  /** Otherwise the first layer would refuse its input, after all the work before it. */
  private void requireSuits(ActivationGranularity granularity, int columns) {
    if (granularity instanceof ActivationGranularity.PerGroup(int size)) {
      if (columns % size != 0) {
        throw new IllegalArgumentException(
            "activations: groups of " + size + " do not divide the " + columns + " inputs");
      }
      int part = decomposition.partColumns(columns);
      if (part % size != 0) {
        throw new IllegalArgumentException(
            "activations: groups of "
                + size
                + " do not divide the inputs of one width, which are a multiple of "
                + part
                + "; expected smaller groups, tensor or token");
      }
    }
    if (granularity instanceof ActivationGranularity.PerChannel) {
      if (decomposition.reordersColumns()) {
        throw new IllegalArgumentException(
            "activations: a scale for each input channel, but the weights have their columns in"
                + " another order; expected tensor, token or groups");
      }
      if (decomposition.splitsColumns()) {
        throw new IllegalArgumentException(
            "activations: a scale for each input channel, but the weights read those of each width"
                + " by themselves; expected tensor, token or groups");
      }
    }
  }

  /** Recipes are equal if their transforms and their canonical texts are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Recipe recipe
        && transforms.equals(recipe.transforms)
        && toString().equals(recipe.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /** The canonical text form, which {@link #parse} reads back. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    if (attentionWeight > ALL_ALIKE) {
      text.append(RecipeParser.TOKENS.label(attentionWeight)).append(" | ");
    }
    retarget.ifPresent(value -> text.append(value).append(" | "));
    transforms.forEach(rule -> text.append(rule.label()).append(" | "));
    List<String> compensations = new ArrayList<>();
    for (TermSpec term : decomposition.terms()) {
      if (term.stage() != TermSpec.Stage.MAIN) {
        compensations.add(term.label());
        continue;
      }
      // These are compensations in the text, though they take the place of the main term.
      switch (term) {
        case SplitSpec split -> {
          text.append(split.quantizer());
          compensations.addFirst(split.label());
        }
        case ColumnsSpec columns -> {
          text.append(columns.narrow());
          compensations.addFirst(columns.label());
        }
        case WidthsSpec widths -> {
          text.append(widths.quantizer());
          compensations.addFirst(widths.label());
        }
        case GroupsSpec groups -> {
          text.append(groups.narrow());
          compensations.addFirst(groups.label());
        }
        case RowsSpec rows -> {
          text.append(rows.narrow());
          compensations.addFirst(rows.label());
        }
        default -> text.append(term.label());
      }
    }
    activations.ifPresent(value -> text.append(" @ ").append(value));
    compensations.forEach(label -> text.append(" + ").append(label));
    if (decomposition.loops() > 1) {
      text.append(" + ").append(Compensation.Words.LOOP.label(decomposition));
    }
    return text.append(hasBiasCorrection ? " + bias" : "").toString();
  }
}
