// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.packed.PackedFile;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutates files of packed weights: each is served within its bounds or refused as documented. */
class PackedFileFuzzTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions OPTIONS = new KernelOptions("vector", WorkerTeam.sequential());
  private static final ActivationQuantizer INT8 =
      ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token"));

  /** With an {@code @}, for quantized activations. */
  private static final String[] SCHEMES = {
    "int4:g32:asym",
    "nvfp4",
    "nf4:g32",
    "int2:g32:asym",
    "int8:g16",
    "mxfp8",
    "int4:g32:asym@",
    "ternary:g32@",
    "int8:channel@"
  };

  /** What stands in descriptions, so that one valid word takes the place of another. */
  private static final String[] WORDS = {
    "int4",
    "int2",
    "int8",
    "nf4",
    "fp8e4m3",
    "g32",
    "g16",
    "channel",
    ":asym",
    ":sym",
    "words",
    "scales",
    "zeros",
    "bfloat16",
    "float16",
    "float32",
    "paired-lookup",
    "table-lookup",
    "mantissa",
    "nibble-sums",
    "integer-nibble",
    "integer-crumb",
    "integer-byte",
    "integer-popcount",
    "moved-fields",
    "[33,64]",
    "[64,33]",
    "[33,2147483647]",
    "[2147483647,64]",
    "[1,64]",
    "1.0",
    "NaN",
    "1e38",
    "0",
    "-1",
    "\\\"",
    "{",
    "}",
    "[",
    "]"
  };

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyMutationIsServedOrRefused(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    Path path = folder.resolve("fuzz.safetensors");
    List<byte[]> valid = new ArrayList<>();
    for (String scheme : SCHEMES) {
      SequencedMap<String, PackedMatrix> matrices = new LinkedHashMap<>();
      QuantizedMatrix matrix =
          RandomMatrices.of(QuantScheme.parse(scheme.replace("@", "")), 33, 64, random);
      matrices.put(
          "a",
          (scheme.endsWith("@")
                  ? Kernels.pack(matrix, INT8, OPTIONS)
                  : Kernels.pack(matrix, OPTIONS))
              .orElseThrow());
      PackedFile.write(path, matrices);
      valid.add(Files.readAllBytes(path));
    }
    int served = 0;
    int cases = 90;
    for (int i = 0; i < cases; i++) {
      byte[] bytes = valid.get(i % valid.size());
      for (int m = random.nextInt(1, 3); m > 0; m--) {
        bytes = mutate(bytes, random);
      }
      // A mapped file must not be written over.
      Files.deleteIfExists(path);
      Files.write(path, bytes);
      served += serve(path, random + ", case " + i) ? 1 : 0;
    }
    assertTrue(served > cases / 30 && served < cases * 9 / 10, random + ": served " + served);
  }

  private static boolean serve(Path path, String label) throws IOException {
    try (PackedFile file = PackedFile.open(path)) {
      for (String name : file.names()) {
        boolean integers = file.find(name).orElseThrow().layout().contains("/integer-");
        LinearKernel kernel =
            integers ? file.kernel(name, INT8, OPTIONS) : file.kernel(name, OPTIONS);
        assertTrue((long) kernel.inFeatures() * kernel.outFeatures() < 1 << 20, label);
        for (int tokens : new int[] {1, 7}) {
          kernel.multiply(
              new float[tokens * kernel.inFeatures()],
              0,
              tokens,
              new float[tokens * kernel.outFeatures()],
              0);
        }
      }
      return true;
    } catch (TensorFileException e) {
      assertNotNull(e.getMessage(), label);
      assertTrue(e.getMessage().contains("fuzz.safetensors"), label + e.getMessage());
      return false;
    } catch (RuntimeException | Error e) {
      return fail(label + ": " + e, e);
    }
  }

  private static byte[] mutate(byte[] bytes, SeededRandom random) {
    if (bytes.length < 8) {
      return bytes;
    }
    int header = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    if (header < 16 || header > bytes.length) {
      return bytes;
    }
    byte[] changed = bytes.clone();
    return switch (random.nextInt(0, 6)) {
      case 0 -> Arrays.copyOf(bytes, random.nextInt(0, bytes.length));
      case 1 -> {
        changed[random.nextInt(header, Math.max(header + 1, bytes.length)) - 1] ^= 4;
        yield changed;
      }
      case 2 -> {
        changed[random.nextInt(0, header)] = (byte) random.nextInt(32, 127);
        yield changed;
      }
      default -> exchange(bytes, header, random);
    };
  }

  /** Puts one word in the place of another, and keeps the header's length and padding right. */
  private static byte[] exchange(byte[] bytes, int header, SeededRandom random) {
    String text = new String(bytes, 8, header - 8, StandardCharsets.ISO_8859_1).stripTrailing();
    String from = WORDS[random.nextInt(0, WORDS.length)];
    String to = WORDS[random.nextInt(0, WORDS.length)];
    String replaced =
        random.nextDouble() < 0.5 ? text.replace(from, to) : replaceFirst(text, from, to);
    int length = Math.ceilDiv(8 + replaced.length(), 64) * 64 - 8;
    byte[] json =
        (replaced + " ".repeat(length - replaced.length())).getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(8 + length + bytes.length - header)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(json)
        .put(bytes, header, bytes.length - header)
        .array();
  }

  private static String replaceFirst(String text, String from, String to) {
    int at = text.indexOf(from);
    return at < 0 ? text : text.substring(0, at) + to + text.substring(at + from.length());
  }
}
