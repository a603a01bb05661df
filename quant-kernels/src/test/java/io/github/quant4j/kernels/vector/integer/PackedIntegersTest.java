// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.packed.PackedFile;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedIntegersTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions OPTIONS = new KernelOptions("vector", WorkerTeam.sequential());
  private static final ActivationQuantizer INT8 = Samples.dynamic("int8", "token", true);

  @TempDir Path folder;

  private static QuantizedMatrix matrix(String scheme, int rows, int columns) {
    return Samples.matrix(
        scheme, rows, columns, Samples.Draw.UNIFORM, new SeededRandom(rows + columns));
  }

  private static PackedMatrix packed(String scheme, ActivationQuantizer activations) {
    return Kernels.pack(matrix(scheme, 70, 256), activations, OPTIONS).orElseThrow();
  }

  private static PackedMatrix changed(
      PackedMatrix packed, String property, String value, String part, long bytes) {
    Map<String, String> properties = new LinkedHashMap<>(packed.properties());
    properties.computeIfPresent(property, (_, _) -> value);
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>(packed.parts());
    parts.computeIfPresent(
        part, (_, _) -> bytes == 0 ? null : MemorySegment.ofArray(new byte[(int) bytes]));
    return new PackedMatrix(
        packed.layout(), packed.scheme(), packed.rows(), packed.columns(), properties, parts);
  }

  private static float[] multiply(LinearKernel kernel, int tokens) {
    float[] x = new SeededRandom(tokens).gaussians(tokens * kernel.inFeatures());
    float[] y = new float[tokens * kernel.outFeatures()];
    kernel.multiply(x, 0, tokens, y, 0);
    return y;
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g128:sym, 70, 256, int8, token, true",
    "int4:g64:asym, 33, 192, int8, token, false",
    "int4:g20:asym, 35, 100, int8, token, true",
    "int4:g64:asym:i8row, 70, 256, int8, token, false",
    "int2:g128:sym, 70, 384, int8, token, true",
    "int3:g64:asym, 20, 192, int6, token, false",
    "int8:channel:asym, 3, 1001, int8, token, false",
    "ternary:g128:sym, 65, 256, int8, g64, true",
    "binary:channel, 70, 256, int3, token, true",
    "int4:block(16x64):sym, 40, 256, int8, token, true"
  })
  void mappedWeightsGiveTheSameBits(
      String scheme,
      int rows,
      int columns,
      String activation,
      String granularity,
      boolean symmetric)
      throws IOException {
    QuantizedMatrix matrix = matrix(scheme, rows, columns);
    ActivationQuantizer activations = Samples.dynamic(activation, granularity, symmetric);
    PackedMatrix packed = Kernels.pack(matrix, activations, OPTIONS).orElseThrow();
    assertTrue(packed.layout().contains("/integer-"), packed.layout());
    LinearKernel expected = Kernels.forMatrix(matrix, activations, OPTIONS);
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, new LinkedHashMap<>(Map.of("layer", packed)));
    try (PackedFile file = PackedFile.open(path)) {
      LinearKernel mapped = file.kernel("layer", activations, OPTIONS);
      assertEquals(expected.describe(), mapped.describe());
      for (int tokens : new int[] {1, 2, 7}) {
        assertArrayEquals(multiply(expected, tokens), multiply(mapped, tokens), scheme);
      }
    }
  }

  /** Also the families that are not the cheapest here. */
  @ParameterizedTest
  @CsvSource({"int2:g64:asym, int4", "ternary:g64, int8", "int4:g64:asym, int4"})
  void everyFamilyReadsWhatItWrote(String scheme, String activation) {
    QuantizedMatrix matrix = matrix(scheme, 70, 256);
    ActivationQuantizer activations = Samples.dynamic(activation, "token", false);
    IntegerArithmetic arithmetic = IntegerArithmetic.of(matrix, activations).orElseThrow();
    int families = 0;
    for (Family family : Family.values()) {
      if (!family.supports(arithmetic)) {
        continue;
      }
      families++;
      WeightSource source = new WeightSource(matrix);
      LinearKernel expected =
          IntegerKernels.create(source, activations, arithmetic, family, OPTIONS);
      PackedMatrix packed =
          new PackedMatrix("any/1", matrix.scheme(), 70, 256, Map.of(), source.parts());
      LinearKernel read =
          IntegerKernels.create(new WeightSource(packed), activations, arithmetic, family, OPTIONS);
      assertArrayEquals(multiply(expected, 3), multiply(read, 3), family.toString());
    }
    assertTrue(families >= 2, families + " families");
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g128:sym, int8",
    "int4:g64:asym, int8",
    "int2:g64:asym, int8",
    "int8:g64:sym, int8",
    "ternary:g128, int8",
    "binary:channel, int2"
  })
  void weightsAreReadWhereTheyLie(String scheme, String activation) {
    ActivationQuantizer activations = Samples.dynamic(activation, "token", true);
    PackedMatrix packed = packed(scheme, activations);
    LinearKernel kernel = Kernels.forPacked(packed, activations, OPTIONS);
    float[] before = multiply(kernel, 1);
    packed.parts().forEach((name, part) -> part.fill((byte) 0));
    assertArrayEquals(new float[70], multiply(kernel, 1));
    assertFalse(Arrays.equals(before, new float[70]));
  }

  @Test
  void aClosedFileIsRefused() throws IOException {
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, new LinkedHashMap<>(Map.of("layer", packed("int4:g64:asym", INT8))));
    LinearKernel kernel;
    try (PackedFile file = PackedFile.open(path)) {
      kernel = file.kernel("layer", INT8, OPTIONS);
    }
    Exception refused = assertThrows(IllegalStateException.class, () -> multiply(kernel, 1));
    assertTrue(refused.getMessage().contains("is closed"), refused.getMessage());
  }

  @Test
  void arraysAreCopiedOnce() {
    PackedMatrix packed = packed("int4:g64:asym", INT8);
    SequencedMap<String, MemorySegment> arrays = new LinkedHashMap<>();
    packed
        .parts()
        .forEach(
            (name, part) ->
                arrays.put(name, MemorySegment.ofArray(part.toArray(ValueLayout.JAVA_BYTE))));
    PackedMatrix copy =
        new PackedMatrix(
            packed.layout(),
            packed.scheme(),
            packed.rows(),
            packed.columns(),
            packed.properties(),
            arrays);
    assertArrayEquals(
        multiply(Kernels.forPacked(packed, INT8, OPTIONS), 3),
        multiply(Kernels.forPacked(copy, INT8, OPTIONS), 3));
  }

  @Test
  void otherPairsUseTheirWeightsAlone() {
    QuantizedMatrix matrix = matrix("nf4:g64", 70, 256);
    PackedMatrix packed = Kernels.pack(matrix, INT8, OPTIONS).orElseThrow();
    assertTrue(!packed.layout().contains("integer"), packed.layout());
    assertArrayEquals(
        multiply(Kernels.forMatrix(matrix, INT8, OPTIONS), 3),
        multiply(Kernels.forPacked(packed, INT8, OPTIONS), 3));
  }

  @Test
  void otherActivationsAreRefused() throws IOException {
    PackedMatrix packed = packed("int4:g64:sym", INT8);
    Path path = folder.resolve("packed.safetensors");
    PackedFile.write(path, new LinkedHashMap<>(Map.of("layer", packed)));
    try (PackedFile file = PackedFile.open(path)) {
      Exception refused =
          assertThrows(
              TensorFileException.class,
              () -> file.kernel("layer", Samples.dynamic("int8", "token", false), OPTIONS));
      assertTrue(
          refused.getMessage().contains("packed for activations " + INT8.scheme()),
          refused.getMessage());
      Exception floats =
          assertThrows(TensorFileException.class, () -> file.kernel("layer", OPTIONS));
      assertTrue(floats.getMessage().contains("for quantized activations"), floats.getMessage());
    }
  }

  @Test
  void damagedPartsAreRefused() {
    PackedMatrix packed = packed("int4:g64:asym", INT8);
    Map<String, PackedMatrix> damaged =
        Map.of(
            "part 'words' is missing", changed(packed, "", "", "words", 0),
            "too small for that shape", changed(packed, "", "", "words", 64),
            "part 'words': ", changed(packed, "", "", "words", 1 << 20),
            "part 'scales': 64 bytes", changed(packed, "", "", "scales", 64),
            "part 'zeros': 0 bytes", changed(packed, "", "", "zeros", 0),
            "\"x\"", changed(packed, "largest_zero", "x", "", 0),
            "are not of that layout", changed(packed, "largest_zero", "40000", "", 0));
    damaged.forEach(
        (message, matrix) -> {
          Exception refused =
              assertThrows(
                  PackedLayoutException.class,
                  () -> Kernels.forPacked(matrix, INT8, OPTIONS),
                  message);
          assertTrue(refused.getMessage().contains(message), refused.getMessage());
        });
  }

  /** Any bits are codes, scales and zero points of some kind: nothing is read out of bounds. */
  @ParameterizedTest
  @CsvSource({
    "int4:g64:asym, int8",
    "int2:g64:sym, int8",
    "int8:g64:sym, int8",
    "ternary:g64, int8",
    "binary:channel, int2"
  })
  void anyBitsAreServed(String scheme, String activation) {
    SeededRandom random = new SeededRandom(scheme.length());
    ActivationQuantizer activations = Samples.dynamic(activation, "token", true);
    PackedMatrix packed = packed(scheme, activations);
    packed
        .parts()
        .values()
        .forEach(
            part -> {
              for (long at = 0; at < part.byteSize(); at++) {
                part.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextLong());
              }
            });
    LinearKernel kernel = Kernels.forPacked(packed, activations, OPTIONS);
    for (int tokens : new int[] {1, 7}) {
      assertEquals(70 * tokens, multiply(kernel, tokens).length);
    }
  }
}
