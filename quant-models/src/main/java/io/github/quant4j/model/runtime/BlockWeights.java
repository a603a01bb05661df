// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a block holds in memory: a kernel for each site, and its vectors. */
public final class BlockWeights {
  private final BlockLayout layout;
  private final ModelWeights source;
  private final KernelOptions options;
  private final Map<String, float[]> vectors = new HashMap<>();
  private final Map<LinearSite, QuantizedLinear> replaced = new HashMap<>();
  private final Map<LinearSite, LinearKernel> kernels = new HashMap<>();
  private final List<SiteKernels> groups = new ArrayList<>();

  /**
   * Reads a block.
   *
   * @param heap whether weights that are not quantized are copied to the heap
   */
  public BlockWeights(
      BlockLayout layout,
      List<String> vectorNames,
      ModelWeights source,
      KernelOptions options,
      boolean heap) {
    this.layout = layout;
    this.source = source;
    this.options = options;
    for (String name : vectorNames) {
      vectors.put(name, tensor(name).toFloatArray());
    }
    for (SiteGroup group : layout.groups()) {
      for (LinearSite site : group.sites()) {
        kernels.put(site, heap ? Kernels.forLinear(read(site), options) : inPlace(site));
      }
      groups.add(kernelsOf(group));
    }
  }

  /** Whether a single block that is open has its weights on the heap. */
  public static boolean fitsHeap(BlockLayout block, ModelOptions options) {
    long count = block.sites().stream().mapToLong(LinearSite::weightCount).sum();
    return options.placement().isHeap(count, false);
  }

  private SiteKernels kernelsOf(SiteGroup group) {
    List<LinearKernel> members = new ArrayList<>();
    for (LinearSite site : group.sites()) {
      members.add(kernel(site));
    }
    return new SiteKernels(members);
  }

  private LinearKernel kernel(LinearSite site) {
    LinearKernel kernel = kernels.get(site);
    if (kernel == null) {
      throw new IllegalArgumentException(
          "site: " + site + " is not in block " + layout.name() + ", which has " + layout.sites());
    }
    return kernel;
  }

  /** A site as the model's files have it. */
  private QuantizedLinear read(LinearSite site) {
    return source.linear(site).orElseGet(() -> readDense(site));
  }

  private QuantizedLinear readDense(LinearSite site) {
    Tensor weight = tensor(site.weight());
    QuantizedLinear linear = QuantizedLinear.of(weight.toMatrix(), weight.dtype());
    return bias(site).map(linear::withBias).orElse(linear);
  }

  private Tensor tensor(String name) {
    return IntactTensors.require(source.tensors(), name);
  }

  private Optional<float[]> bias(LinearSite site) {
    return site.bias().map(name -> tensor(name).toFloatArray());
  }

  private LinearKernel inPlace(LinearSite site) {
    Optional<QuantizedLinear> packed = source.linear(site);
    if (packed.isPresent()) {
      return Kernels.forLinear(packed.get(), options);
    }
    LinearKernel kernel = Kernels.forTensor(tensor(site.weight()), options);
    return bias(site).map(values -> Kernels.withBias(kernel, values)).orElse(kernel);
  }

  public BlockLayout layout() {
    return layout;
  }

  /** The kernels of a group. */
  public SiteKernels group(int index) {
    return groups.get(index);
  }

  public QuantizedLinear linear(LinearSite site) {
    kernel(site);
    QuantizedLinear changed = replaced.get(site);
    return changed != null ? changed : read(site);
  }

  public void replace(LinearSite site, QuantizedLinear linear) {
    kernel(site);
    if (linear.outFeatures() != site.outFeatures() || linear.inFeatures() != site.inFeatures()) {
      throw new IllegalArgumentException(
          "linear: "
              + linear
              + ", expected ["
              + site.outFeatures()
              + ", "
              + site.inFeatures()
              + "] for site "
              + site.name());
    }
    kernels.put(site, Kernels.forLinear(linear, options));
    replaced.put(site, linear);
    for (int i = 0; i < groups.size(); i++) {
      if (layout.groups().get(i).sites().contains(site)) {
        groups.set(i, kernelsOf(layout.groups().get(i)));
      }
    }
  }

  /** The live values, not to be changed. */
  public float[] vector(String tensor) {
    float[] values = vectors.get(tensor);
    if (values == null) {
      throw new IllegalArgumentException(
          "tensor: '"
              + tensor
              + "' is not a vector of block "
              + layout.name()
              + ", which has "
              + vectors.keySet().stream().sorted().toList());
    }
    return values;
  }

  public void replaceVector(String tensor, float[] values) {
    int length = vector(tensor).length;
    if (values.length != length) {
      throw new IllegalArgumentException(
          "values: " + values.length + " for '" + tensor + "', expected " + length);
    }
    vectors.put(tensor, values.clone());
  }
}
