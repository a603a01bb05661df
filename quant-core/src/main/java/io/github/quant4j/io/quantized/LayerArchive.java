// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * Quantized layers, other tensors and notes in one safetensors file: how an application with its
 * own network keeps what it quantized, without a model directory.
 *
 * <p>The description of the layers is in the file's metadata under {@code quant4j.layers}, in the
 * form of our own {@code quantization_config}. Codes stay in the mapped file when a layer is read.
 *
 * <pre>{@code
 * LayerArchive.write(path, layers, List.of(), Map.of());
 * try (LayerArchive archive = LayerArchive.open(path)) {
 *   LinearKernel kernel =
 *       Kernels.forLinear(archive.layer("dense_1").orElseThrow(), KernelOptions.defaults());
 * }
 * }</pre>
 */
public final class LayerArchive implements AutoCloseable {
  private static final String LAYERS = "quant4j.layers";
  private static final String NOTE = "quant4j.note.";

  private final SafetensorsFile file;
  private final QuantizedWeights weights;

  private LayerArchive(SafetensorsFile file, QuantizedWeights weights) {
    this.file = file;
    this.weights = weights;
  }

  /**
   * Writes an archive; the file appears when it is complete.
   *
   * @param path the file, which is replaced if it is there
   * @param layers by name
   * @param tensors other tensors, with names that no tensor of a layer has
   * @param notes free texts
   * @return the size of the file in bytes
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if a term has no stored form, or two tensors have one name
   */
  public static long write(
      Path path,
      SequencedMap<String, QuantizedLinear> layers,
      Collection<Tensor> tensors,
      Map<String, String> notes)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    layers.forEach(
        (name, linear) -> {
          StoredModule stored = StoredModule.of(linear);
          modules.put(
              name,
              new OwnConfig.Module(stored.layout(), linear.outFeatures(), linear.inFeatures()));
          stored
              .tensors()
              .forEach(
                  (part, tensor) -> writer.add(tensor.withName(ModuleTensors.join(name, part))));
          linear
              .bias()
              .ifPresent(
                  bias ->
                      writer.add(
                          Tensor.ofFloats(Shape.of(bias.length), bias)
                              .withName(ModuleTensors.join(name, "bias"))));
        });
    tensors.forEach(writer::add);
    writer.metadata(LAYERS, JsonWriter.compact(OwnConfig.toJson(modules, List.of(), "")));
    notes.forEach((key, text) -> writer.metadata(NOTE + key, text));
    return writer.write(path);
  }

  /**
   * Opens an archive.
   *
   * @param path the file
   * @return the open archive; the caller closes it when no layer of it is in use any more
   * @throws TensorFileException if the file is malformed or no archive
   * @throws IOException if it cannot be read
   */
  public static LayerArchive open(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      String layers = file.metadata().get(LAYERS);
      if (layers == null) {
        throw new TensorFileException(
            path, "no metadata '" + LAYERS + "', expected an archive of quantized layers");
      }
      JsonValue config = parse(path, layers);
      return new LayerArchive(
          file,
          QuantizedWeights.of(
              new JsonValue.Obj(new LinkedHashMap<>(Map.of("quantization_config", config))), file));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static JsonValue parse(Path path, String text) throws TensorFileException {
    try {
      return JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8));
    } catch (JsonException e) {
      throw new TensorFileException(path, LAYERS + ": " + e.getMessage(), e);
    }
  }

  /**
   * The layers.
   *
   * @return their names
   */
  public SequencedSet<String> layers() {
    return weights.modules();
  }

  /**
   * Reads a layer, with its bias.
   *
   * @param name its name
   * @return the layer, whose codes are in the mapped file; empty if there is none of that name
   * @throws TensorFileException if a tensor is missing or damaged
   */
  public Optional<QuantizedLinear> layer(String name) throws TensorFileException {
    return weights.find(name);
  }

  /**
   * Any tensor of the file.
   *
   * @param name its name
   * @return the tensor, in the mapped file; empty if there is none of that name
   */
  public Optional<Tensor> tensor(String name) {
    return file.find(name);
  }

  /**
   * A text that was given when the archive was written.
   *
   * @param key its key
   * @return the text; empty if there is none
   */
  public Optional<String> note(String key) {
    return Optional.ofNullable(file.metadata().get(NOTE + key));
  }

  /** Unmaps the file; what was read from it must not be used any more. */
  @Override
  public void close() {
    file.close();
  }
}
