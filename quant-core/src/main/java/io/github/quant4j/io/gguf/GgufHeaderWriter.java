// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Lays out the header of a file. */
final class GgufHeaderWriter {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private GgufHeaderWriter() {}

  /** The header with the zeros that align the data. */
  static ByteBuffer header(GgufMetadata metadata, List<GgufHeader.Entry> tensors, int alignment) {
    GgufHeaderWriter writer = new GgufHeaderWriter();
    writer.putInt(GgufHeader.MAGIC);
    writer.putInt(GgufHeader.VERSION);
    writer.putLong(tensors.size());
    writer.putLong(metadata.keys().size());
    for (Map.Entry<String, GgufValue> value : metadata.values().entrySet()) {
      writer.putString(value.getKey());
      writer.put(value.getValue());
    }
    for (GgufHeader.Entry tensor : tensors) {
      writer.put(tensor);
    }
    int size = writer.bytes.size();
    byte[] padding = new byte[(int) (GgufHeader.align(size, alignment) - size)];
    writer.bytes.writeBytes(padding);
    return ByteBuffer.wrap(writer.bytes.toByteArray());
  }

  private void put(GgufHeader.Entry tensor) {
    putString(tensor.name());
    putInt(tensor.dimensions().size());
    tensor.dimensions().forEach(this::putLong);
    putInt(tensor.type().id());
    putLong(tensor.offset());
  }

  private void put(GgufValue value) {
    switch (value) {
      case GgufValue.Whole whole -> {
        putInt(whole.type().id());
        putNumber(whole.value(), whole.type().bytes());
      }
      case GgufValue.Real real -> {
        putInt(real.type().id());
        if (real.type() == GgufValueType.FLOAT32) {
          putInt(Float.floatToRawIntBits((float) real.value()));
        } else {
          putLong(Double.doubleToRawLongBits(real.value()));
        }
      }
      case GgufValue.Flag flag -> {
        putInt(GgufValueType.BOOL.id());
        bytes.write(flag.value() ? 1 : 0);
      }
      case GgufValue.Text text -> {
        putInt(GgufValueType.STRING.id());
        putString(text.value());
      }
      case GgufValue.Texts texts -> {
        putArray(GgufValueType.STRING, texts.values().size());
        texts.values().forEach(this::putString);
      }
      case GgufValue.Numbers numbers -> {
        putArray(numbers.type(), numbers.size());
        MemorySegment segment = numbers.bytes();
        bytes.writeBytes(segment.toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }

  private void putArray(GgufValueType type, int size) {
    putInt(GgufValueType.ARRAY.id());
    putInt(type.id());
    putLong(size);
  }

  private void putString(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    putLong(encoded.length);
    bytes.writeBytes(encoded);
  }

  private void putInt(int value) {
    putNumber(value, Integer.BYTES);
  }

  private void putLong(long value) {
    putNumber(value, Long.BYTES);
  }

  /** The low bytes of a number. */
  private void putNumber(long value, int count) {
    bytes.write(number.putLong(0, value).array(), 0, count);
  }
}
