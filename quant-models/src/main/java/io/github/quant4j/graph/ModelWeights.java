// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a model, some of them perhaps quantized: what a model's blocks are opened from.
 *
 * <p>Implementations are thread-safe. Whoever opened the underlying files closes this.
 */
public interface ModelWeights extends AutoCloseable {

  /**
   * The tensors that are stored as they are.
   *
   * @return embeddings, norms, biases, and the weights of sites that are not quantized
   */
  TensorSource tensors();

  /**
   * A site that is stored in another form than one weight tensor.
   *
   * @param site the site's name
   * @return the layer with its bias, or empty if the site's tensors are among {@link #tensors()}
   * @throws java.io.UncheckedIOException if what is stored is damaged; the cause says what
   */
  Optional<QuantizedLinear> linear(String site);

  /**
   * Tensors that several quantized sites are slices of, and others that only say how caches were
   * quantized.
   *
   * @return the names of tensors that are no weights of the network by themselves
   */
  default Set<String> sharedTensors() {
    return Set.of();
  }

  /**
   * What was noticed in how the weights are stored.
   *
   * @return one line for each thing; usually none
   */
  default List<String> warnings() {
    return List.of();
  }

  /**
   * A site that is stored in another form than one weight tensor, or has its weights from a module
   * that is.
   *
   * @param site the site
   * @return the layer with the site's bias, or empty if the weights are among {@link #tensors()}
   * @throws java.io.UncheckedIOException if what is stored is damaged; the cause says what
   */
  default Optional<QuantizedLinear> linear(LinearSite site) {
    Optional<QuantizedLinear> own = linear(site.name());
    if (own.isPresent() || !site.isTied()) {
      return own;
    }
    Optional<float[]> bias =
        site.bias().flatMap(name -> tensors().find(name)).map(Tensor::toFloatArray);
    return linear(LinearSite.moduleOf(site.weight()))
        .map(table -> bias.isPresent() ? table.withBias(bias.get()) : table);
  }

  @Override
  void close();

  /**
   * Weights in full precision.
   *
   * @param tensors all tensors
   * @return the weights; closing them closes the tensors
   */
  static ModelWeights of(TensorSource tensors) {
    return of(tensors, Map.of());
  }

  /**
   * Weights in full precision, but for some sites.
   *
   * @param tensors all tensors of the other sites and modules
   * @param linears the sites that are given otherwise, by name
   * @return the weights; closing them closes the tensors
   */
  static ModelWeights of(TensorSource tensors, Map<String, QuantizedLinear> linears) {
    Map<String, QuantizedLinear> copy = Map.copyOf(linears);
    return new ModelWeights() {
      @Override
      public TensorSource tensors() {
        return tensors;
      }

      @Override
      public Optional<QuantizedLinear> linear(String site) {
        return Optional.ofNullable(copy.get(site));
      }

      @Override
      public void close() {
        tensors.close();
      }
    };
  }
}
