// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mutates a valid file: each is read and written with the same bytes, or refused as documented. The
 * property {@code quant4j.fuzz} multiplies the number of cases.
 */
class OnnxFuzzTest {
  private static final int CASES = 1000 * Integer.getInteger("quant4j.fuzz", 1);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void everyFileIsReadOrRefused(long seed) throws IOException {
    byte[] original = OnnxFileTest.allKinds();
    SeededRandom random = new SeededRandom(seed);
    int read = 0;
    for (int i = 0; i < CASES; i++) {
      byte[] bytes = mutate(original, random);
      String place = "seed " + seed + " case " + i;
      try {
        if (accepts(bytes, place)) {
          read++;
        }
      } catch (RuntimeException e) {
        throw new AssertionError(place, e);
      }
    }
    // Names and values may change without harm.
    assertTrue(read > CASES / 100 && read < CASES, "seed " + seed + ": " + read + " read");
  }

  @ParameterizedTest
  @ValueSource(longs = 5)
  void filesAreReadOrRefused(long seed) throws IOException {
    byte[] original = OnnxFileTest.allKinds();
    SeededRandom random = new SeededRandom(seed);
    for (int i = 0; i < 200; i++) {
      Path path = Files.write(folder.resolve("model.onnx"), mutate(original, random));
      try (OnnxFile file = OnnxFile.open(path)) {
        file.model().graph().initializers().values().forEach(OnnxFuzzTest::look);
      } catch (TensorFileException e) {
        assertTrue(e.getMessage().startsWith(path.toString()), e.getMessage());
      }
    }
  }

  private boolean accepts(byte[] bytes, String place) {
    OnnxModel model;
    try {
      ReadBudget budget = ReadBudget.of(new ExternalFiles(folder, Arena.global()));
      model = OnnxModel.read(ProtoMessage.parse(MemorySegment.ofArray(bytes), budget), budget);
    } catch (IllegalArgumentException e) {
      assertTrue(e.getMessage() != null && !e.getMessage().isEmpty(), place);
      return false;
    }
    assertArrayEquals(bytes, model.message().toSegment().toArray(ValueLayout.JAVA_BYTE), place);
    new TensorMap(
            tensor -> {
              look(tensor);
              return tensor;
            })
        .apply(model);
    return true;
  }

  private static void look(OnnxTensor tensor) {
    try {
      if (tensor.type() == OnnxType.STRING) {
        tensor.strings();
      } else if (tensor.data().byteSize() != tensor.byteSize()) {
        throw new AssertionError(tensor + ": " + tensor.data().byteSize() + " bytes");
      }
    } catch (IllegalArgumentException e) {
      assertTrue(e.getMessage().contains("tensor '"), e.getMessage());
    }
  }

  private static byte[] mutate(byte[] original, SeededRandom random) {
    byte[] bytes = original.clone();
    int changes = random.nextInt(1, 4);
    for (int change = 0; change < changes; change++) {
      int at = random.nextInt(0, bytes.length);
      switch (random.nextInt(0, 5)) {
        case 0 -> bytes[at] = (byte) random.nextInt(0, 256);
        case 1 -> bytes[at] = (byte) (bytes[at] ^ (1 << random.nextInt(0, 8)));
        case 2 -> bytes[at] = (byte) 0xFF;
        case 3 -> {
          int length = Math.min(random.nextInt(1, 12), bytes.length - at);
          System.arraycopy(bytes, random.nextInt(0, bytes.length - length + 1), bytes, at, length);
        }
        default -> {
          if (bytes.length > 10 && random.nextInt(0, 4) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(1, bytes.length));
          }
        }
      }
    }
    return bytes;
  }
}
