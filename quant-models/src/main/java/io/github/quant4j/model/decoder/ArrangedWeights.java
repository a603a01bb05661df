// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorForm;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint whose weights are stored as {@link StoredForm} says, as if every site had a tensor
 * of its own, {@code [out, in]}. Slices of stacked experts that are not transposed are views; what
 * is transposed is copied when it is asked for.
 */
final class ArrangedWeights implements ModelWeights, TensorSource {
  private final ModelWeights source;
  private final Map<String, Origin> origins = new LinkedHashMap<>();
  private final SequencedSet<String> names;

  /**
   * Where a tensor comes from.
   *
   * @param index of the expert, -1 if there is nothing to choose
   */
  private record Origin(String tensor, int index, boolean transposed) {}

  private ArrangedWeights(
      DecoderConfiguration configuration, DecoderLayout layout, ModelWeights source) {
    this.source = source;
    StoredForm form = configuration.stored();
    for (int b = 0; b < layout.blocks().size(); b++) {
      LayerShape layer = configuration.layerShapes().get(b);
      if (form.transposed()) {
        for (LinearSite site : layout.blocks().get(b).sites()) {
          origins.put(site.weight(), new Origin(site.weight(), -1, true));
        }
      }
      if (form.experts() != StoredForm.Experts.SINGLE
          && layer.mlp() instanceof MlpShape.Mixture mixture) {
        for (int e = 0; e < mixture.experts().size(); e++) {
          MlpShape.Dense expert = mixture.experts().get(e);
          for (LinearSite site : expert.inputs()) {
            stack(site, e, form.experts());
          }
          stack(expert.output(), e, form.experts());
        }
      }
    }
    this.names = new LinkedHashSet<>(source.tensors().names());
    origins.forEach(
        (name, origin) -> {
          if (names.remove(origin.tensor)) {
            names.add(name);
          } else if (source.tensors().find(origin.tensor).isPresent()) {
            names.add(name);
          }
        });
  }

  /** The stacked tensor of {@code experts.3.up_proj} is {@code experts.up_proj}, or its weight. */
  private void stack(LinearSite site, int expert, StoredForm.Experts form) {
    String number = "." + expert + ".";
    // Layers have numbers too, and theirs come first.
    int at = site.name().lastIndexOf(number);
    String stacked = site.name().substring(0, at) + site.name().substring(at + number.length() - 1);
    String weight = stacked + ".weight";
    boolean transposed = form == StoredForm.Experts.STACKED_TRANSPOSED;
    origins.put(
        site.weight(),
        new Origin(
            source.tensors().names().contains(weight) ? weight : stacked, expert, transposed));
    site.bias().ifPresent(bias -> origins.put(bias, new Origin(stacked + "_bias", expert, false)));
  }

  /** Stacks of which every slice belongs to one of some sites. */
  List<String> superseded(Set<String> sites) {
    Map<String, Boolean> stacks = new LinkedHashMap<>();
    origins.forEach(
        (name, origin) -> {
          if (origin.index >= 0) {
            String site = name.substring(0, name.lastIndexOf('.'));
            stacks.merge(origin.tensor, sites.contains(site), Boolean::logicalAnd);
          }
        });
    return stacks.entrySet().stream()
        .filter(Map.Entry::getValue)
        .map(Map.Entry::getKey)
        .filter(stack -> source.tensors().find(stack).isPresent())
        .toList();
  }

  /** The weights as they are if nothing is stored in another form. */
  static ModelWeights of(
      DecoderConfiguration configuration, DecoderLayout layout, ModelWeights source) {
    return configuration.stored().isPlain()
        ? source
        : new ArrangedWeights(configuration, layout, source);
  }

  @Override
  public TensorSource tensors() {
    return this;
  }

  @Override
  public Optional<QuantizedLinear> linear(String site) {
    return source.linear(site);
  }

  @Override
  public Set<String> sharedTensors() {
    return source.sharedTensors();
  }

  @Override
  public List<String> warnings() {
    return source.warnings();
  }

  @Override
  public SequencedSet<String> names() {
    return names;
  }

  @Override
  public Optional<Tensor> find(String name) {
    Origin origin = origins.get(name);
    if (origin == null) {
      return source.tensors().find(name);
    }
    // A slice that was changed and kept lies beside the stack, under its own name.
    Optional<Tensor> own = origin.index < 0 ? Optional.empty() : source.tensors().find(name);
    return own.isPresent()
        ? own
        : source.tensors().find(origin.tensor).map(stored -> arranged(name, stored, origin));
  }

  @Override
  public Optional<TensorForm> form(String name) {
    return origins.containsKey(name) ? TensorSource.super.form(name) : source.tensors().form(name);
  }

  @Override
  public ChecksumState verify(String name) {
    Origin origin = origins.get(name);
    return source
        .tensors()
        .verify(origin == null || source.tensors().find(name).isPresent() ? name : origin.tensor);
  }

  private static Tensor arranged(String name, Tensor stored, Origin origin) {
    Tensor slice = origin.index < 0 ? stored : slice(stored, origin.index);
    if (slice == null) {
      // Of a shape that has no such slice: the check of tensors names it.
      return stored.withName(name);
    }
    return (origin.transposed && slice.shape().rank() == 2 ? transposed(slice) : slice)
        .withName(name);
  }

  private static @Nullable Tensor slice(Tensor stored, int index) {
    Shape shape = stored.shape();
    if (shape.rank() < 2 || index >= shape.dimension(0)) {
      return null;
    }
    long[] rest = new long[shape.rank() - 1];
    for (int i = 0; i < rest.length; i++) {
      rest[i] = shape.dimension(i + 1);
    }
    Shape inner = Shape.of(rest);
    long bytes = inner.elementCount() * stored.dtype().bits() / Byte.SIZE;
    return Tensor.of(
        stored.name(), stored.dtype(), inner, stored.data().asSlice(index * bytes, bytes));
  }

  /** The transpose of a matrix, in its type. */
  static Tensor transposed(Tensor matrix) {
    long rows = matrix.shape().dimension(0);
    long columns = matrix.shape().dimension(1);
    int size = matrix.dtype().bits() / Byte.SIZE;
    MemorySegment from = matrix.data();
    MemorySegment to = Arena.ofAuto().allocate(rows * columns * size, Long.BYTES);
    for (long r = 0; r < rows; r++) {
      for (long c = 0; c < columns; c++) {
        MemorySegment.copy(from, (r * columns + c) * size, to, (c * rows + r) * size, size);
      }
    }
    return Tensor.of(matrix.name(), matrix.dtype(), Shape.of(columns, rows), to);
  }

  @Override
  public void close() {
    source.close();
  }
}
