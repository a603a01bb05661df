// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.packed.PackedFile;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackedWeightsTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));
  private static final String OTHER_WIDTH = "vector" + (Lanes.BITS == 512 ? 128 : 512);

  @TempDir Path folder;

  private static QuantizedMatrix matrix(String scheme, int rows, int columns) {
    return RandomMatrices.of(
        QuantScheme.parse(scheme), rows, columns, new SeededRandom(rows * 1000L + columns));
  }

  private static PackedMatrix packed(String scheme, int rows, int columns) {
    return Kernels.pack(matrix(scheme, rows, columns), ONE).orElseThrow();
  }

  private static SequencedMap<String, PackedMatrix> named(String name, PackedMatrix matrix) {
    return new LinkedHashMap<>(Map.of(name, matrix));
  }

  private static PackedMatrix changed(
      PackedMatrix packed, String layout, String property, String value) {
    Map<String, String> properties = new LinkedHashMap<>(packed.properties());
    properties.computeIfPresent(property, (_, _) -> value);
    return new PackedMatrix(
        layout, packed.scheme(), packed.rows(), packed.columns(), properties, packed.parts());
  }

  private static PackedMatrix withPart(PackedMatrix packed, String name, long bytes) {
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>(packed.parts());
    parts.remove(name);
    if (bytes > 0) {
      parts.put(name, MemorySegment.ofArray(new byte[(int) bytes]));
    }
    return new PackedMatrix(
        packed.layout(),
        packed.scheme(),
        packed.rows(),
        packed.columns(),
        packed.properties(),
        parts);
  }

  /** The same bytes in arrays. */
  private static PackedMatrix onTheHeap(PackedMatrix packed) {
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
    packed
        .parts()
        .forEach(
            (name, part) ->
                parts.put(name, MemorySegment.ofArray(part.toArray(ValueLayout.JAVA_BYTE))));
    return new PackedMatrix(
        packed.layout(),
        packed.scheme(),
        packed.rows(),
        packed.columns(),
        packed.properties(),
        parts);
  }

  private static float[] multiply(LinearKernel kernel, int tokens) {
    float[] x = new SeededRandom(tokens).gaussians(tokens * kernel.inFeatures());
    float[] y = new float[tokens * kernel.outFeatures()];
    kernel.multiply(x, 0, tokens, y, 0);
    return y;
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym, 67, 96",
    "int4:g128:asym, 200, 768",
    "int4:channel:sym, 33, 45",
    "int4:tensor:asym, 65, 39",
    "int3:g64:asym, 40, 128",
    "int2:g32:asym, 70, 96",
    "int1:g64:sym, 64, 128",
    "int6:g64:asym, 67, 128",
    "int8:channel:sym, 1, 1100",
    "ternary:g64, 65, 128",
    "nf4:g64, 67, 128",
    "e3m0:g16, 40, 64",
    "mxfp4, 67, 96",
    "nvfp4, 130, 48",
    "mxfp6e2m3, 40, 96",
    "mxfp8, 40, 96",
    "fp8e4m3:channel, 40, 53",
    "fp8e5m2:g64, 40, 64",
    "e3m4:g32, 40, 64",
    "e4m3fnuz:g32, 40, 64",
    "int8:block(16x24):sym, 70, 120",
    "'levels(-7,-1,0.25,1,9.1):g32', 40, 64"
  })
  void mappedWeightsGiveTheSameBits(String scheme, int rows, int columns) throws IOException {
    QuantizedMatrix matrix = matrix(scheme, rows, columns);
    PackedMatrix packed = Kernels.pack(matrix, ONE).orElseThrow();
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, named("layer", packed));
    try (PackedFile file = PackedFile.open(path)) {
      assertEquals(packed.layout(), file.find("layer").orElseThrow().layout());
      assertEquals(ChecksumState.INTACT, file.verify("layer"));
      LinearKernel expected = Kernels.forMatrix(matrix, ONE);
      for (LinearKernel kernel :
          new LinearKernel[] {
            Kernels.forPacked(packed, ONE),
            Kernels.forPacked(onTheHeap(packed), ONE),
            file.kernel("layer", ONE),
            file.kernel("layer", THREE)
          }) {
        assertEquals(expected.describe(), kernel.describe());
        for (int tokens : new int[] {1, 3, 50}) {
          assertArrayEquals(
              multiply(expected, tokens), multiply(kernel, tokens), scheme + ", " + tokens);
        }
      }
    }
  }

  @Test
  void everyFamilyHasALayout() {
    Set<String> found = new TreeSet<>();
    for (String scheme : new String[] {"int4:g32", "nf4:g32", "int2:g32", "int8:g32", "mxfp8"}) {
      found.add(packed(scheme, 32, 64).layout());
    }
    Set<String> expected =
        WeightOnlyKernels.packedLayouts().stream()
            .filter(layout -> Lanes.BITS == 512 || !layout.contains("paired"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(expected, found);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g20:asym", "int4:column:sym"})
  void whatIsDecodedByRowsHasNoPackedForm(String scheme) {
    assertTrue(Kernels.pack(matrix(scheme, 40, 60), ONE).isEmpty());
  }

  @Test
  void scalarKernelsHaveNoPackedForm() {
    KernelOptions scalar = ONE.withProvider("scalar");
    assertTrue(Kernels.pack(matrix("int4:g32", 40, 64), scalar).isEmpty());
    PackedMatrix packed = packed("int4:g32", 40, 64);
    Exception refused =
        assertThrows(PackedLayoutException.class, () -> Kernels.forPacked(packed, scalar));
    assertTrue(
        refused.getMessage().contains("read no packed weights")
            && refused.getMessage().contains(packed.layout()),
        refused.getMessage());
  }

  @Test
  void anotherMachinesLayoutIsRefused() throws IOException {
    QuantizedMatrix matrix = matrix("int4:g32:asym", 67, 96);
    PackedMatrix own = Kernels.pack(matrix, ONE).orElseThrow();
    for (String layout :
        new String[] {
          own.layout().replace("vector" + Lanes.BITS, OTHER_WIDTH),
          own.layout().replace("/1", "/2"),
          "neural-engine/1"
        }) {
      PackedMatrix foreign = changed(own, layout, "", "");
      Path path = folder.resolve("foreign.safetensors");
      PackedFile.write(path, named("layer", foreign));
      try (PackedFile file = PackedFile.open(path)) {
        Exception refused =
            assertThrows(TensorFileException.class, () -> file.kernel("layer", ONE));
        for (String part : new String[] {layout, own.layout(), "load the quantized matrix"}) {
          assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
      }
      LinearKernel kernel = Kernels.forPacked(foreign, () -> matrix, ONE);
      assertArrayEquals(multiply(Kernels.forMatrix(matrix, ONE), 2), multiply(kernel, 2));
    }
    QuantizedMatrix other = matrix("int4:g32:asym", 67, 64);
    PackedMatrix foreign = changed(own, "neural-engine/1", "", "");
    assertThrows(
        IllegalArgumentException.class, () -> Kernels.forPacked(foreign, () -> other, ONE));
  }

  @Test
  void theOriginalIsNotAskedForWhereThePackedOneServes() {
    PackedMatrix packed = packed("int4:g32", 40, 64);
    LinearKernel kernel =
        Kernels.forPacked(
            packed,
            () -> {
              throw new AssertionError("asked for the original");
            },
            ONE);
    assertEquals(40, kernel.outFeatures());
  }

  @Test
  void nothingIsCopied() throws IOException {
    PackedMatrix packed = packed("int4:g32:asym", 67, 96);
    WeightOnlyPlan plan = PackedForm.plan(packed);
    PackedTiles tiles = PackedForm.read(plan, packed);
    assertEquals(packed.parts().get("words").address(), tiles.words().data().address());
    assertEquals(
        packed.parts().get("scales").address(), ((ParameterTable) tiles.scales()).data().address());
    assertEquals(
        packed.parts().get("zeros").address(), ((ParameterTable) tiles.zeros()).data().address());
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, named("layer", packed));
    try (PackedFile file = PackedFile.open(path)) {
      PackedMatrix mapped = file.find("layer").orElseThrow();
      for (MemorySegment part : mapped.parts().values()) {
        assertTrue(part.isMapped());
        assertEquals(0, part.address() % PackedMatrix.ALIGNMENT);
      }
      assertTrue(PackedForm.read(plan, mapped).words().data().isMapped());
    }
  }

  /** Opening a file and making its kernel takes the same heap whatever the size of the weights. */
  @Test
  void theHeapDoesNotGrowWithTheWeights() throws IOException {
    long small = allocated("nvfp4", 64);
    long large = allocated("nvfp4", 2048);
    // 2048 by 1024 weights have 1 MiB of codes and 256 KiB of scales.
    assertTrue(large - small < 32_768, small + " and " + large + " bytes");
    assertTrue(allocated("int4:g32:asym", 2048) - allocated("int4:g32:asym", 64) < 32_768);
  }

  private long allocated(String scheme, int rows) throws IOException {
    Path path = folder.resolve("packed" + rows + ".safetensors");
    PackedFile.write(path, named("layer", packed(scheme, rows, 1024)));
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long before = Allocation.currentThreadBytes();
      try (PackedFile file = PackedFile.open(path)) {
        assertEquals(rows, file.kernel("layer", ONE).outFeatures());
      }
      least = Math.min(least, Allocation.currentThreadBytes() - before);
    }
    return least;
  }

  @Test
  void aClosedFileIsNoCrash() throws IOException {
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, named("layer", packed("int4:g32:asym", 200, 96)));
    PackedFile file = PackedFile.open(path);
    LinearKernel kernel = file.kernel("layer", THREE);
    multiply(kernel, 1);
    PackedMatrix mapped = file.find("layer").orElseThrow();
    file.close();
    file.close();
    for (int tokens : new int[] {1, 50}) {
      Exception closed = assertThrows(IllegalStateException.class, () -> multiply(kernel, tokens));
      assertTrue(closed.getMessage().contains("is closed"), closed.getMessage());
    }
    assertThrows(IllegalStateException.class, () -> file.kernel("layer", ONE));
    assertThrows(IllegalStateException.class, () -> Kernels.forPacked(mapped, ONE));
    assertThrows(IllegalStateException.class, () -> PackedFile.write(path, named("again", mapped)));
    try (PackedFile intact = PackedFile.open(path)) {
      assertFalse(intact.names().contains("again"));
    }
  }

  @Test
  void damagedPartsAreRefused() {
    PackedMatrix packed = packed("int4:g32:asym", 67, 96);
    String layout = packed.layout();
    long words = packed.parts().get("words").byteSize();
    Map<String, PackedMatrix> damaged =
        Map.of(
            "part 'words': 0 bytes, expected " + words,
            withPart(packed, "words", 0),
            "part 'words': " + (words + 64) + " bytes, expected " + words,
            withPart(packed, "words", words + 64),
            "part 'scales': 64 bytes",
            withPart(packed, "scales", 64),
            "part 'zeros': 64 bytes",
            withPart(packed, "zeros", 64),
            "without zero points",
            withPart(packed, "zeros", 0),
            "format 'int44'",
            changed(packed, layout, "format", "int44"),
            "format int5 with zero points",
            changed(packed, layout, "format", "int5"),
            "encoding 'float8' is unknown",
            changed(packed, layout, "scales", "float8"),
            "tensor_scale: NaN",
            changed(packed, layout, "tensor_scale", "NaN"),
            "such weights are not of that layout",
            changed(packed, PackedForm.layout("table-lookup"), "", ""));
    damaged.forEach(
        (message, matrix) -> {
          Exception refused =
              assertThrows(
                  PackedLayoutException.class, () -> Kernels.forPacked(matrix, ONE), message);
          assertTrue(refused.getMessage().contains(message), refused.getMessage());
        });
  }

  /** Any bits are codes, scales and zero points of some kind: nothing is read out of bounds. */
  @ParameterizedTest
  @ValueSource(
      strings = {"int3:g32:asym", "nf4:g64", "int2:g32", "int5:g32", "fp8e4m3:g32", "nvfp4"})
  void anyBitsAreServed(String scheme) {
    SeededRandom random = new SeededRandom(scheme.length());
    PackedMatrix packed = packed(scheme, 67, 128);
    packed
        .parts()
        .values()
        .forEach(
            part -> {
              for (long at = 0; at < part.byteSize(); at++) {
                part.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextLong());
              }
            });
    LinearKernel kernel = Kernels.forPacked(packed, ONE);
    for (int tokens : new int[] {1, 50}) {
      assertEquals(67 * tokens, multiply(kernel, tokens).length);
    }
  }

  @Test
  void scalesOfAllEncodingsAreKept() throws IOException {
    for (FloatScaleCodec codec : FloatScaleCodec.values()) {
      QuantScheme scheme = QuantScheme.parse("int4:g32").withScaleCodec(codec);
      QuantizedMatrix matrix = RandomMatrices.of(scheme, 40, 96, new SeededRandom(3));
      PackedMatrix packed = Kernels.pack(matrix, ONE).orElseThrow();
      assertTrue(
          packed
              .properties()
              .get("scales")
              .endsWith(codec.name().toLowerCase(java.util.Locale.ROOT)),
          packed.properties() + " for " + codec);
      assertArrayEquals(
          multiply(Kernels.forMatrix(matrix, ONE), 1), multiply(Kernels.forPacked(packed, ONE), 1));
    }
  }
}
