// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stored tensor, {@code TensorProto}: row-major, little-endian, dense. Its data is a slice of the
 * mapped file or of a file beside it, unless it is stored as numbers of varying length.
 *
 * <p>Instances are immutable and valid while the file that they come from is open; comparisons are
 * by identity.
 */
public final class OnnxTensor {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int SEGMENT = 3;
  private static final int NAME = 8;
  private static final int DOC = 12;
  private static final int EXTERNAL = 13;
  private static final int LOCATION = 14;
  private static final int METADATA = 16;
  private static final int MOST_DIMENSIONS = 1024;

  private final ProtoMessage message;
  private final String name;
  private final OnnxType type;
  private final Shape shape;
  private final String doc;
  private final List<OnnxProperty> metadata;
  private final @Nullable ExternalLocation location;
  private final @Nullable MemorySegment outside;

  private OnnxTensor(ProtoMessage message, String name, ReadBudget budget) {
    this.message = message;
    this.name = name;
    this.type = OnnxType.ofCode(message.int32(DATA_TYPE, "data_type"));
    if (type == OnnxType.UNDEFINED) {
      throw new IllegalArgumentException("data_type 0, expected the type of the elements");
    }
    if (message.has(SEGMENT)) {
      throw new IllegalArgumentException("segment: tensors in several parts are not supported");
    }
    this.shape = Shape.of(dimensions(message));
    long bytes = size(type, shape);
    this.doc = message.string(DOC, "doc_string");
    this.metadata = OnnxProperty.read(message, METADATA, "metadata_props", budget);
    int place = message.int32(LOCATION, "data_location");
    if (place != 0 && place != 1) {
      throw new IllegalArgumentException("data_location: " + place + ", expected 0 or 1");
    }
    if (place == 0) {
      this.location = null;
      this.outside = null;
      new TensorStorage(message, type, shape.elementCount()).check();
      return;
    }
    if (type == OnnxType.STRING) {
      throw new IllegalArgumentException("external data, which is not for STRING");
    }
    if (message.fields().stream()
        .anyMatch(
            field ->
                TensorStorage.isData(field.number())
                    && field.byteSize() > field.head().byteSize())) {
      throw new IllegalArgumentException("external data and data in the file, expected one");
    }
    this.location =
        ExternalLocation.parse(OnnxProperty.read(message, EXTERNAL, "external_data", budget));
    this.outside = budget.files().slice(location, bytes);
  }

  private static long[] dimensions(ProtoMessage message) {
    long count = message.count(DIMS, "dims", ProtoField.VARINT);
    if (count > MOST_DIMENSIONS) {
      throw new IllegalArgumentException(
          "dims: " + count + " dimensions, expected at most " + MOST_DIMENSIONS);
    }
    long[] dimensions = new long[(int) count];
    int[] next = new int[1];
    message.forEach(DIMS, "dims", ProtoField.VARINT, value -> dimensions[next[0]++] = value);
    return dimensions;
  }

  private static long size(OnnxType type, Shape shape) {
    try {
      return type.bytes(shape.elementCount());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("dims: " + shape + " of " + type + " overflow", e);
    }
  }

  static OnnxTensor read(ProtoMessage message, ReadBudget budget) {
    String name = message.string(NAME, "name");
    return ReadBudget.within(
        () -> "tensor '" + name + "'", () -> new OnnxTensor(message, name, budget));
  }

  /**
   * Makes a tensor.
   *
   * @param name its name; may be empty for the value of a node's attribute
   * @param type the element type, not UNDEFINED or STRING
   * @param shape the dimensions
   * @param data the elements; shared, not copied
   * @return a tensor that is stored as raw data
   * @throws IllegalArgumentException if the data has not the size of the tensor
   */
  public static OnnxTensor of(String name, OnnxType type, Shape shape, MemorySegment data) {
    List<ProtoField> fields = new ArrayList<>();
    for (long dimension : shape.dimensions()) {
      fields.add(ProtoField.ofLong(DIMS, dimension));
    }
    fields.add(ProtoField.ofLong(DATA_TYPE, type.code()));
    fields.add(ProtoField.ofString(NAME, name));
    fields.add(ProtoField.ofBytes(TensorStorage.RAW, data));
    return read(ProtoMessage.of(fields), ReadBudget.unlimited());
  }

  /**
   * Makes a tensor of one of ours.
   *
   * @param tensor its name, type, shape and data; shared, not copied
   * @return a tensor that is stored as raw data
   */
  public static OnnxTensor of(Tensor tensor) {
    return of(tensor.name(), OnnxType.of(tensor.dtype()), tensor.shape(), tensor.data());
  }

