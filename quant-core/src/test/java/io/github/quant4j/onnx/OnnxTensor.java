// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.onnx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor of ONNX's backend tests ({@code TensorProto}): its elements as the bits that are stored.
 *
 * @param dimensions the shape
 * @param type the number of the element type
 * @param bits one element each, unsigned
 */
record OnnxTensor(int[] dimensions, int type, long[] bits) {
  static final int FLOAT = 1;
  static final int UINT8 = 2;
  static final int INT8 = 3;
  static final int FLOAT16 = 10;
  static final int FLOAT8E4M3FN = 17;
  static final int FLOAT8E4M3FNUZ = 18;
  static final int FLOAT8E5M2 = 19;
  static final int FLOAT8E5M2FNUZ = 20;
  static final int UINT4 = 21;
  static final int INT4 = 22;
  static final int FLOAT4E2M1 = 23;
  static final int FLOAT8E8M0 = 24;
  static final int UINT2 = 25;
  static final int INT2 = 26;

  /** A field of a message: its number, and its value or the stretch of bytes it takes. */
  private record Field(int number, long value, int from, int to) {}

  /** Reads a message, as far as the tests need it: numbers and stretches of bytes. */
  private static List<Field> fields(byte[] file, int from, int to) {
    List<Field> fields = new ArrayList<>();
    int[] at = {from};
    while (at[0] < to) {
      long key = variable(file, at);
      int number = (int) (key >> 3);
      switch ((int) (key & 7)) {
        case 0 -> fields.add(new Field(number, variable(file, at), 0, 0));
        case 2 -> {
          int length = (int) variable(file, at);
          fields.add(new Field(number, 0, at[0], at[0] + length));
          at[0] += length;
        }
        case 5 -> at[0] += 4;
        case 1 -> at[0] += 8;
        default -> throw new AssertionError(key);
      }
    }
    return fields;
  }

  private static long variable(byte[] file, int[] at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = file[at[0]++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  /** An integer attribute of a model's first node. */
  static int attribute(Path model, String name, int missing) throws IOException {
    byte[] file = Files.readAllBytes(model);
    for (Field graph : fields(file, 0, file.length)) {
      if (graph.number != 7) {
        continue;
      }
      for (Field node : fields(file, graph.from, graph.to)) {
        if (node.number != 1) {
          continue;
        }
        for (Field attribute : fields(file, node.from, node.to)) {
          if (attribute.number == 5) {
            List<Field> parts = fields(file, attribute.from, attribute.to);
            Field first = parts.getFirst();
            if (new String(file, first.from, first.to - first.from, StandardCharsets.UTF_8)
                .equals(name)) {
              for (Field part : parts) {
                if (part.number == 3) {
                  return (int) part.value;
                }
              }
            }
          }
        }
      }
    }
    return missing;
  }

  static OnnxTensor read(Path path) throws IOException {
    byte[] file = Files.readAllBytes(path);
    List<Long> dimensions = new ArrayList<>();
    int type = 0;
    byte[] raw = new byte[0];
    List<Long> numbers = new ArrayList<>();
    for (Field field : fields(file, 0, file.length)) {
      switch (field.number) {
        case 1 -> addNumbers(file, field, dimensions);
        case 2 -> type = (int) field.value;
        case 5 -> addNumbers(file, field, numbers);
        case 9 -> raw = Arrays.copyOfRange(file, field.from, field.to);
        default -> {}
      }
    }
    int count = 1;
    for (long dimension : dimensions) {
      count *= (int) dimension;
    }
    int width = width(type);
    long[] bits = new long[count];
    for (int i = 0; i < count; i++) {
      bits[i] =
          raw.length > 0
              ? fromBytes(raw, i, width)
              : width < 8
                  // Several elements lie in one byte, lowest bits first.
                  ? numbers.get(i * width / 8) >> i * width % 8 & ((1L << width) - 1)
                  : numbers.get(i) & ((1L << width) - 1);
    }
    return new OnnxTensor(dimensions.stream().mapToInt(Long::intValue).toArray(), type, bits);
  }

  private static void addNumbers(byte[] file, Field field, List<Long> numbers) {
    if (field.to == 0) {
      numbers.add(field.value);
      return;
    }
    int[] at = {field.from};
    while (at[0] < field.to) {
      numbers.add(variable(file, at));
    }
  }

  private static long fromBytes(byte[] raw, int index, int width) {
    ByteBuffer buffer = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
    return switch (width) {
      case 32 -> buffer.getInt(4 * index) & 0xffffffffL;
      case 16 -> buffer.getShort(2 * index) & 0xffffL;
      case 8 -> raw[index] & 0xffL;
      default -> raw[index * width / 8] >> index * width % 8 & ((1L << width) - 1);
    };
  }

  private static int width(int type) {
    return switch (type) {
      case FLOAT -> 32;
      case FLOAT16 -> 16;
      case UINT2, INT2 -> 2;
      case UINT4, INT4, FLOAT4E2M1 -> 4;
      case 4, 5 -> 16;
      default -> 8;
    };
  }

  boolean isFloat() {
    return type == FLOAT || type == FLOAT16;
  }

  /** An element of a plain floating-point tensor. */
  float number(int index) {
    return type == FLOAT
        ? Float.intBitsToFloat((int) bits[index])
        : Float.float16ToFloat((short) bits[index]);
  }

  int count() {
    return bits.length;
  }
}
