// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.io.CheckpointWriter;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model directory that is written from another model, of which some layers have other tensors;
 * everything else is taken over.
 */
final class ExportDirectory implements AutoCloseable {
  static final String REQUANTIZE = "--requantize quantizes such layers again";

  private static final List<String> CONFIGS =
      List.of("quantization_config", "compression_config", "quantization");

  private final ModelSource source;
  private final OutputDirectory output;
  private final CheckpointWriter checkpoint;
  private final Set<String> written = new HashSet<>();
  private final Set<String> replaced = new HashSet<>();

  private ExportDirectory(ModelSource source, OutputDirectory output, CheckpointWriter checkpoint) {
    this.source = source;
    this.output = output;
    this.checkpoint = checkpoint;
  }

  /** Refuses models of which there is nothing to convert. */
  static void requireQuantized(ModelSource source, QuantizedWeights quantized, String format) {
    if (quantized.modules().isEmpty()) {
      throw new IllegalArgumentException(
          source.path()
              + ": no layer is quantized, which "
              + format
              + " needs; --recipe quantizes on the way, for example --recipe 'int4:g128:sym gptq'");
    }
  }

  static ExportDirectory create(ModelSource source, Path target, boolean overwrite)
      throws OutputException {
    try {
      ProtectedInputs.of(List.of(source.path())).requireApartFromDirectory(target);
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
    OutputDirectory output = OutputDirectory.create(target, overwrite);
    try {
      return new ExportDirectory(
          source, output, CheckpointWriter.create(output, CheckpointWriter.DEFAULT_SHARD_BYTES));
    } catch (Throwable e) {
      output.close();
      throw e;
    }
  }

  /** Writes a layer in place of the source's. */
  void layer(String module, Map<String, Tensor> tensors, Optional<float[]> bias)
      throws OutputException {
    replaced.add(module);
    for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
      append(tensor.getValue().withName(module + "." + tensor.getKey()));
    }
    String name = module + ".bias";
    if (bias.isPresent() && !isSame(name, bias.get())) {
      append(stored(Shape.of(bias.get().length), bias.get(), type()).withName(name));
    }
  }

  private boolean isSame(String name, float[] bias) {
    return source
        .find(name)
        .map(tensor -> Arrays.equals(tensor.toFloatArray(), bias))
        .orElse(false);
  }

  /** Writes a layer in full precision in place of the source's. */
  void dense(String module, EffectiveWeights layer) throws OutputException {
    FloatMatrix weights = layer.weights();
    Tensor weight = stored(Shape.of(weights.rows(), weights.columns()), weights.data(), type());
    layer(module, Map.of("weight", weight), layer.bias());
  }

  /** Writes a table that was quantized, in the narrowest type that has the same values. */
  LayerExport embedding(String module, QuantizedLinear table) throws OutputException {
    FloatMatrix values = table.toDense();
    DType type =
        Stream.of(type(), DType.F16, DType.BF16)
            .filter(narrow -> isExact(values.data(), narrow))
            .findFirst()
            .orElse(DType.F32);
    Tensor weight = stored(Shape.of(values.rows(), values.columns()), values.data(), type);
    layer(module, Map.of("weight", weight), Optional.empty());
    return new LayerExport(
        module, LayerExport.Outcome.DEQUANTIZED, "an embedding, the same values as " + type);
  }

  private static boolean isExact(float[] values, DType type) {
    for (float value : values) {
      if (FloatStorage.round(value, type) != value) {
        return false;
      }
    }
    return true;
  }

  private void append(Tensor tensor) throws OutputException {
    checkpoint.append(tensor);
    written.add(tensor.name());
  }

  /** The type of the model's plain weights, in which those that become plain are stored, too. */
  private DType type() {
    for (String name : source.names()) {
      DType type = source.require(name).dtype();
      if (name.endsWith("embed_tokens.weight") && type.isFloatingPoint()) {
        return type;
      }
    }
    return DType.F32;
  }

  /** Values in a type, or in binary32 if that would change them by more than rounding does. */
  private static Tensor stored(Shape shape, float[] values, DType type) {
    if (type != DType.F16 && type != DType.BF16) {
      return Tensor.ofFloats(shape, values);
    }
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      if (Float.isInfinite(FloatStorage.round(values[i], type))) {
        return Tensor.ofFloats(shape, values);
      }
      bits[i] =
          type == DType.F16
              ? HalfPrecision.toFloat16(values[i])
              : HalfPrecision.toBfloat16(values[i]);
    }
    return Tensor.ofShorts(type, shape, bits);
  }

  /**
   * Takes over everything else and lets the directory appear.
   *
   * @param quantization what the configuration says of quantized layers
   * @param configFile a file that says the same by itself, if there is to be one
   * @return bytes of all files
   */
  long finish(JsonValue.Obj quantization, Optional<String> configFile) throws IOException {
    written.addAll(source.quantized().sharedTensors());
    for (String name : source.names()) {
      if (!written.contains(name) && !isReplaced(name)) {
        checkpoint.link(source.require(name));
      }
    }
    long bytes = checkpoint.finish();
    SequencedMap<String, JsonValue> config = new LinkedHashMap<>(source.config().members());
    CONFIGS.forEach(config::remove);
    config.put(CONFIGS.getFirst(), quantization);
    bytes += output.write(ModelDirectory.CONFIG, JsonWriter.pretty(new JsonValue.Obj(config)));
    if (configFile.isPresent()) {
      bytes += output.write(configFile.get(), JsonWriter.pretty(quantization));
    }
    for (Companion companion : source.companions()) {
      bytes += companion.copyTo(output);
    }
    bytes += output.writeChecksums();
    output.commit();
    return bytes;
  }

  /** Whether a tensor is part of a layer that has been written; its bias is kept. */
  private boolean isReplaced(String name) {
    for (int dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      if (replaced.contains(name.substring(0, dot))) {
        return !name.endsWith("bias");
      }
    }
    return false;
  }

  @Override
  public void close() throws OutputException {
    try {
      checkpoint.close();
    } finally {
      output.close();
    }
  }
}
