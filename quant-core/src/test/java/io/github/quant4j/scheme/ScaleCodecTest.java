// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.testing.SeededRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames against whole encodings, stored parts against values, and the rules of each codec. */
class ScaleCodecTest {
  private static final ScaleLayout LAYOUT = new ScaleLayout(6, 60, 1, 6);

  static Stream<ScaleCodec> codecs() {
    return Stream.of(
            "f32",
            "f16",
            "bf16",
            "e8m0",
            "e8m0ceil",
            "e8m0round",
            "e8m0near",
            "e4m3",
            "po2row",
            "po2rowfloor",
            "po2rownear",
            "second-order",
            "second-order(5,7)",
            "second-order(8,60)",
            "unit")
        .map(ScaleCodec::parse);
  }

  private static double[] scales(SeededRandom random, double spread) {
    double[] scales = new double[LAYOUT.count()];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.01 * Math.exp(spread * random.nextGaussian());
    }
    return scales;
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void aFrameStoresWhatItRounds(ScaleCodec codec) {
    SeededRandom random = new SeededRandom(21);
    ScaleFrame frame = codec.frame(scales(random, 0.5), LAYOUT, MiniFloat.FP4_E2M1);
    for (double spread : new double[] {0.5, 3, 15}) {
      double[] wanted = scales(random, spread);
      wanted[7] = 0;
      GroupParameters stored = frame.encode(wanted);
      for (int tile = 0; tile < wanted.length; tile++) {
        assertEquals(stored.values()[tile], frame.round(tile, wanted[tile]), codec::label);
        assertTrue(stored.values()[tile] > 0, codec::label);
        assertTrue(stored.values()[tile] <= Float.MAX_VALUE, codec::label);
      }
    }
  }

  /** Whatever is asked for; BF16 holds nothing below 2^-133, and E8M0 nothing below 2^-127. */
  @ParameterizedTest
  @MethodSource("codecs")
  void scalesBeyondTheStoredTypeArePositiveAndFinite(ScaleCodec codec) {
    for (double magnitude :
        new double[] {1e-60, 1e-45, 1e-42, 1e-38, 1e-30, 1e-8, 1e8, 1e30, 1e37, 3e38}) {
      double[] wanted = scales(new SeededRandom(27), 0.3);
      for (int i = 0; i < wanted.length; i++) {
        wanted[i] = Math.min(wanted[i] * 100 * magnitude, Float.MAX_VALUE);
      }
      wanted[3] = 0;
      wanted[4] = 1e-44;
      GroupParameters stored = codec.encode(wanted, LAYOUT, MiniFloat.FP4_E2M1);
      for (float value : stored.values()) {
        assertTrue(value > 0 && value <= Float.MAX_VALUE, () -> codec.label() + ": " + value);
      }
    }
  }

  /**
   * The rule of compressed-tensors in its own words: a quarter of the mantissa's range is added to
   * the bits of the largest magnitude, of which sign and exponent are kept.
   */
  @ParameterizedTest
  @CsvSource({"4, 6, 2", "8, 448, 8"})
  void exponentsRoundUpFromAMantissaOfSevenQuarters(int bits, double maximum, int exponent) {
    MiniFloat format = bits == 4 ? MiniFloat.FP4_E2M1 : MiniFloat.FP8_E4M3;
    assertEquals(maximum, format.maximum());
    ScaleLayout one = new ScaleLayout(1, 32, 1, 32);
    ScaleFrame rounded = ScaleCodec.parse("e8m0round").frame(new double[1], one, format);
    ScaleFrame floor = ScaleCodec.parse("e8m0").frame(new double[1], one, format);
    SeededRandom random = new SeededRandom(28);
    int different = 0;
    for (int i = 0; i < 2000; i++) {
      float magnitude = (float) Math.exp(10 * random.nextGaussian());
      if (i < 8) {
        magnitude = 1 + i / 8f;
      }
      int kept = (Float.floatToRawIntBits(magnitude) + (1 << 21)) & 0x7f80_0000;
      float expected = Math.scalb(Float.intBitsToFloat(kept), -exponent);
      float found = rounded.round(0, magnitude / maximum);
      assertEquals(expected, found, "magnitude " + magnitude);
      different += found != floor.round(0, magnitude / maximum) ? 1 : 0;
    }
    assertTrue(different > 300 && different < 500, different + " of 2000");
  }

