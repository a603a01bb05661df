// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufInspectorTest {
  private static final GgufMetadata METADATA =
      GgufMetadata.builder().putString("general.architecture", "llama").build();
  private static final int BLOCKS = 3000;

  @TempDir Path temporary;

  private static Inspection inspect(Path path) throws IOException {
    return Inspector.of(WorkerTeam.ofThreads(2)).inspect(path);
  }

  private static TensorInspection find(Inspection inspection, String name) {
    return inspection.tensors().stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** A scale of 0.5 in binary16 and 32 signed bytes, as ggml lays out Q8_0. */
  private static void putBlock(ByteBuffer target, byte[] codes) {
    target.putShort((short) 0x3800).put(codes);
  }

  /** More blocks than are looked at together; the same values beside them as plain numbers. */
  private Path file() throws IOException {
    SeededRandom random = new SeededRandom(3);
    ByteBuffer blocks = ByteBuffer.allocate(BLOCKS * 34).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[BLOCKS * 32];
    for (int block = 0; block < BLOCKS; block++) {
      byte[] codes = new byte[32];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = (byte) random.nextInt(-128, 128);
        values[block * 32 + i] = codes[i] * 0.5f;
      }
      putBlock(blocks, codes);
    }
    Path path = temporary.resolve("some.gguf");
    new GgufWriter(METADATA)
        .add(
            "blocks",
            GgufTensorType.Q8_0,
            List.of(32L * 100, (long) BLOCKS / 100),
            sink -> sink.write(MemorySegment.ofArray(blocks.array())))
        .add(Tensor.ofFloats(Shape.of(BLOCKS / 100, 3200), values).withName("plain"))
        .add("none", GgufTensorType.Q4_K, List.of(256L, 0L), _ -> {})
        .add("scratch", GgufTensorType.Q8_1, List.of(32L), s -> s.write(bytes(36)))
        .write(path);
    return path;
  }

  private static MemorySegment bytes(int count) {
    return MemorySegment.ofArray(new byte[count]);
  }

  @Test
  void blocksAreDescribedByTheirWeights() throws IOException {
    Inspection inspection = inspect(file());
    assertEquals("gguf", inspection.method());
    TensorInspection blocks = find(inspection, "blocks");
    assertTrue(blocks.isQuantized());
    assertEquals("Q8_0", blocks.type());
    assertEquals(8.5, blocks.bitsPerWeight());
    assertEquals(Shape.of(30, 3200), blocks.shape());
    assertEquals(BLOCKS * 34, blocks.bytes());
    assertEquals(ChecksumState.ABSENT, blocks.checksum());
    TensorInspection plain = find(inspection, "plain");
    assertFalse(plain.isQuantized());
    assertEquals("F32", plain.type());
    assertEquals(plain.statistics(), blocks.statistics());
    ValueStatistics values = blocks.statistics().orElseThrow();
    assertEquals(-64, values.minimum());
    assertEquals(63.5, values.maximum());
    // Uniformly distributed numbers have -6/5.
    assertEquals(-1.2, values.excessKurtosis(), 0.02);
    assertEquals(0, find(inspection, "none").statistics().orElseThrow().count());
    assertTrue(find(inspection, "scratch").problem().contains("activations"));
    assertEquals("llama", inspection.metadata().getString("general.architecture").orElseThrow());
    assertEquals(3, inspection.quantized().tensors());
  }

  @Test
  void filesOfOtherNamesAreToldByTheirFirstBytes() throws IOException {
    Path other = Files.move(file(), temporary.resolve("some.bin"));
    assertEquals(4, inspect(other).tensors().size());
  }

  @Test
  void bothFormsOfImportanceMatricesAreShown() throws IOException {
    ImportanceMatrix matrix =
        ImportanceMatrix.builder()
            .add("w", new ImportanceMatrix.Entry(new float[] {20, 40}, new long[] {10}))
            .build();
    Path gguf = temporary.resolve("imatrix.gguf");
    Path legacy = temporary.resolve("imatrix.dat");
    matrix.write(gguf);
    matrix.writeLegacy(legacy);
    Inspection first = inspect(gguf);
    assertEquals("", first.method());
    assertEquals(40, find(first, "w.in_sum2").statistics().orElseThrow().maximum());
    assertEquals(10, find(first, "w.counts").statistics().orElseThrow().maximum());
    Inspection second = inspect(legacy);
    assertEquals(Shape.of(2), find(second, "w").shape());
    assertEquals(4, find(second, "w").statistics().orElseThrow().maximum());
  }

  @Test
  void malformedFilesAreRefused() throws IOException {
    Path path = temporary.resolve("some.gguf");
    Files.writeString(path, "this is no such file");
    assertThrows(TensorFileException.class, () -> inspect(path));
    Path legacy = temporary.resolve("some.imatrix");
    Files.writeString(legacy, "this is no such file");
    assertThrows(TensorFileException.class, () -> inspect(legacy));
  }
}
