// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A model as Hugging Face lays it out: {@code config.json} beside {@code model.safetensors}, or
 * beside several shards with {@code model.safetensors.index.json}, whose {@code weight_map} says
 * which file holds each tensor.
 *
 * <p>All files are mapped when the directory is opened; nothing is read before it is used. If both
 * the single file and the index are there, the single file counts, as in the Transformers library.
 * Instances are immutable and thread-safe.
 */
public final class ModelDirectory implements TensorSource {
  /** The configuration's file name. */
  public static final String CONFIG = "config.json";

  /** The file name of weights that are not sharded. */
  public static final String WEIGHTS = "model.safetensors";

  /** The file name of the list of shards. */
  public static final String INDEX = "model.safetensors.index.json";

  private final Path path;
  private final JsonValue.Obj config;
  private final List<SafetensorsFile> files;
  private final SequencedMap<String, Tensor> tensors;

  private ModelDirectory(
      Path path,
      JsonValue.Obj config,
      List<SafetensorsFile> files,
      SequencedMap<String, Tensor> tensors) {
    this.path = path;
    this.config = config;
    this.files = List.copyOf(files);
    this.tensors = tensors;
  }

  /**
   * Opens a model.
   *
   * @param directory the directory
   * @return the open model; the caller closes it
   * @throws TensorFileException if the directory or one of its files is missing or malformed, or
   *     the index does not agree with the shards
   * @throws IOException if reading fails
   */
  public static ModelDirectory open(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new TensorFileException(
          directory,
          (Files.exists(directory) ? "not a directory" : "no such directory")
              + ", expected a model directory with "
              + CONFIG
              + " and "
              + WEIGHTS);
    }
    JsonValue.Obj config =
        ForeignReaders.restored(
            InputFiles.readObject(directory.resolve(CONFIG), "the model's configuration"));
    Path single = directory.resolve(WEIGHTS);
    Path index = directory.resolve(INDEX);
    if (Files.exists(single)) {
      return openSingle(directory, config, single);
    }
    if (Files.exists(index)) {
      return openSharded(directory, config, index);
    }
    throw new TensorFileException(
        directory, "neither " + WEIGHTS + " nor " + INDEX + " is there" + otherWeights(directory));
  }

  private static ModelDirectory openSingle(Path directory, JsonValue.Obj config, Path single)
      throws IOException {
    SafetensorsFile file = SafetensorsFile.open(single);
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : file.names()) {
      tensors.put(name, file.require(name));
    }
    try {
      return new ModelDirectory(
          directory,
          SideConfigs.completed(directory, config, tensors.keySet()),
          List.of(file),
          tensors);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static ModelDirectory openSharded(Path directory, JsonValue.Obj config, Path index)
      throws IOException {
    Map<String, String> weightMap = weightMap(index);
    SequencedMap<String, SafetensorsFile> shards = new LinkedHashMap<>();
    try {
      for (String shard : new TreeSet<>(weightMap.values())) {
        shards.put(shard, SafetensorsFile.open(shard(directory, index, shard)));
      }
      for (Map.Entry<String, String> entry : weightMap.entrySet()) {
        SafetensorsFile shard = shards.get(entry.getValue());
        if (shard == null || shard.find(entry.getKey()).isEmpty()) {
          throw new TensorFileException(
              index,
              "tensor '"
                  + entry.getKey()
                  + "' is said to be in "
                  + entry.getValue()
                  + ", where it is not");
        }
      }
      SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
      shards.forEach(
          (shard, file) -> {
            for (String name : file.names()) {
              if (shard.equals(weightMap.get(name))) {
                tensors.put(name, file.require(name));
              }
            }
          });
      return new ModelDirectory(
          directory,
          SideConfigs.completed(directory, config, tensors.keySet()),
          List.copyOf(shards.values()),
          tensors);
    } catch (Throwable e) {
      shards.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  private static Path shard(Path directory, Path index, String name) throws TensorFileException {
    try {
      return directory.resolve(name);
    } catch (InvalidPathException e) {
      // A lone surrogate, or a character that the platform's names cannot have.
      throw new TensorFileException(
          index, "'" + name + "': no file name on this system: " + e.getReason(), e);
    }
  }

  /** The index's map from tensor to file name. */
  private static Map<String, String> weightMap(Path index) throws IOException {
    JsonValue.Obj object = InputFiles.readObject(index, "the list of shards");
    Map<String, String> files = new TreeMap<>();
    try {
      JsonValue.Obj map =
          object
              .getObject("weight_map")
              .orElseThrow(() -> new TensorFileException(index, "'weight_map' is missing"));
      for (String name : map.members().keySet()) {
        String file = map.getString(name).orElse("");
        // A file name and nothing else: an index must not reach outside its directory.
        if (!file.endsWith(".safetensors")
            || file.contains("/")
            || file.contains("\\")
            || file.contains(":")
            || file.indexOf('\0') >= 0) {
          throw new TensorFileException(
              index,
              "tensor '"
                  + name
                  + "': '"
                  + file
                  + "', expected the name of a .safetensors file in the same directory");
        }
        files.put(name, file);
      }
    } catch (JsonException e) {
      throw new TensorFileException(index, e);
    }
    return files;
  }

  /** What lies there instead, for the message. */
  private static String otherWeights(Path directory) throws IOException {
    List<String> others = new ArrayList<>();
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(directory, "*.{safetensors,bin,gguf,pt,pth,onnx}")) {
      entries.forEach(entry -> others.add(String.valueOf(entry.getFileName())));
    }
    Collections.sort(others);
    return others.isEmpty() ? "" : "; found " + others + ", which are not read";
  }

  /**
   * Where the model lies.
   *
   * @return the path that it was opened with
   */
  public Path path() {
    return path;
  }

  /**
   * The contents of {@code config.json}; where that keeps other libraries from reading the weights
   * (see {@link ForeignReaders}), with the kind of model that it is. If it has no {@code
   * quantization_config} though there are quantized tensors, that member is what a file such as
   * {@code quantize_config.json} says.
   *
   * @return the object
   */
  public JsonValue.Obj config() {
    return config;
  }

  /**
   * The weight files.
   *
   * @return one file, or the shards in the order of their names
   */
  public List<SafetensorsFile> files() {
    return files;
  }

  /**
   * {@inheritDoc}
   *
   * @return file after file, within each in the order of the data
   */
  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(tensors.sequencedKeySet());
  }

  @Override
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public ChecksumState verify(String name) {
    Tensor tensor = require(name);
    for (SafetensorsFile file : files) {
      if (file.find(name).filter(found -> found == tensor).isPresent()) {
        return file.verify(name);
      }
    }
    throw new IllegalStateException("tensor '" + name + "' is in none of " + files);
  }

  /** Unmaps all files. Closing twice has no effect. */
  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }

  /** The path and the number of tensors. */
  @Override
  public String toString() {
    return path + " (" + tensors.size() + " tensors in " + files.size() + " files)";
  }
}
