// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.io.CheckpointWriter;
import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * Writes a copy of a model in which some linear layers are quantized.
 *
 * <p>Layers are {@linkplain #add added} as they become ready and need not be kept; {@link #finish}
 * takes over everything else from the source: the remaining tensors, the layers that were quantized
 * already, {@code config.json} with a new {@code quantization_config}, and the small files beside
 * it (tokenizer, generation settings, licence). The small files get checksums, see {@link
 * io.github.quant4j.io.FileChecksums}.
 *
 * <p>The config is in the compressed-tensors schema if that can say every layer, and in our own
 * otherwise; the tensors of a layer are the same in both. With our own, the config is one that
 * other libraries refuse, see {@link ForeignReaders}. The bytes written depend on the source and
 * the layers alone, not on the order in which they came. Adding is thread-safe.
 *
 * <pre>{@code
 * try (OutputDirectory output = OutputDirectory.create(target, false);
 *     QuantizedModelWriter writer = QuantizedModelWriter.create(source, output)) {
 *   writer.add("model.layers.0.mlp.up_proj", linear);
 *   writer.finish(linearModules);
 *   output.commit();
 * }
 * }</pre>
 */
public final class QuantizedModelWriter implements AutoCloseable {
  private static final String CONFIG_MEMBER = "quantization_config";
  private static final String OLD_CONFIG_MEMBER = "compression_config";

  /**
   * What was written.
   *
   * @param method the schema, {@code compressed-tensors} or {@code quant4j}; empty if no layer is
   *     quantized
   * @param bytes the size of all files
   */
  public record Result(String method, long bytes) {}

  private final ModelSource source;
  private final OutputDirectory output;
  private final CheckpointWriter checkpoint;
  private final SortedMap<String, Entry> modules = new TreeMap<>();
  private final Set<String> added = new HashSet<>();
  private final Set<String> dropped = new HashSet<>();
  private final NavigableSet<String> names;
  private String recipe = "";
  private boolean untied;

  /** What is kept of a layer that has been written. */
  private record Entry(OwnConfig.Module own, Optional<ConfigGroup> group) {}

  private QuantizedModelWriter(
      ModelSource source, OutputDirectory output, CheckpointWriter checkpoint) {
    this.source = source;
    this.output = output;
    this.checkpoint = checkpoint;
    this.names = new TreeSet<>(source.names());
  }

  /**
   * Starts a model.
   *
   * @param source the model that is quantized; it must stay open until {@link #finish} returns
   * @param output where the files go
   * @return the open writer; the caller closes it
   * @throws OutputException if the directory is not writable, or is or contains the source
   */
  public static QuantizedModelWriter create(ModelSource source, OutputDirectory output)
      throws OutputException {
    return create(source, output, CheckpointWriter.DEFAULT_SHARD_BYTES);
  }

  /**
   * Starts a model with shards of another size.
   *
   * @param source the model that is quantized; it must stay open until {@link #finish} returns
   * @param output where the files go
   * @param shardBytes the most bytes of data in a file, at least 1
   * @return the open writer; the caller closes it
   * @throws OutputException if the directory is not writable, or is or contains the source
   * @throws IllegalArgumentException if the size is less than 1
   */
  public static QuantizedModelWriter create(
      ModelSource source, OutputDirectory output, long shardBytes) throws OutputException {
    try {
      ProtectedInputs.of(List.of(source.path())).requireApartFromDirectory(output.target());
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(output.target(), e);
    }
    return new QuantizedModelWriter(source, output, CheckpointWriter.create(output, shardBytes));
  }

  /**
   * Notes the recipe, for readers: in the metadata of the files, and in our own config.
   *
   * @param text the recipe's text
   * @return this writer
   */
  public synchronized QuantizedModelWriter recipe(String text) {
    recipe = text;
    checkpoint.metadata("quant4j.recipe", text);
    return this;
  }

  /**
   * Says that the output head has weights of its own from now on, because it was changed and the
   * embeddings were not, or were changed otherwise.
   *
   * @return this writer
   */
  public synchronized QuantizedModelWriter untieEmbeddings() {
    untied = true;
    return this;
  }

  /**
   * Adds a layer, in place of whatever the source has under its name.
   *
   * <p>If the layer has no bias, a bias of the source stays. A bias is stored in the type of the
   * source's if that is exact, and in F32 otherwise. A layer of nothing but dense weights is
   * written as plain weights.
   *
   * @param module the name of the module, for example {@code model.layers.0.mlp.up_proj}
   * @param linear the layer; its tensors are copied before the call returns
   * @throws OutputException if the disk is full
   * @throws IllegalArgumentException if there is a layer of that name, or a term has no stored form
   */
  public void add(String module, QuantizedLinear linear) throws OutputException {
    add(module, linear, UnaryOperator.identity());
  }

  /**
   * Adds a layer of a model whose plain weights have another form than {@code [out, in]}.
   *
   * @param module the name of the module
   * @param linear the layer; its tensors are copied before the call returns
   * @param form makes of plain weights what the model's library stores
   * @throws OutputException if the disk is full
   * @throws IllegalArgumentException if there is a layer of that name, or a term has no stored form
   */
  public void add(String module, QuantizedLinear linear, UnaryOperator<Tensor> form)
      throws OutputException {
    boolean plain =
        linear.terms().size() == 1
            && linear.terms().getFirst() instanceof DenseTerm
            && linear.activations().isEmpty()
            && linear.transform().isEmpty();
    StoredModule stored = StoredModule.of(linear);
    OwnConfig.Module own =
        new OwnConfig.Module(stored.layout(), linear.outFeatures(), linear.inFeatures());
    synchronized (this) {
      if (!added.add(module)) {
        throw new IllegalArgumentException("module '" + module + "' is added twice");
      }
      if (!plain) {
        modules.put(module, new Entry(own, stored.group()));
      }
      dropWeights(module);
    }
    for (Map.Entry<String, Tensor> part : stored.tensors().entrySet()) {
      Tensor tensor = plain ? form.apply(part.getValue()) : part.getValue();
      checkpoint.append(tensor.withName(ModuleTensors.join(module, part.getKey())));
    }
    if (linear.bias().isPresent()) {
      replace(bias(module, linear.bias().get()));
    }
  }

  /** Everything under the module's name, however deep, but biases. */
  private void dropWeights(String module) {
    // The character after the dot ends the range of such names.
    for (String name : names.subSet(module + ".", module + "/")) {
      if (!name.endsWith("bias")) {
        dropped.add(name);
      }
    }
  }

  private Tensor bias(String module, float[] values) {
    String name = ModuleTensors.join(module, "bias");
    Shape shape = Shape.of(values.length);
    DType type = source.find(name).map(Tensor::dtype).orElse(DType.F32);
    if (type == DType.F16 || type == DType.BF16) {
      short[] bits = new short[values.length];
      boolean exact = true;
      for (int i = 0; i < bits.length; i++) {
        boolean half = type == DType.F16;
        bits[i] = half ? HalfPrecision.toFloat16(values[i]) : HalfPrecision.toBfloat16(values[i]);
        float back =
            half ? HalfPrecision.fromFloat16(bits[i]) : HalfPrecision.fromBfloat16(bits[i]);
        exact &= back == values[i];
      }
      if (exact) {
        return Tensor.ofShorts(type, shape, bits).withName(name);
      }
    }
    return Tensor.ofFloats(shape, values).withName(name);
  }

  /**
   * Writes a tensor that is no layer's weights, in place of the source's of that name if there is
   * one: a norm into which a transform was folded, or a bias.
   *
   * @param tensor a tensor with a name; its data is copied before the call returns
   * @throws OutputException if the disk is full
   * @throws IllegalArgumentException if the name has been written already
   */
  public void replace(Tensor tensor) throws OutputException {
    checkpoint.append(tensor);
    synchronized (this) {
      dropped.add(tensor.name());
    }
  }

  /**
   * Leaves out a tensor of the source that nothing reads any more, such as a stack of weights whose
   * layers have all been added.
   *
   * @param tensor the tensor's name
   */
  public synchronized void drop(String tensor) {
    dropped.add(tensor);
  }

  /**
   * Writes everything else and the config.
   *
   * @param linearModules the names of all linear layers of the model, in its order, an output head
   *     that is tied to the embeddings included; those that are not quantized are listed in the
   *     config as ignored, without which other tools would look for their quantized tensors
   * @return the schema and the size
   * @throws OutputException if the disk is full
   * @throws TensorFileException if the source is damaged
   * @throws IOException if the source cannot be read
   */
  public synchronized Result finish(SequencedCollection<String> linearModules) throws IOException {
    takeOverQuantizedModules();
    for (String name : source.names()) {
      if (!dropped.contains(name)) {
        checkpoint.link(source.require(name));
      }
    }
    long bytes = checkpoint.finish();
    Optional<JsonValue.Obj> quantization = quantization(linearModules);
    SequencedMap<String, JsonValue> config = new LinkedHashMap<>(source.config().members());
    config.remove(CONFIG_MEMBER);
    config.remove(OLD_CONFIG_MEMBER);
    if (untied) {
      config.put("tie_word_embeddings", JsonValue.of(false));
    }
    quantization.ifPresent(member -> config.put(CONFIG_MEMBER, member));
    String method = quantization.flatMap(member -> member.getString("quant_method")).orElse("");
    JsonValue.Obj changed = new JsonValue.Obj(config);
    bytes +=
        output.write(
            ModelDirectory.CONFIG,
            JsonWriter.pretty(
                method.equals(OwnConfig.METHOD) ? ForeignReaders.refused(changed) : changed));
    for (Companion companion : source.companions()) {
      bytes += companion.copyTo(output);
    }
    bytes += output.writeChecksums();
    return new Result(method, bytes);
  }

  private void takeOverQuantizedModules() throws IOException {
    QuantizedWeights weights = source.quantized();
    for (String module : weights.modules()) {
      if (!added.contains(module)) {
        QuantizedLinear linear = weights.find(module).orElseThrow();
        // Of a slice of a stack the bias is stored otherwise, and some readers scale it.
        boolean isStored =
            linear.bias().isEmpty()
                || source
                    .find(ModuleTensors.join(module, "bias"))
                    .filter(bias -> Arrays.equals(bias.toFloatArray(), linear.bias().get()))
                    .isPresent();
        add(module, isStored ? linear.withoutBias() : linear);
      }
    }
    weights.sharedTensors().forEach(this::drop);
  }

  private Optional<JsonValue.Obj> quantization(SequencedCollection<String> linearModules) {
    if (modules.isEmpty()) {
      return Optional.empty();
    }
    Set<String> ordered = new LinkedHashSet<>(linearModules);
    ordered.retainAll(modules.keySet());
    boolean allLinear = ordered.size() == modules.size();
    ordered.addAll(modules.keySet());
    List<String> ignored = new ArrayList<>(linearModules);
    ignored.removeAll(modules.keySet());
    SequencedMap<String, OwnConfig.Module> own = new LinkedHashMap<>();
    SequencedMap<String, ConfigGroup> groups = new LinkedHashMap<>();
    Map<String, Entry> entries = new HashMap<>(modules);
    for (String module : ordered) {
      Entry entry = entries.remove(module);
      if (entry != null) {
        own.put(module, entry.own);
        entry.group.ifPresent(group -> groups.put(module, group));
      }
    }
    return Optional.of(
        groups.size() == own.size()
            ? CompressedTensorsConfig.toJson(groups, allLinear, ignored)
            : OwnConfig.toJson(own, ignored, recipe));
  }

  /**
   * Ends writing. What is not finished is left to the output directory to remove.
   *
   * @throws OutputException if temporary files cannot be removed
   */
  @Override
  public void close() throws OutputException {
    checkpoint.close();
  }
}
