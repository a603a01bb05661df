// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RatioTableTest {
  private static final String WORK =
      "'format': 'int4:g128:sym @ int8:token', 'm': '1', 'k': '4096', 'n': '4096',"
          + " 'threads': '2', 'weights': 'MEMORY'";

  private static String entry(String benchmark, String parameters, double score, String unit) {
    return ("{'benchmark': 'io.github.quant4j.bench."
            + benchmark
            + "', 'params': {"
            + parameters
            + "}, 'primaryMetric': {'score': 1e9, 'scorePercentiles': {'0.0': "
            + score / 2
            + ", '50.0': "
            + score
            + "}, 'scoreUnit': '"
            + unit
            + "'}, 'secondaryMetrics': {'gc.alloc.rate.norm': {'score': 0.25}}}")
        .replace('\'', '"');
  }

  @Test
  void comparesWithinTheRun() {
    String json =
        "["
            + entry("GemvBenchmark.quantized", WORK, 400, "us/op")
            + ","
            + entry("GemvBenchmark.onnxRuntime", WORK, 300, "us/op")
            + ","
            + entry("GemvBenchmark.jlama", WORK + ", 'kernel': 'native'", 600, "us/op")
            + ","
            + entry("GemvBenchmark.jlama", WORK + ", 'kernel': 'vector'", 900, "us/op")
            + ","
            + entry("MemoryReadBenchmark.read", "'mib': '128', 'threads': '1'", 9000, "us/op")
            + ","
            + entry("MemoryReadBenchmark.read", "'mib': '128', 'threads': '2'", 4000, "us/op")
            + "]";
    List<String> lines = RatioTable.parse(json).toMarkdown().lines().toList();
    // 4096 * 4096 / 400 us = 41.9 GMAC/s. 4 bits and, for each 128, 2 bytes of scale are 8.65
    // MB, which memory, at 33.6 GB/s, delivers in 258 us.
    assertEquals(
        "| GemvBenchmark.quantized | int4:g128:sym @ int8:token | 1 | 4096 x 4096 | 2 | memory"
            + " | 400.0 | 200.0 | 41.9 | 21.6 | 64/64 % | 0.75/0.75x | 1.50/1.50x | | 0 |",
        lines.get(2));
    assertEquals(
        "| GemvBenchmark.jlama (native) | int4:g128:sym @ int8:token | 1 | 4096 x 4096 | 2 | memory"
            + " | 600.0 | 300.0 | 28.0 | 14.4 | 43/43 % | | | | 0 |",
        lines.get(4));
    assertEquals(
        "| memory read | 128 MiB | | | 2 | | 4000 | 2000 | | 33.6 | | | | | 0 |", lines.get(7));
    for (String line : lines) {
      assertEquals(lines.getFirst().split("\\|", -1).length, line.split("\\|", -1).length, line);
    }
  }

  @Test
  void floatsAreComparedWhetherTheyAreNamedOrNot() {
    String work = "'m': '16', 'k': '64', 'n': '32', 'threads': '1', 'weights': 'CACHE'";
    String json =
        "["
            + entry("GemmBenchmark.denseBaseline", work, 10, "us/op")
            + ","
            + entry("GemmBenchmark.jlama", work + ", 'format': 'f32'", 40, "us/op")
            + ","
            + entry("GemmBenchmark.nd4j", work, 5, "us/op")
            + "]";
    List<String> lines = RatioTable.parse(json).toMarkdown().lines().toList();
    // 16 * 64 * 32 / 10 us = 3.3 GMAC/s; 8192 bytes.
    assertEquals(
        "| GemmBenchmark.denseBaseline | f32 | 16 | 64 x 32 | 1 | cache | 10.0 | 5.0 | 3.3 | 0.8 |"
            + "  | | 4.00/4.00x | 0.50/0.50x | 0 |",
        lines.get(2));
  }

  @Test
  void plainCodesStandInForOtherFormatsOfFourBits() {
    String work = ", 'm': '1', 'k': '4096', 'n': '4096', 'threads': '1', 'weights': 'CACHE'";
    String json =
        "["
            + entry("GemvBenchmark.onnxRuntime", "'format': 'int4:g128:sym'" + work, 90, "us/op")
            + ","
            + entry("GemvBenchmark.quantized", "'format': 'nvfp4'" + work, 30, "us/op")
            + ","
            + entry("GemvBenchmark.quantized", "'format': 'int8:g128:sym'" + work, 30, "us/op")
            + "]";
    List<String> lines = RatioTable.parse(json).toMarkdown().lines().toList();
    assertTrue(lines.get(3).contains("| 3.00/3.00x |"), lines.get(3));
    assertFalse(lines.get(4).contains("x |"), lines.get(4));
  }

  @Test
  void passesOverOtherWork() {
    String json =
        "["
            + entry("TransformBenchmark.hadamard", "'m': '1', 'n': '4096'", 2, "us/op")
            + ","
            + entry("DecodeBenchmark.decode", "'format': 'int4:g128:sym'", 200, "ops/s")
            + ","
            + entry("HandOverBenchmark.roundTrip", "", 0.07, "us/op")
            + ","
            + entry("GemvBenchmark.quantized", WORK, 400, "us/op")
            + "]";
    List<String> lines = RatioTable.parse(json).toMarkdown().lines().toList();
    assertEquals(3, lines.size(), lines::toString);
    assertTrue(lines.get(2).startsWith("| GemvBenchmark.quantized"), lines.get(2));
  }

  @Test
  void refusesOtherUnits() {
    String json = "[" + entry("GemvBenchmark.quantized", WORK, 1, "ops/s") + "]";
    assertThrows(IllegalArgumentException.class, () -> RatioTable.parse(json));
  }
}
