// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputFile;
import io.github.quant4j.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Importance matrices in the form of llama.cpp before 2025: the number of weights; for each the
 * length of its name, the name, a number of chunks, the number of values, and the values, which are
 * mean squares multiplied by the number of chunks; at the end the number of all chunks and the name
 * of the text with its length, which the oldest files do not have. Numbers are little-endian, of 32
 * bits.
 */
final class LegacyImportanceFile {
  private static final int MOST_ENTRIES = GgufHeader.MOST_TENSORS;
  private static final int LONGEST_NAME = 1024;
  private static final int LONGEST_DATASET = GgufHeader.LONGEST_KEY;

  /** Length of the name, a character, chunks, number of values, a value. */
  private static final int LEAST_ENTRY_BYTES = 17;

  private LegacyImportanceFile() {}

  static ImportanceMatrix read(Path path, MemorySegment file) throws TensorFileException {
    GgufCursor cursor = new GgufCursor(path, file);
    cursor.expect("number of weights; is this an importance matrix?");
    int count = size(cursor, MOST_ENTRIES);
    if ((long) count * LEAST_ENTRY_BYTES > cursor.left()) {
      throw cursor.error(count + ", but only " + cursor.left() + " bytes are left in the file");
    }
    ImportanceMatrix.Builder builder = ImportanceMatrix.builder();
    long most = 0;
    for (int i = 0; i < count; i++) {
      cursor.expect("name of weight", i);
      String name = cursor.readText(size(cursor, LONGEST_NAME));
      cursor.expect("weight", name);
      int chunks = notNegative(cursor);
      try {
        float[] sums = cursor.readFloats(size(cursor, Integer.MAX_VALUE));
        // Without a number llama.cpp takes the values as they are.
        builder.add(name, new ImportanceMatrix.Entry(sums, new long[] {Math.max(1, chunks)}));
      } catch (IllegalArgumentException e) {
        throw cursor.error(String.valueOf(e.getMessage()));
      }
      most = Math.max(most, chunks);
    }
    if (cursor.left() > 0) {
      cursor.expect("number of chunks");
      most = notNegative(cursor);
    }
    if (cursor.left() > 0) {
      cursor.expect("name of the text");
      int length = notNegative(cursor);
      if (length > LONGEST_DATASET || length != cursor.left()) {
        throw cursor.error(
            length + " bytes, expected the " + cursor.left() + " that are left in the file");
      }
      // A name in an old encoding is no reason to refuse the numbers.
      builder.dataset(new String(cursor.readBytes(length), StandardCharsets.UTF_8));
    }
    return builder.chunks(most, 1).build();
  }

  private static int size(GgufCursor cursor, int most) throws TensorFileException {
    int size = cursor.readInt();
    if (size < 1 || size > most) {
      throw cursor.error(size + ", expected 1 to " + most);
    }
    return size;
  }

  private static int notNegative(GgufCursor cursor) throws TensorFileException {
    int value = cursor.readInt();
    if (value < 0) {
      throw cursor.error(value + ", expected no negative number");
    }
    return value;
  }

  static void write(ImportanceMatrix matrix, Path target) throws OutputException {
    List<Map.Entry<String, ImportanceMatrix.Entry>> seen =
        matrix.entries().entrySet().stream().filter(entry -> most(entry.getValue()) > 0).toList();
    if (seen.isEmpty()) {
      throw new IllegalArgumentException("no weight has seen anything, expected one that has");
    }
    try (OutputFile file = OutputFile.create(target)) {
      file.write(ints(seen.size()));
      for (Map.Entry<String, ImportanceMatrix.Entry> entry : seen) {
        int chunks = number(Math.ceilDiv(most(entry.getValue()), matrix.chunkSize()));
        float[] means = entry.getValue().meanSquares();
        byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
        file.write(ints(name.length));
        file.write(ByteBuffer.wrap(name));
        file.write(ints(chunks, means.length));
        ByteBuffer values = buffer((long) means.length * Float.BYTES);
        for (float mean : means) {
          values.putFloat(mean * chunks);
        }
        file.write(values.flip());
      }
      byte[] dataset =
          (matrix.datasets().isEmpty() ? "" : matrix.datasets().getLast())
              .getBytes(StandardCharsets.UTF_8);
      file.write(ints(number(matrix.chunkCount()), dataset.length));
      file.write(ByteBuffer.wrap(dataset));
      file.commit();
    }
  }

  private static long most(ImportanceMatrix.Entry entry) {
    return LongStream.of(entry.counts()).max().orElse(0);
  }

  /** A factor that readers divide by again, so that a smaller one does no harm. */
  private static int number(long chunks) {
    return (int) Math.min(Integer.MAX_VALUE, chunks);
  }

  private static ByteBuffer ints(int... values) {
    ByteBuffer buffer = buffer((long) values.length * Integer.BYTES);
    for (int value : values) {
      buffer.putInt(value);
    }
    return buffer.flip();
  }

  private static ByteBuffer buffer(long bytes) {
    return ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }
}
