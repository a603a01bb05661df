// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every code and every listed input of the ml_dtypes tables. */
@Tag("conformance")
class MiniFloatConformanceTest {

  static Stream<Arguments> formats() {
    return Stream.of(
        Arguments.of("float4_e2m1fn", "fp4e2m1"),
        Arguments.of("float6_e2m3fn", "fp6e2m3"),
        Arguments.of("float6_e3m2fn", "fp6e3m2"),
        Arguments.of("float8_e3m4", "e3m4ieee"),
        Arguments.of("float8_e4m3", "e4m3ieee"),
        Arguments.of("float8_e4m3b11fnuz", "e4m3b11fnuz"),
        Arguments.of("float8_e4m3fn", "fp8e4m3"),
        Arguments.of("float8_e4m3fnuz", "e4m3fnuz"),
        Arguments.of("float8_e5m2", "fp8e5m2"),
        Arguments.of("float8_e5m2fnuz", "e5m2fnuz"));
  }

  private static List<String[]> rows(String file) throws IOException {
    List<String[]> rows =
        Files.readAllLines(SharedData.path("fixtures/minifloat/" + file)).stream()
            .skip(1)
            .map(line -> line.split(",", -1))
            .toList();
    assertTrue(rows.size() > 15, file);
    return rows;
  }

  @ParameterizedTest
  @MethodSource("formats")
  void decodesEveryCode(String file, String name) throws IOException {
    NumberFormat format = NumberFormats.parse(name);
    List<String[]> rows = rows(file + ".decode.csv");
    assertEquals(1 << format.bits(), rows.size());
    for (String[] row : rows) {
      float expected = Float.intBitsToFloat(Integer.parseUnsignedInt(row[1], 16));
      float actual = format.decode(Integer.parseInt(row[0]));
      if (Float.isNaN(expected)) {
        assertTrue(Float.isNaN(actual), () -> file + " code " + row[0]);
      } else {
        assertEquals(
            Float.floatToRawIntBits(expected),
            Float.floatToRawIntBits(actual),
            () -> file + " code " + row[0]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void encodesEveryInput(String file, String name) throws IOException {
    MiniFloat format = (MiniFloat) NumberFormats.parse(name);
    for (String[] row : rows(file + ".encode.csv")) {
      float input = Float.intBitsToFloat(Integer.parseUnsignedInt(row[0], 16));
      int expected = Integer.parseInt(row[1]);
      assertEquals(expected, format.encodeNonSaturating(input), () -> file + " input " + row[0]);
      if (Float.isFinite(input) && Float.isFinite(format.decode(expected))) {
        assertEquals(
            format.decode(expected),
            format.nearest(input),
            () -> file + " saturating, input " + row[0]);
      }
    }
  }

  @Test
  void bfloat16EncodesEveryInput() throws IOException {
    for (String[] row : rows("bfloat16.encode.csv")) {
      float input = Float.intBitsToFloat(Integer.parseUnsignedInt(row[0], 16));
      assertEquals(
          Integer.parseInt(row[1]),
          HalfPrecision.toBfloat16(input) & 0xffff,
          () -> "input " + row[0]);
    }
  }

  @Test
  void powerOfTwoScalesDecodeAndEncode() throws IOException {
    for (String[] row : rows("float8_e8m0fnu.decode.csv")) {
      float expected = Float.intBitsToFloat(Integer.parseUnsignedInt(row[1], 16));
      assertEquals(expected, PowerOfTwoScale.decode(Integer.parseInt(row[0])));
    }
    for (String[] row : rows("float8_e8m0fnu.encode.csv")) {
      float input = Float.intBitsToFloat(Integer.parseUnsignedInt(row[0], 16));
      assertEquals(
          Integer.parseInt(row[1]),
          PowerOfTwoScale.encode(input, PowerOfTwoScale.Mode.NEAREST, false),
          () -> "input " + row[0]);
    }
  }
}