  /**
   * Reads a tensor that is stored by itself, as test data of ONNX is.
   *
   * @param bytes one message {@code TensorProto}; shared, not copied
   * @return the tensor
   * @throws IllegalArgumentException if it is malformed or its data is elsewhere
   */
  public static OnnxTensor parse(MemorySegment bytes) {
    ReadBudget budget = ReadBudget.of(null);
    return read(ProtoMessage.parse(bytes, budget), budget);
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The name.
   *
   * @return empty for most values of attributes
   */
  public String name() {
    return name;
  }

  /**
   * The element type.
   *
   * @return not UNDEFINED
   */
  public OnnxType type() {
    return type;
  }

  /**
   * The dimensions.
   *
   * @return outermost first
   */
  public Shape shape() {
    return shape;
  }

  /**
   * The description.
   *
   * @return empty if there is none
   */
  public String doc() {
    return doc;
  }

  /**
   * Further properties.
   *
   * @return in the file's order
   */
  public List<OnnxProperty> metadata() {
    return metadata;
  }

  /**
   * Where the data lies, if not in the model's file.
   *
   * @return empty for data in the model's file
   */
  public Optional<ExternalLocation> location() {
    return Optional.ofNullable(location);
  }

  /**
   * The bytes that the elements take as raw data.
   *
   * @return 0 for STRING
   */
  public long byteSize() {
    return type.bytes(shape.elementCount());
  }

  /**
   * The elements as raw data has them. Costs nothing for raw and external data and for floats in
   * one piece; other forms are decoded each time.
   *
   * @return {@link #byteSize()} bytes
   * @throws IllegalArgumentException if the type is STRING or a stored number does not fit the type
   */
  public MemorySegment data() {
    if (type == OnnxType.STRING) {
      throw new IllegalArgumentException("tensor '" + name + "': STRING has no raw data");
    }
    if (outside != null) {
      return outside;
    }
    return ReadBudget.within(
        () -> "tensor '" + name + "'",
        () -> new TensorStorage(message, type, shape.elementCount()).data());
  }

  /**
   * The texts of a STRING tensor.
   *
   * @return row-major
   * @throws IllegalArgumentException if it is of another type or a text is not UTF-8
   */
  public List<String> strings() {
    if (type != OnnxType.STRING) {
      throw new IllegalArgumentException("tensor '" + name + "': " + type + ", expected STRING");
    }
    return message.strings(TensorStorage.STRINGS, "tensor '" + name + "': string_data");
  }

  /**
   * A view with the type of ours.
   *
   * @return empty if there is no such type, or its elements are not a whole number of bytes
   * @throws IllegalArgumentException if a stored number does not fit the type
   */
  public Optional<Tensor> tensor() {
    if (((shape.elementCount() * type.bits()) & 7) != 0) {
      return Optional.empty();
    }
    return type.dtype().map(dtype -> Tensor.of(name, dtype, shape, data()));
  }

  /**
   * Integers of 2 and 4 bits with a byte for each.
   *
   * @return a fresh tensor of U8 or I8
   * @throws IllegalArgumentException if the type is another, or there are too many for an array
   */
  public Tensor unpacked() {
    if (!type.isNarrowInteger() || shape.elementCount() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': " + type + " " + shape + ", expected integers of 2 or 4 bits");
    }
    boolean signed = type == OnnxType.INT4 || type == OnnxType.INT2;
    MemorySegment packed = data();
    byte[] values = new byte[(int) shape.elementCount()];
    int bits = type.bits();
    int mask = (1 << bits) - 1;
    for (int i = 0; i < values.length; i++) {
      long bit = (long) i * bits;
      int value = (packed.get(ValueLayout.JAVA_BYTE, bit >> 3) >> (int) (bit & 7)) & mask;
      int shift = Integer.SIZE - bits;
      values[i] = (byte) (signed ? value << shift >> shift : value);
    }
    return Tensor.ofBytes(signed ? DType.I8 : DType.U8, shape, values).withName(name);
  }

  /**
   * The same under another name.
   *
   * @param changed the name
   * @return a tensor that shares the data
   */
  public OnnxTensor withName(String changed) {
    return new OnnxTensor(this, message.with(ProtoField.ofString(NAME, changed)), changed);
  }

  private OnnxTensor(OnnxTensor from, ProtoMessage message, String name) {
    this.message = message;
    this.name = name;
    this.type = from.type;
    this.shape = from.shape;
    this.doc = from.doc;
    this.metadata = from.metadata;
    this.location = from.location;
    this.outside = from.outside;
  }

  /** The same with its data as raw data in the model's file. */
  OnnxTensor embedded() {
    return read(
        bare().plus(List.of(ProtoField.ofBytes(TensorStorage.RAW, data()))),
        ReadBudget.unlimited());
  }

  /** The same with its data to be at another place. */
  OnnxTensor referring(ExternalLocation place) {
    List<ProtoField> more = new ArrayList<>();
    place.entries().forEach(entry -> more.add(entry.field(EXTERNAL)));
    more.add(ProtoField.ofLong(LOCATION, 1));
    return new OnnxTensor(this, bare().plus(more), name);
  }

  private ProtoMessage bare() {
    return message.without(
        field ->
            TensorStorage.isData(field.number())
                || field.number() == EXTERNAL
                || field.number() == LOCATION);
  }

  /** Name, type and shape. */
  @Override
  public String toString() {
    return "tensor '" + name + "' " + type + " " + shape;
  }
}
