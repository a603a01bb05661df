// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedFileTest {
  private static final KernelOptions SCALAR = new KernelOptions("scalar", WorkerTeam.sequential());
  private static final String VALID =
      """
      {"version":1,"matrices":{"a":{"layout":"toy/1","scheme":"int4:g32:sym","shape":[2,32],\
      "properties":{"p":"1"},"parts":["words"]}}}""";

  @TempDir Path folder;

  private static MemorySegment bytes(int count, SeededRandom random) {
    byte[] data = new byte[count];
    for (int i = 0; i < count; i++) {
      data[i] = (byte) random.nextLong();
    }
    return MemorySegment.ofArray(data);
  }

  private static PackedMatrix matrix(SeededRandom random) {
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
    parts.put("words", bytes(64 * random.nextInt(1, 9), random));
    parts.put("row_sums", bytes(64 * random.nextInt(1, 9), random));
    return new PackedMatrix(
        "toy/order-" + random.nextInt(0, 9) + "/1",
        QuantScheme.parse("int4:g32:asym"),
        random.nextInt(1, 100),
        32 * random.nextInt(1, 10),
        Map.of("note", "any text: \"\u00e9\" \n"),
        parts);
  }

  @Test
  void whatIsWrittenIsMapped() throws IOException {
    SeededRandom random = new SeededRandom(1);
    SequencedMap<String, PackedMatrix> matrices = new LinkedHashMap<>();
    for (String name : List.of("z", "layers.0.q", "layers.0", "")) {
      matrices.put(name, matrix(random));
    }
    Path path = folder.resolve("packed.safetensors");
    assertEquals(PackedFile.write(path, matrices), Files.size(path));
    try (PackedFile file = PackedFile.open(path)) {
      assertEquals(List.copyOf(matrices.keySet()), List.copyOf(file.names()));
      for (String name : file.names()) {
        PackedMatrix expected = matrices.get(name);
        PackedMatrix found = file.find(name).orElseThrow();
        assertEquals(expected.toString(), found.toString());
        assertEquals(expected.properties(), found.properties());
        assertEquals(List.copyOf(expected.parts().keySet()), List.copyOf(found.parts().keySet()));
        for (String part : expected.parts().keySet()) {
          MemorySegment data = found.parts().get(part);
          assertEquals(-1, expected.parts().get(part).mismatch(data), name + "." + part);
          assertEquals(0, data.address() % PackedMatrix.ALIGNMENT, name + "." + part);
          assertTrue(data.isMapped() && data.isReadOnly());
        }
        assertEquals(ChecksumState.INTACT, file.verify(name));
      }
      assertTrue(file.find("layers").isEmpty());
      Exception missing =
          assertThrows(IllegalArgumentException.class, () -> file.kernel("layers", SCALAR));
      assertTrue(missing.getMessage().contains("'layers'"), missing.getMessage());
    }
  }

  @Test
  void aChangedByteIsFoundByTheChecksums() throws IOException {
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, new LinkedHashMap<>(Map.of("a", matrix(new SeededRandom(2)))));
    byte[] file = Files.readAllBytes(path);
    file[file.length - 1] ^= 1;
    Files.write(path, file);
    try (PackedFile changed = PackedFile.open(path)) {
      assertEquals(ChecksumState.CORRUPT, changed.verify("a"));
    }
  }

  @Test
  void scalarKernelsRefuseWithAReason() throws IOException {
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, new LinkedHashMap<>(Map.of("a", matrix(new SeededRandom(3)))));
    try (PackedFile file = PackedFile.open(path)) {
      Exception refused = assertThrows(TensorFileException.class, () -> file.kernel("a", SCALAR));
      assertTrue(
          refused.getMessage().contains("packed.safetensors: matrix 'a'")
              && refused.getMessage().contains("layout toy/order-")
              && refused.getMessage().contains("provider 'scalar'")
              && refused.getMessage().contains("load the quantized matrix"),
          refused.getMessage());
      assertThrows(
          IllegalArgumentException.class,
          () -> file.kernel("a", new KernelOptions("abacus", WorkerTeam.sequential())));
    }
  }

  private Path write(String description, int alignment, DType dtype, int count) throws IOException {
    Path path = folder.resolve("handmade.safetensors");
    byte[] data = new byte[(int) dtype.bytes(count)];
    new SafetensorsWriter()
        .alignData(alignment)
        .metadata("quant4j.packed", description)
        .add(Tensor.ofBytes(dtype, Shape.of(count), data).withName("a.words"))
        .write(path);
    return path;
  }

  private void assertRefused(Path path, String expected) {
    Exception refused =
        assertThrows(TensorFileException.class, () -> PackedFile.open(path).close(), expected);
    assertTrue(
        refused.getMessage().contains("handmade.safetensors")
            && refused.getMessage().contains(expected),
        refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"version\":1           | [                        | quant4j.packed:",
        "\"version\":1            | \"version\":2            | version: 2, expected 1",
        "\"version\":1            | \"version\":\"1\"        | quant4j.packed:",
        "\"matrices\"             | \"matrix\"               | 'matrices' is missing",
        "{\"a\":                  | {\"b\":                  | 'b.words'",
        "toy/1                    | ../../toy                | layout: '../../toy'",
        "\"layout\"               | \"lay\"                  | 'layout' is missing",
        "\"toy/1\"                | 7                        | layout: expected a string",
        "int4:g32:sym             | int44:g32:sym            | int44",
        "[2,32]                   | [2]                      | shape: 1 numbers",
        "[2,32]                   | [0,32]                   | sizes must be at least 1",
        "[2,32]                   | [2,4294967296]           | 4294967296",
        "[2,32]                   | [2,3.5]                  | 3.5",
        "[2,32]                   | \"2x32\"                 | shape: expected an array",
        "{\"p\":\"1\"}            | []                       | properties: expected an object",
        "{\"p\":\"1\"}            | {\"p\":1}                | p: expected a string",
        "{\"p\":\"1\"}            | {\"P\":\"1\"}            | property: 'P'",
        "[\"words\"]              | [\"words\",\"words\"]    | 'words' is there twice",
        "[\"words\"]              | [\"words\",\"x\"]        | 'a.x' is missing",
        "[\"words\"]              | [null]                   | parts: expected a string",
      })
  void damagedDescriptionsAreRefused(String from, String to, String message) throws IOException {
    assertTrue(VALID.contains(from), from);
    PackedFile.open(write(VALID, 64, DType.U8, 64)).close();
    assertRefused(write(VALID.replace(from, to), 64, DType.U8, 64), message);
  }

  @Test
  void otherTensorsAreRefused() throws IOException {
    assertRefused(write(VALID, 64, DType.F32, 64), "expected a vector of U8");
    assertRefused(write(VALID, 64, DType.U8, 65), "65 bytes, expected a multiple of 64");
    // By the length of the description one of two headers is no multiple of 64 bytes.
    String longer = VALID.replace("\"1\"", "\"12345678\"");
    boolean refused = false;
    for (String description : List.of(VALID, longer)) {
      Path path = write(description, 8, DType.U8, 64);
      try (PackedFile file = PackedFile.open(path)) {
        assertEquals(1, file.names().size());
      } catch (TensorFileException e) {
        assertTrue(e.getMessage().contains("behind a multiple of 64"), e.getMessage());
        refused = true;
      }
    }
    assertTrue(refused);
  }

  @Test
  void anyOtherFileIsRefused() throws IOException {
    Path path = folder.resolve("handmade.safetensors");
    new SafetensorsWriter().metadata("format", "pt").write(path);
    assertRefused(path, "no metadata 'quant4j.packed'");
    Files.write(path, new byte[3]);
    assertRefused(path, "3 bytes");
  }
}
