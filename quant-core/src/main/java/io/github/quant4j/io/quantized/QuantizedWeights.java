// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.autoround.AutoRoundModel;
import io.github.quant4j.io.quantized.awq.AwqModel;
import io.github.quant4j.io.quantized.bitsandbytes.BitsAndBytesModel;
import io.github.quant4j.io.quantized.gptq.GptqModel;
import io.github.quant4j.io.quantized.mlx.MlxConfig;
import io.github.quant4j.io.quantized.modelopt.Fp8Model;
import io.github.quant4j.io.quantized.modelopt.ModelOptModel;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.io.quantized.mxfp4.Mxfp4Model;
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
import java.util.Set;
import java.util.function.Supplier;

/**
 * The quantized linear layers of a model: which there are, and each of them straight over the
 * tensors of the file.
 *
 * <p>Which schema of {@code quantization_config} it is, {@code quant_method} says: those of
 * compressed-tensors, GPTQ, AWQ, AutoRound, bitsandbytes, ModelOpt and others, and {@code quant4j},
 * our own; they are laid out in {@code docs/file-formats.md}. Codes stay where they lie, in a
 * mapped file, if the layout is one that kernels read; others are repacked when a layer is read.
 * Reading a layer checks its tensors against their checksums, if the file has any.
 *
 * <p>Instances are immutable and thread-safe. Layers are valid until the tensors are closed.
 */
public final class QuantizedWeights {
  private static final String CONFIG = "quantization_config";
  private static final String OLD_CONFIG = "compression_config";
  private static final List<String> METHODS =
      List.of(
          CompressedTensorsConfig.METHOD,
          GptqModel.METHOD,
          AwqModel.METHOD,
          AutoRoundModel.METHOD,
          BitsAndBytesModel.METHOD,
          ModelOptModel.METHOD,
          Fp8Model.METHOD,
          Mxfp4Model.METHOD,
          BitNetConfig.METHOD,
          OwnConfig.METHOD);

  private final Path origin;
  private final TensorSource tensors;
  private final String method;
  private final QuantizedModules modules;
  private final Map<String, List<String>> ofModule;

  private QuantizedWeights(
      Path origin, TensorSource tensors, String method, QuantizedModules modules) {
    this(
        origin,
        tensors,
        method,
        modules,
        modules.readers().isEmpty()
            ? Map.of()
            : ModuleTensors.byModule(tensors, modules.readers().keySet()));
  }

  private QuantizedWeights(
      Path origin,
      TensorSource tensors,
      String method,
      QuantizedModules modules,
      Map<String, List<String>> ofModule) {
    this.origin = origin;
    this.tensors = tensors;
    this.method = method;
    this.modules = modules;
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
      if (quantization.isEmpty() && config.getObject(MlxConfig.MEMBER).isEmpty()) {
        return new QuantizedWeights(
            origin, tensors, "", QuantizedModules.of(new LinkedHashMap<>()));
      }
      JsonValue.Obj object =
          quantization.or(() -> config.getObject(MlxConfig.MEMBER)).orElseThrow();
      // The one schema that names no method.
      String method =
          object
              .getString("quant_method")
              .orElse(MlxConfig.isMeant(config) ? MlxConfig.METHOD : "");
      QuantizedModules modules =
          switch (method) {
            case CompressedTensorsConfig.METHOD -> CompressedTensorsModel.modules(object, tensors);
            case BitNetConfig.METHOD -> QuantizedModules.of(BitNetConfig.modules(object, tensors));
            case OwnConfig.METHOD -> QuantizedModules.of(OwnConfig.modules(object));
            case GptqModel.METHOD -> GptqModel.modules(object, tensors);
            case AwqModel.METHOD -> AwqModel.modules(object, tensors);
            case AutoRoundModel.METHOD, AutoRoundModel.OLD_METHOD ->
                AutoRoundFloats.isMeant(object)
                    ? AutoRoundFloats.modules(object, tensors)
                    : AutoRoundModel.modules(object, tensors);
            case BitsAndBytesModel.METHOD -> BitsAndBytesModel.modules(object, tensors);
            case ModelOptModel.METHOD -> ModelOptModel.modules(object, tensors);
            case Fp8Model.METHOD -> Fp8Model.modules(object, tensors);
            case Mxfp4Model.METHOD -> Mxfp4Model.modules(object, tensors);
            case MlxConfig.METHOD -> MlxConfig.modules(object, tensors);
            default ->
                throw new JsonException(
                    "'quant_method': '"
                        + method
                        + "' is not supported, expected one of "
                        + METHODS);
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
    return new QuantizedWeights(origin, tensors, method, QuantizedModules.of(modules), Map.of());
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
   * @return its {@code quant_method}, for example {@code compressed-tensors}, {@code gptq} or
   *     {@code quant4j}; {@code mlx} for that library's, which names none; empty if the model is
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
    return modules.readers().sequencedKeySet();
  }

  /**
   * What was noticed that may matter though the layers can be read: parts of the config that change
   * nothing here, conventions that the tensors contradict.
   *
   * @return one line for each; usually none
   */
  public List<String> warnings() {
    return modules.warnings();
  }

  /**
   * The stored tensors of a layer but for its bias.
   *
   * @param module the name of the module
   * @return their names; none if the module is not quantized, or is a slice of shared tensors
   */
  public List<String> tensors(String module) {
    return Collections.unmodifiableList(ofModule.getOrDefault(module, List.of()));
  }

  /**
   * Tensors that several layers are slices of.
   *
   * @return their names
   */
  public Set<String> sharedTensors() {
    return modules.shared();
  }

  /**
   * Whether a tensor is a part of quantized layers.
   *
   * @param tensor the name of a tensor
   * @return true if it is looked at when a layer is read
   */
  public boolean isPart(String tensor) {
    return modules.shared().contains(tensor)
        || ModuleTensors.owner(tensor, modules.readers().keySet())
            .filter(module -> ofModule.getOrDefault(module, List.of()).contains(tensor))
            .isPresent();
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
    ModuleReader reader = modules.readers().get(module);
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
    return method.isEmpty()
        ? "not quantized"
        : method + ", " + modules.readers().size() + " modules";
  }
}
