// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantSchemeTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "int4:g64 | int4:g64:sym | 4",
        "int4:g64:asym:second-order(3,16) | int4:g64:asym:second-order | 4",
        "int3:g16:asym:second-order(4,32) | int3:g16:asym:second-order(4,32) | 3",
        "e2m1:g32:sym:e8m0 | mxfp4 | 4",
        "e2m1:g256:po2row | fp4e2m1:g256:sym:po2row | 4",
        "codebook(16):channel | codebook(16):channel | 4",
        "codebook(9):g128:unit | codebook(9):g128 | 4",
        "best(e2m1,int4):channel | best(fp4e2m1,int4):channel:sym | 4",
        "e?m?(6):channel:f32 | e?m?(6):channel:sym:f32 | 6",
        "best(e1m2,e2m1,e3m0):g32 | e?m?(4):g32:sym | 4",
        "best-per-tile(levels(-1,0,1,2),int2):g32 | best-per-tile(levels(-1,0,1,2),int2):g32:sym | 2",
        "bitmod4:g128 | bitmod4:g128:sym | 4",
        "bitmod3:g128:f32 | bitmod3:g128:sym:f32 | 3",
        "levels(-1,0.5,3):channel:unit | levels(-1,0.5,3):channel:sym:unit | 2"
      })
  void readsAndPrints(String text, String canonical, int bits) {
    QuantScheme scheme = QuantScheme.parse(text);
    assertEquals(canonical, scheme.toString());
    assertEquals(scheme, QuantScheme.parse(canonical));
    assertEquals(bits, scheme.bits());
    assertEquals(bits, scheme.format().bits());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"best-per-tile(int4,e2m1):g64", "best(int4,nf4):g64", "codebook(16):channel"})
  void whatStandsForAChoiceIsNoInteger(String text) {
    QuantScheme scheme = QuantScheme.parse(text);
    assertFalse(scheme.format() instanceof IntegerFormat);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "int4:g64:asim | did you mean 'asym'",
        "int4:chanel | did you mean 'channel'",
        "imt4:g64 | did you mean 'int4'",
        "nvfp44 | did you mean 'nvfp4'",
        "e2m1:g64:asym | zero point needs an integer format",
        "best(int4,e2m1):g64:asym | zero point needs an integer format",
        "best(int4,e2m2):g64 | 5 bits, expected 4",
        "best():g64 | is missing",
        "best-per-tile(int4):g64 | 2 to 256 different",
        "codebook(1):channel | 2 to 256",
        "codebook(16):channel:f16 | no scales",
        "codebook(x):channel | not a whole number",
        "e?m?(9):channel | 3 to 8",
        "int4:channel:unit | need a code book",
        "int4 | expected format:granularity",
        "int4:g64:sym:f16:x | nothing may follow 'f16'",
        "best(int4,e2m1:g64 | is missing",
        "int4:g64:f16:sym | stands before the codec",
        "int4:g64:sym:f61 | did you mean 'f16'"
      })
  void saysWhatIsWrong(String text, String part) {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> QuantScheme.parse(text));
    assertTrue(String.valueOf(thrown.getMessage()).contains(part), thrown::getMessage);
  }

  @Test
  void bitModBooksAreThoseOfThePaper() {
    assertInstanceOf(FormatChoice.BestPerTile.class, QuantScheme.parse("bitmod4:g128").choice());
    assertEquals(
        "[levels(-4,-3,-2,-1,0,1,2,4), levels(-4,-2,-1,0,1,2,3,4),"
            + " levels(-6,-4,-2,-1,0,1,2,4), levels(-4,-2,-1,0,1,2,4,6)]",
        FormatChoice.bitMod(3).toString());
    for (var format : FormatChoice.bitMod(4)) {
      assertEquals(16, format.levels().length);
      assertEquals(4, format.bits());
    }
  }
}
