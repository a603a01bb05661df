// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.checkpoint.GgufLayerTypes;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/** A recipe for blocks of ggml, for each layer with the blocks that a GGUF file is to have. */
final class BlockRecipes {
  private static final String BEST = " clip gptq(act-order)>cd(6)>refit(2)";

  private final SequencedMap<String, String> layers;

  private BlockRecipes(SequencedMap<String, String> layers) {
    this.layers = layers;
  }

  /** The best measured recipe for a type of blocks, or empty if weights are not rounded to it. */
  static Optional<Recipe> best(GgufTensorType type) {
    return scheme(type).map(scheme -> Recipe.parse("retarget(0.5) | " + scheme + BEST));
  }

  private static Optional<QuantScheme> scheme(GgufTensorType type) {
    return BlockFormat.find(type.name())
        .filter(BlockScaleCodec.formats()::contains)
        .map(QuantScheme::ofBlocks);
  }

  /** Whether the weights of a recipe are blocks, which may be of another type for each layer. */
  static boolean isOfBlocks(Recipe recipe) {
    return recipe
        .decomposition()
        .mainQuantizer()
        .map(quantizer -> quantizer.scheme().blocks().isPresent())
        .orElse(false);
  }

  /** Gives each layer within blocks the recipe with its type, and keeps what has none. */
  static BlockRecipes of(Recipe recipe, GgufLayerTypes types, BlockModel<?> model) {
    requireSole(recipe);
    SequencedMap<String, String> layers = new LinkedHashMap<>();
    boolean any = false;
    for (LinearSite site : model.sites()) {
      if (model.keptUnlessNamed().contains(site)) {
        continue;
      }
      Optional<QuantScheme> scheme = types.of(site.weight()).flatMap(BlockRecipes::scheme);
      any |= scheme.isPresent();
      layers.put(site.name(), scheme.map(one -> changed(recipe, one)).orElse("keep"));
    }
    if (!any) {
      throw new UsageException(
          "--recipe: '"
              + recipe
              + "' with --to gguf:"
              + types.usual()
              + ", which has no layer in blocks; expected no recipe, or another type");
    }
    return new BlockRecipes(layers);
  }

  private static String changed(Recipe recipe, QuantScheme scheme) {
    try {
      return recipe.withScheme(scheme).toString();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--recipe: '" + recipe + "' with " + scheme + ": " + e.getMessage());
    }
  }

  private static void requireSole(Recipe recipe) {
    if (recipe.soleScheme().isEmpty() || recipe.activations().isPresent()) {
      throw new UsageException(
          "--recipe: '"
              + recipe
              + "', but GGUF stores blocks and nothing beside them; expected one matrix of "
              + String.join(", ", QuantScheme.blockPresets()).toLowerCase(Locale.ROOT)
              + ", and inputs as they are");
    }
  }

  /** Refuses a recipe of other weights whose result no tensor of blocks could have as it is. */
  static void requireExact(Recipe recipe, GgufLayerTypes types, BlockModel<?> model) {
    for (LinearSite site : model.sites()) {
      Optional<GgufTensorType> type =
          model.keptUnlessNamed().contains(site) ? Optional.empty() : types.of(site.weight());
      boolean mayHold =
          type.isEmpty()
              || type.get().dtype().isPresent()
              || recipe.soleScheme().isPresent() && holdsIntegers(type.get());
      if (!mayHold) {
        throw new UsageException(
            "--recipe: '"
                + recipe
                + "', but "
                + site.name()
                + " is stored as "
                + type.get()
                + "; expected a recipe for blocks, such as '"
                + best(type.get()).map(Recipe::toString).orElse("q4_k rtn")
                + "', or --requantize");
      }
    }
  }

  private static boolean holdsIntegers(GgufTensorType type) {
    return switch (type) {
      case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, MXFP4, NVFP4 -> true;
      default -> false;
    };
  }

  /** The quantization with the recipes; what is said of layers afterwards counts. */
  <I> Quantization<I> applyTo(Quantization<I> quantization, Recipe recipe) {
    Quantization<I> changed = quantization.recipe(recipe);
    for (var layer : layers.entrySet()) {
      changed = changed.set(layer.getKey(), layer.getValue());
    }
    return changed;
  }
}
