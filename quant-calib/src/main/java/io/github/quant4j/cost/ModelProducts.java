// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.cost;

import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.metric.LayerProducts;
import io.github.quant4j.metric.LayerShape;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transform.HeadStructure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a pass through a model multiplies: what comes before the blocks, linear layers,
 * attention, and the head. What of it counts is for a {@link
 * io.github.quant4j.metric.CountingPolicy} to say.
 *
 * <pre>{@code
 * List<MatrixProduct> products =
 *     ModelProducts.ofDirectory(model.graph(), quantized, Pass.decode(255), Operand.FULL);
 * double bytes = new MemoryTraffic().cost(products, CountingPolicy.ALL);
 * }</pre>
 */
public final class ModelProducts {
  /** Sums of shares are whole numbers but for the last bits. */
  private static final double ROUNDING = 1e-6;

  private final Pass pass;
  private final Operand cache;
  private final SiteLayers layers;
  private final List<MatrixProduct> products = new ArrayList<>();

  /** What sites compute. */
  @FunctionalInterface
  public interface SiteLayers {
    /**
     * What a site computes.
     *
     * @param site a layer of the model
     * @return its terms, or empty for plain weights of 16 bits
     * @throws IOException if it cannot be read
     */
    Optional<QuantizedLinear> of(LinearSite site) throws IOException;
  }

  private ModelProducts(Pass pass, Operand cache, SiteLayers layers) {
    this.pass = pass;
    this.cache = cache;
    this.layers = layers;
  }

  /**
   * The products of a model whose layers are known.
   *
   * @param model its layers and their order
   * @param pass what goes through it
   * @param cache how keys and values are held
   * @param layers what its sites compute
   * @return the products in the order in which they run
   * @throws IOException if a layer cannot be read
   */
  public static List<MatrixProduct> of(
      BlockModel<?> model, Pass pass, Operand cache, SiteLayers layers) throws IOException {
    return new ModelProducts(pass, cache, layers).collect(model);
  }

  /**
   * The products of a model that is stored.
   *
   * @param model its layers and their order; those of the original will do
   * @param directory where it is stored, quantized or not
   * @param pass what goes through it
   * @param cache how keys and values are held
   * @return the products in the order in which they run
   * @throws io.github.quant4j.io.TensorFileException if the model is damaged
   * @throws IOException if it cannot be read
   */
  public static List<MatrixProduct> ofDirectory(
      BlockModel<?> model, Path directory, Pass pass, Operand cache) throws IOException {
    try (ModelSource files = ModelFormats.open(directory)) {
      QuantizedWeights weights = files.quantized();
      return of(
          model,
          pass,
          cache,
          site -> {
            Optional<QuantizedLinear> quantized = weights.find(site.name());
            return quantized.isPresent()
                ? quantized
                : files.find(site.weight()).map(ModelProducts::dense);
          });
    }
  }

  private static QuantizedLinear dense(Tensor tensor) {
    return QuantizedLinear.of(tensor.toMatrix(), tensor.dtype());
  }

  private List<MatrixProduct> collect(BlockModel<?> model) throws IOException {
    products.addAll(model.embeddingProducts(pass.tokens()));
    List<BlockLayout> blocks = model.blocks();
    for (int b = 0; b < blocks.size(); b++) {
      Map<String, Double> spread = new HashMap<>();
      Optional<TokenMixer> mixer = model.mixer(b);
      for (SiteGroup group : blocks.get(b).groups()) {
        addMixer(blocks.get(b), mixer, group);
        addLayers(group, ProductRole.LAYER, tokens(group, spread));
      }
    }
    if (pass.predictions() > 0) {
      for (SiteGroup group : model.head().groups()) {
        addLayers(group, ProductRole.HEAD, pass.predictions());
      }
    }
    return List.copyOf(products);
  }

  /**
   * The tokens that reach a group when the tokens of a mixture are spread evenly over its experts:
   * of one token and eight experts of which it uses two, the fourth and the eighth.
   *
   * @param spread tokens of the experts before, by what their groups are called within the expert
   */
  private long tokens(SiteGroup group, Map<String, Double> spread) {
    if (group.share() == 1) {
      return pass.tokens();
    }
    String part = group.name().substring(group.name().lastIndexOf('.') + 1);
    double before = spread.getOrDefault(part, 0.0);
    double after = before + group.share() * pass.tokens();
    spread.put(part, after);
    return (long) (after + ROUNDING) - (long) (before + ROUNDING);
  }

  /** What runs before a group, if that reads what tokens have of each other. */
  private void addMixer(BlockLayout block, Optional<TokenMixer> known, SiteGroup group) {
    MixerProducts mixing = new MixerProducts(block.name() + ".attention", pass, cache);
    if (known.isPresent()) {
      if (group.sites().contains(known.get().output())) {
        products.addAll(mixing.of(known.get()));
      }
    } else if (group.origin() instanceof InputOrigin.Attention(_, HeadStructure heads)) {
      products.addAll(
          mixing.of(
              new TokenMixer.Attention(
                  group.sites().getFirst(),
                  heads.queryHeads(),
                  heads.keyValueHeads(),
                  heads.headSize(),
                  heads.headSize())));
    }
  }

  private void addLayers(SiteGroup group, ProductRole role, long tokens) throws IOException {
    if (tokens == 0) {
      return;
    }
    for (LinearSite site : group.sites()) {
      Optional<QuantizedLinear> linear = layers.of(site);
      if (linear.isPresent()) {
        products.addAll(LayerProducts.of(site.name(), role, linear.get(), tokens));
      } else {
        products.add(
            MatrixProduct.ofLayer(
                site.name(),
                role,
                new LayerShape.Linear(site.outFeatures(), site.inFeatures(), tokens),
                Operand.FULL,
                Operand.FULL));
      }
    }
  }
}
