// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.packed;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** The description of packed weights in a file's metadata. */
final class PackedDescription {
  /** The metadata entry. */
  static final String KEY = "quant4j.packed";

  private static final int VERSION = 1;
  private static final String MATRICES = "matrices";
  private static final String LAYOUT = "layout";
  private static final String SCHEME = "scheme";
  private static final String SHAPE = "shape";
  private static final String PROPERTIES = "properties";
  private static final String PARTS = "parts";

  private PackedDescription() {}

  static String tensorName(String matrix, String part) {
    return matrix + "." + part;
  }

  static String format(SequencedMap<String, PackedMatrix> matrices) {
    SequencedMap<String, Object> described = new LinkedHashMap<>();
    matrices.forEach(
        (name, matrix) -> {
          SequencedMap<String, Object> members = new LinkedHashMap<>();
          members.put(LAYOUT, matrix.layout());
          members.put(SCHEME, matrix.scheme().toString());
          members.put(SHAPE, List.of(matrix.rows(), matrix.columns()));
          members.put(PROPERTIES, matrix.properties());
          members.put(PARTS, matrix.parts().sequencedKeySet());
          described.put(name, members);
        });
    SequencedMap<String, Object> root = new LinkedHashMap<>();
    root.put("version", VERSION);
    root.put(MATRICES, described);
    return JsonWriter.compact((JsonValue.Obj) JsonValue.of(root));
  }

  static SequencedMap<String, PackedMatrix> parse(SafetensorsFile file) throws TensorFileException {
    String text = file.metadata().get(KEY);
    if (text == null) {
      throw new TensorFileException(
          file.path(), "no metadata '" + KEY + "', expected a file of packed weights");
    }
    try {
      JsonValue.Obj root = JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8));
      int version = root.getInt("version").orElse(0);
      if (version != VERSION) {
        throw new IllegalArgumentException("version: " + version + ", expected " + VERSION);
      }
      SequencedMap<String, PackedMatrix> matrices = new LinkedHashMap<>();
      for (Map.Entry<String, JsonValue> entry : object(root, MATRICES).members().entrySet()) {
        matrices.put(entry.getKey(), matrix(file, entry.getKey(), entry.getValue()));
      }
      return matrices;
    } catch (JsonException | IllegalArgumentException e) {
      throw new TensorFileException(file.path(), KEY + ": " + e.getMessage(), e);
    }
  }

  private static PackedMatrix matrix(SafetensorsFile file, String name, JsonValue value) {
    try {
      if (!(value instanceof JsonValue.Obj members)) {
        throw new IllegalArgumentException("expected an object, found " + value.kind());
      }
      List<JsonValue> shape = array(members, SHAPE);
      if (shape.size() != 2) {
        throw new IllegalArgumentException(SHAPE + ": " + shape.size() + " numbers, expected 2");
      }
      SequencedMap<String, String> properties = new LinkedHashMap<>();
      object(members, PROPERTIES)
          .members()
          .forEach((key, property) -> properties.put(key, text(key, property)));
      SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
      for (JsonValue part : array(members, PARTS)) {
        String partName = text(PARTS, part);
        if (parts.put(partName, data(file, tensorName(name, partName))) != null) {
          throw new IllegalArgumentException(PARTS + ": '" + partName + "' is there twice");
        }
      }
      return new PackedMatrix(
          text(LAYOUT, member(members, LAYOUT)),
          QuantScheme.parse(text(SCHEME, member(members, SCHEME))),
          size(shape.getFirst()),
          size(shape.getLast()),
          properties,
          parts);
    } catch (JsonException | IllegalArgumentException e) {
      throw new IllegalArgumentException("matrix '" + name + "': " + e.getMessage(), e);
    }
  }

  private static MemorySegment data(SafetensorsFile file, String name) {
    Tensor tensor = file.require(name);
    if (tensor.dtype() != DType.U8 || tensor.shape().rank() != 1) {
      throw new IllegalArgumentException(tensor + ": expected a vector of U8");
    }
    long misplaced = tensor.data().address() % PackedMatrix.ALIGNMENT;
    if (misplaced != 0) {
      throw new IllegalArgumentException(
          tensor
              + ": begins "
              + misplaced
              + " bytes behind a multiple of "
              + PackedMatrix.ALIGNMENT
              + "; another tool wrote the file anew");
    }
    return tensor.data();
  }

  private static JsonValue member(JsonValue.Obj object, String name) {
    return object
        .get(name)
        .orElseThrow(() -> new IllegalArgumentException("'" + name + "' is missing"));
  }

  private static JsonValue.Obj object(JsonValue.Obj parent, String name) {
    JsonValue value = member(parent, name);
    if (value instanceof JsonValue.Obj object) {
      return object;
    }
    throw new IllegalArgumentException(name + ": expected an object, found " + value.kind());
  }

  private static List<JsonValue> array(JsonValue.Obj parent, String name) {
    JsonValue value = member(parent, name);
    if (value instanceof JsonValue.Arr array) {
      return array.elements();
    }
    throw new IllegalArgumentException(name + ": expected an array, found " + value.kind());
  }

  private static String text(String name, JsonValue value) {
    if (value instanceof JsonValue.Str text) {
      return text.value();
    }
    throw new IllegalArgumentException(name + ": expected a string, found " + value.kind());
  }

  private static int size(JsonValue value) {
    String text = value instanceof JsonValue.Num number ? number.text() : value.kind();
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          SHAPE + ": " + text + ", expected a whole number below 2^31", e);
    }
  }
}
