// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointWriterTest {
  @TempDir Path folder;

  private static List<Tensor> tensors(SeededRandom random, int count) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] values = random.gaussians(random.nextInt(0, 400));
      tensors.add(Tensor.ofFloats(Shape.of(values.length), values).withName("t." + i));
    }
    return tensors;
  }

  /** Writes a model; every third tensor is linked. */
  private Path write(String name, List<Tensor> tensors, long shardBytes) throws IOException {
    Path target = folder.resolve(name);
    try (OutputDirectory output = OutputDirectory.create(target, false);
        CheckpointWriter writer = CheckpointWriter.create(output, shardBytes)) {
      output.write("config.json", "{}");
      for (int i = 0; i < tensors.size(); i++) {
        if (i % 3 == 0) {
          writer.link(tensors.get(i));
        } else {
          writer.append(tensors.get(i));
        }
      }
      long size = writer.finish();
      output.commit();
      assertEquals(size + 2, totalSize(target));
    }
    return target;
  }

  private static long totalSize(Path directory) throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        size += Files.size(file);
      }
    }
    return size;
  }

  @ParameterizedTest
  @CsvSource({"1, 20, 1000000", "2, 40, 3000", "3, 12, 1", "4, 0, 10", "5, 1, 1"})
  void modelsAreReadBackWhateverTheirShards(long seed, int count, long shardBytes)
      throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<Tensor> tensors = tensors(random, count);
    Path target = write("a", tensors, shardBytes);
    try (ModelDirectory model = ModelDirectory.open(target)) {
      assertEquals(count, model.names().size(), random.toString());
      for (Tensor tensor : tensors) {
        Tensor found = model.require(tensor.name());
        assertArrayEquals(tensor.toFloatArray(), found.toFloatArray(), random + tensor.name());
        assertEquals(ChecksumState.INTACT, model.verify(tensor.name()), random + tensor.name());
      }
      for (SafetensorsFile file : model.files()) {
        assertEquals("pt", file.metadata().get("format"));
        long data = file.names().stream().mapToLong(name -> file.require(name).byteSize()).sum();
        assertTrue(file.names().size() <= 1 || data <= shardBytes, random + ": " + file);
      }
    }
    List<Tensor> shuffled = new ArrayList<>(tensors);
    Collections.shuffle(shuffled, new Random(seed));
    assertSameFiles(target, write("b", shuffled, shardBytes));
  }

  private static void assertSameFiles(Path a, Path b) throws IOException {
    try (Stream<Path> files = Files.list(a)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        assertEquals(-1, Files.mismatch(file, b.resolve(file.getFileName())), file.toString());
      }
    }
  }

  @Test
  void namesMustBeNewAndTheWriterOpen() throws IOException {
    Tensor tensor = Tensor.ofFloats(Shape.of(1), new float[1]).withName("t");
    try (OutputDirectory output = OutputDirectory.create(folder.resolve("out"), false);
        CheckpointWriter writer = CheckpointWriter.create(output, 1)) {
      writer.append(tensor);
      assertThrows(IllegalArgumentException.class, () -> writer.append(tensor));
      assertThrows(IllegalArgumentException.class, () -> writer.link(tensor));
      writer.finish();
      assertThrows(IllegalStateException.class, () -> writer.link(tensor.withName("u")));
      assertThrows(IllegalStateException.class, writer::finish);
      assertThrows(
          IllegalArgumentException.class, () -> CheckpointWriter.create(output, 0).close());
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void layersMayComeFromSeveralThreads() throws Exception {
    List<Tensor> tensors = tensors(new SeededRandom(7), 60);
    Path target = folder.resolve("threads");
    try (OutputDirectory output = OutputDirectory.create(target, false);
        CheckpointWriter writer = CheckpointWriter.create(output, 5000)) {
      output.write("config.json", "{}");
      tensors.parallelStream()
          .forEach(
              tensor -> {
                try {
                  writer.append(tensor);
                } catch (OutputException e) {
                  throw new AssertionError(e);
                }
              });
      writer.finish();
      output.commit();
    }
    assertSameFiles(target, write("sequential", tensors, 5000));
  }
}
