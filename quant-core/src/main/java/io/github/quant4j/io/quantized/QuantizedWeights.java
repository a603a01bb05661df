// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.function.Supplier;

/**
 * The quantized linear layers of a model: which there are, and each of them straight over the
 * tensors of the file.
 *
 * <p>Three schemas of {@code quantization_config} are read, told apart by {@code quant_method}:
 * {@code compressed-tensors}, as current and older versions of that library write it, {@code
 * bitnet}, the packed ternary weights of BitNet b1.58, and {@code quant4j}, our own; they are laid
 * out in {@code docs/file-formats.md}. Codes stay where they lie, in a mapped file; only signed
 * bytes, padded words and ternary codes of four rows in a byte, which kernels do not read, are
 * repacked. Reading a layer checks its tensors against their checksums, if the file has any.
 *
 * <p>Instances are immutable and thread-safe. Layers are valid until the tensors are closed.
 */
public final class QuantizedWeights {
  private static final String CONFIG = "quantization_config";
  private static final String OLD_CONFIG = "compression_config";

  /** Reads one module. */
  @FunctionalInterface
  interface ModuleReader {
    /**
     * Reads the module's weights and how its input is quantized; its bias too, if that is not
     * stored as it is added.
     *
     * @throws IllegalArgumentException if it is malformed
     * @throws ArithmeticException if a size overflows
     */
    QuantizedLinear read(ModuleTensors tensors);
  }

  private final Path origin;
  private final TensorSource tensors;
  private final String method;
  private final SequencedMap<String, ModuleReader> modules;
  private final Map<String, List<String>> ofModule;

  private QuantizedWeights(
      Path origin,
      TensorSource tensors,
      String method,
      SequencedMap<String, ModuleReader> modules) {
    this(
        origin,
        tensors,
        method,
        modules,
        modules.isEmpty() ? Map.of() : ModuleTensors.byModule(tensors));
  }

  private QuantizedWeights(
      Path origin,
      TensorSource tensors,
      String method,
      SequencedMap<String, ModuleReader> modules,
      Map<String, List<String>> ofModule) {
    this.origin = origin;
    this.tensors = tensors;
    this.method = method;
    this.modules = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(modules));
    this.ofModule = ofModule;
  }

  /**
   * Reads what a model says of its quantization. Costs time proportional to the number of tensors.
   *
   * @param model the model
   * @return its quantized layers; none if it is not quantized
   * @throws TensorFileException if the config is malformed or asks for something that is not
   *     supported, or does not agree with the tensors
   */
  public static QuantizedWeights of(ModelDirectory model) throws TensorFileException {
    return of(model.config(), model);
  }

  /**
   * Reads what a config says of some tensors.
   *
   * @param config the contents of {@code config.json}
   * @param tensors the tensors, wherever they are
   * @return the quantized layers; none if there is no {@code quantization_config}
   * @throws TensorFileException if the config is malformed or asks for something that is not
   *     supported, or does not agree with the tensors
   */
  public static QuantizedWeights of(JsonValue.Obj config, TensorSource tensors)
      throws TensorFileException {
    Path origin = origin(tensors);
    try {
      Optional<JsonValue.Obj> quantization =
          config.getObject(CONFIG).or(() -> config.getObject(OLD_CONFIG));
      if (quantization.isEmpty()) {
        return new QuantizedWeights(origin, tensors, "", new LinkedHashMap<>());
      }
      String method = quantization.get().getString("quant_method").orElse("");
      SequencedMap<String, ModuleReader> modules =
          switch (method) {
            case CompressedTensorsConfig.METHOD ->
                CompressedTensorsModel.modules(quantization.get(), tensors);
            case BitNetConfig.METHOD -> BitNetConfig.modules(quantization.get(), tensors);
            case OwnConfig.METHOD -> OwnConfig.modules(quantization.get());
            default ->
                throw new JsonException(
                    "'quant_method': '"
                        + method
                        + "' is not supported, expected '"
                        + CompressedTensorsConfig.METHOD
                        + "', '"
                        + BitNetConfig.METHOD
                        + "' or '"
                        + OwnConfig.METHOD
                        + "'");
          };
      return new QuantizedWeights(origin, tensors, method, modules);
    } catch (JsonException | IllegalArgumentException e) {
      throw new TensorFileException(origin, CONFIG + ": " + e.getMessage(), e);
    }
  }

  /**
   * Layers that a format knows of without a {@code quantization_config}.
   *
   * @param origin what messages name
   * @param tensors where the biases are, each as {@code bias} of its module
   * @param method what the format is called; empty if there are no layers
   * @param layers reads each module's weights, by the module's name
   * @return the layers
   */
  public static QuantizedWeights of(
      Path origin,
      TensorSource tensors,
      String method,
      SequencedMap<String, Supplier<QuantizedLinear>> layers) {
    SequencedMap<String, ModuleReader> modules = new LinkedHashMap<>();
    layers.forEach((module, layer) -> modules.put(module, _ -> layer.get()));
    return new QuantizedWeights(origin, tensors, method, modules, Map.of());
  }

  private static Path origin(TensorSource tensors) {
    return switch (tensors) {
      case ModelSource model -> model.path();
      case ModelDirectory model -> model.path();
      case SafetensorsFile file -> file.path();
      default -> Path.of("tensors");
    };
  }

  /**
   * The schema.
   *
   * @return {@code compressed-tensors}, {@code bitnet} or {@code quant4j}; empty if the model is
   *     not quantized
   */
  public String method() {
    return method;
  }

  /**
   * The quantized layers.
   *
   * @return the names of the modules, for example {@code model.layers.0.self_attn.q_proj}
   */
  public SequencedSet<String> modules() {
    return Collections.unmodifiableSequencedSet(modules.sequencedKeySet());
  }

  /**
   * Reads a layer, with its bias.
   *
   * <p>Cost: the checksums, and the decoding of scales and zero points; codes are not read but for
   * their checksum.
   *
   * @param module the name of the module
   * @return the layer, or empty if the module is not quantized
   * @throws TensorFileException if a tensor is missing, damaged, or does not go with the config, or
   *     the module has one that the config has no use for
   */
  public Optional<QuantizedLinear> find(String module) throws TensorFileException {
    ModuleReader reader = modules.get(module);
    if (reader == null) {
      return Optional.empty();
    }
    ModuleTensors own = new ModuleTensors(tensors, module);
    try {
      QuantizedLinear linear = reader.read(own);
      own.requireAllUsed(ofModule.getOrDefault(module, List.of()));
      if (linear.bias().isPresent()) {
        return Optional.of(linear);
      }
      Optional<Tensor> bias = own.find("bias");
      return Optional.of(bias.isPresent() ? linear.withBias(bias.get().toFloatArray()) : linear);
    } catch (JsonException | IllegalArgumentException | ArithmeticException e) {
      throw new TensorFileException(origin, "module '" + module + "': " + e.getMessage(), e);
    }
  }

  /** The schema and the number of layers. */
  @Override
  public String toString() {
    return method.isEmpty() ? "not quantized" : method + ", " + modules.size() + " modules";
  }
}
