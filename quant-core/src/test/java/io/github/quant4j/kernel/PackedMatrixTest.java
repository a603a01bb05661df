// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.scheme.QuantScheme;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedMatrixTest {
  private static PackedMatrix of(String layout, int rows, String property, String part, long size) {
    return of(layout, rows, property, part, MemorySegment.ofArray(new byte[(int) size]));
  }

  private static PackedMatrix of(
      String layout, int rows, String property, String part, MemorySegment data) {
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
    parts.put(part, data);
    return new PackedMatrix(
        layout, QuantScheme.parse("nvfp4"), rows, 16, Map.of(property, "text"), parts);
  }

  @ParameterizedTest
  @CsvSource({
    "vector, 1, p, words, 64, layout: 'vector'",
    "Vector/1, 1, p, words, 64, layout: 'Vector/1'",
    "vector//1, 1, p, words, 64, layout: 'vector//1'",
    "a/1, 0, p, words, 64, '[0, 16]'",
    "a/1, 1, p.q, words, 64, property: 'p.q'",
    "a/1, 1, p, a/b, 64, part: 'a/b'",
    "a/1, 1, p, words, 0, part 'words': 0 bytes",
    "a/1, 1, p, words, 96, part 'words': 96 bytes",
  })
  void badPartsAreRefused(
      String layout, int rows, String property, String part, long size, String message) {
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> of(layout, rows, property, part, size));
    assertTrue(refused.getMessage().contains(message.replace("''", "'")), refused.getMessage());
  }

  @Test
  void partsAreShared() {
    MemorySegment data = MemorySegment.ofArray(new byte[128]);
    PackedMatrix packed = of("a/1", 3, "p", "words", data);
    assertEquals(data, packed.parts().get("words"));
    assertEquals(128, packed.byteSize());
    assertEquals("PackedMatrix[3, 16] nvfp4, layout a/1", packed.toString());
    assertThrows(UnsupportedOperationException.class, () -> packed.parts().clear());
  }

  @Test
  void memoryThatIsGoneIsToldFromMemoryThatIsNot() {
    PackedMatrix packed;
    try (Arena arena = Arena.ofShared()) {
      packed = of("a/1", 3, "p", "words", arena.allocate(64));
      packed.requireOpen();
    }
    Exception gone = assertThrows(IllegalStateException.class, packed::requireOpen);
    assertTrue(gone.getMessage().contains("part 'words' is closed"), gone.getMessage());
  }
}