  /** So that a search may go on from scales that are stored. */
  @ParameterizedTest
  @MethodSource("codecs")
  void theFrameOfStoredScalesGivesThemBack(ScaleCodec codec) {
    SeededRandom random = new SeededRandom(29);
    for (double spread : new double[] {0, 0.3, 2}) {
      GroupParameters stored = codec.encode(scales(random, spread), LAYOUT, MiniFloat.FP4_E2M1);
      ScaleFrame frame = codec.frameOf(stored, LAYOUT, MiniFloat.FP4_E2M1);
      double[] again = new double[stored.values().length];
      for (int i = 0; i < again.length; i++) {
        again[i] = stored.values()[i];
        assertEquals(stored.values()[i], frame.round(i, again[i]), codec::label);
      }
      again[0] /= 3;
      GroupParameters changed = frame.encode(again);
      assertEquals(frame.round(0, again[0]), changed.values()[0], codec::label);
      for (int i = 1; i < again.length; i++) {
        assertEquals(stored.values()[i], changed.values()[i], codec::label);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void storedPartsGiveTheValuesBackAndEncodingAgainChangesNothing(ScaleCodec codec) {
    SeededRandom random = new SeededRandom(22);
    for (double spread : new double[] {0, 0.3, 2}) {
      GroupParameters stored = codec.encode(scales(random, spread), LAYOUT, MiniFloat.FP4_E2M1);
      assertArrayEquals(
          stored.values(), codec.decode(stored.parts(), LAYOUT).values(), codec::label);
      double[] again = new double[stored.values().length];
      for (int i = 0; i < again.length; i++) {
        again[i] = stored.values()[i];
      }
      assertArrayEquals(
          stored.values(),
          codec.encode(again, LAYOUT, MiniFloat.FP4_E2M1).values(),
          1e-3f * stored.values()[0],
          codec::label);
      assertEquals(codec, ScaleCodec.parse(codec.label()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "f32, 1920",
    "f16, 960",
    "e8m0, 480",
    "e4m3, 512",
    "po2row, 336",
    "po2rownear, 336",
    "second-order, 312",
    "unit, 0"
  })
  void bitsAreCountedExactly(String label, long bits) {
    // 60 tiles in 6 rows: po2row 60 x 4 + 6 x 16, second-order 184 (whole bytes) + 4 x 2 x 16.
    GroupParameters stored =
        ScaleCodec.parse(label)
            .encode(scales(new SeededRandom(23), 0.3), LAYOUT, MiniFloat.FP4_E2M1);
    assertEquals(bits, stored.storageBits());
  }

  @ParameterizedTest
  @CsvSource({"po2row, 1, 2", "po2rowfloor, 0.5, 1", "po2rownear, 0.7071, 1.4143"})
  void rowScalesAreHalved(String label, double least, double most) {
    SeededRandom random = new SeededRandom(24);
    double[] wanted = scales(random, 1);
    float[] values = ScaleCodec.parse(label).encode(wanted, LAYOUT, MiniFloat.FP4_E2M1).values();
    for (int row = 0; row < 6; row++) {
      double largest = 0;
      for (int i = 10 * row; i < 10 * row + 10; i++) {
        largest = Math.max(largest, wanted[i]);
      }
      for (int i = 10 * row; i < 10 * row + 10; i++) {
        double shift = Math.log(largest / values[i]) / Math.log(2);
        assertEquals(Math.rint(shift), shift, 2e-3, random::toString);
        double ratio = values[i] / wanted[i];
        assertTrue(ratio > least * 0.999 && ratio < most * 1.001, label + " " + ratio);
      }
    }
  }

  @Test
  void secondOrderScalesLieWithinHalfAStep() {
    SeededRandom random = new SeededRandom(25);
    double[] wanted = scales(random, 0.5);
    wanted[3] = 0;
    float[] values =
        new DoubleQuantizedScaleCodec(3, 16).encode(wanted, LAYOUT, MiniFloat.FP4_E2M1).values();
    for (int first = 0; first < wanted.length; first += 16) {
      double least = Double.POSITIVE_INFINITY;
      double most = 0;
      int end = Math.min(wanted.length, first + 16);
      for (int i = first; i < end; i++) {
        least = wanted[i] > 0 ? Math.min(least, wanted[i]) : least;
        most = Math.max(most, wanted[i]);
      }
      for (int i = first; i < end; i++) {
        if (wanted[i] > 0) {
          assertEquals(wanted[i], values[i], (most - least) / 14 * 1.02 + 1e-5, random::toString);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4, 3", "3, 3", "2, 2", "8, 3", "8, 8", "5, 1"})
  void secondOrderZeroPointsAreIntegersOfTheFormat(int formatBits, int bits) {
    SeededRandom random = new SeededRandom(formatBits * 10 + bits);
    IntegerFormat format = new IntegerFormat(formatBits);
    ScaleCodec codec = new DoubleQuantizedScaleCodec(bits, 16);
    float[] zeros = new float[LAYOUT.count()];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = random.nextInt(-format.offset(), format.offset());
    }
    GroupParameters stored = codec.encodeZeroPoints(zeros, LAYOUT, format);
    assertArrayEquals(
        stored.values(), codec.decodeZeroPoints(stored.parts(), LAYOUT, format).values());
    // A step spans the range of the format at worst; the last code is given up where it overshoots.
    int step = Math.ceilDiv((1 << formatBits) - 1, (1 << bits) - 1);
    for (int i = 0; i < zeros.length; i++) {
      float value = stored.values()[i];
      assertEquals(Math.rint(value), value, random::toString);
      assertTrue(value >= format.minimum() && value <= format.maximum(), random::toString);
      assertEquals(zeros[i], value, step == 1 ? 0 : step, random::toString);
    }
    assertEquals(Math.ceilDiv(60 * bits, 8) * 8L + 4 * 16, stored.storageBits());
  }

  @Test
  void saysWhatIsWrong() {
    assertMessage("did you mean 'e8m0near'", "e8m0neer");
    assertMessage("did you mean 'second-order'", "second-ordre");
    assertMessage("expected 1 to 8", "second-order(9,16)");
    assertMessage("is not known here", "second-order(3,16,2)");
    assertMessage("not a whole number", "second-order(3,1.5)");
    assertThrows(
        IllegalArgumentException.class,
        () -> new UnitScaleCodec().encode(new double[] {1}, LAYOUT, MiniFloat.FP4_E2M1));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            DoubleQuantizedScaleCodec.defaults()
                .encode(new double[] {-1}, new ScaleLayout(1, 1, 1, 1), MiniFloat.FP4_E2M1));
  }

  private static void assertMessage(String part, String text) {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> ScaleCodec.parse(text));
    assertTrue(String.valueOf(thrown.getMessage()).contains(part), thrown::getMessage);
  }
}
