// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stored bytes of zero points and of scales that are relative to one of the tensor. */
class StoredFormTest {

  private static Tensor part(GroupParameters parameters, String suffix) {
    return Objects.requireNonNull(parameters.parts().get(suffix));
  }

  @Test
  void zeroPointsArePackedFromTopToBottom() {
    // Three bits, eleven rows of two columns: 33 bits, so the last code straddles two words.
    ScaleLayout layout = new ScaleLayout(11, 8, 1, 4);
    float[] zeros = new float[22];
    zeros[0] = -4 + 1; // row 0, column 0: code 1 in bits 0 to 2 of word (0, 0)
    zeros[3] = -4 + 7; // row 1, column 1: code 7 in bits 3 to 5 of word (0, 1)
    zeros[20] = -4 + 6; // row 10, column 0: code 6, its lowest two bits on top of word (0, 0)
    for (int i : new int[] {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21}) {
      zeros[i] = -4;
    }
    Tensor packed = part(ZeroPointCodec.encode(zeros, layout, new IntegerFormat(3)), "");
    assertEquals(DType.I32, packed.dtype());
    assertEquals(Shape.of(2, 2), packed.shape());
    assertArrayEquals(new int[] {1 | 2 << 30, 7 << 3, 1, 0}, packed.toIntArray());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void zeroPointsAreReadBack(int bits) {
    SeededRandom random = new SeededRandom(bits);
    IntegerFormat format = new IntegerFormat(bits);
    for (int rows = 1; rows < 70; rows += 3) {
      ScaleLayout layout = new ScaleLayout(rows, 15, 1, 5);
      float[] zeros = new float[layout.count()];
      for (int i = 0; i < zeros.length; i++) {
        zeros[i] = random.nextInt(0, 1 << bits) - format.offset();
      }
      GroupParameters stored = ZeroPointCodec.encode(zeros, layout, format);
      assertArrayEquals(
          zeros, ZeroPointCodec.decode(stored.parts(), layout, format).values(), random + "");
      assertEquals(((long) rows * bits + 31) / 32 * 3 * 32, stored.storageBits());
    }
  }

  @Test
  void zeroPointsOfTheWrongSizeAreRefused() {
    ScaleLayout layout = new ScaleLayout(11, 8, 1, 4);
    Map<String, Tensor> parts = Map.of("", Tensor.ofInts(Shape.of(1, 2), new int[2]));
    assertThrows(
        IllegalArgumentException.class,
        () -> ZeroPointCodec.decode(parts, layout, new IntegerFormat(3)));
  }

  @Test
  void theScaleOfTheTensorIsStoredAsADivisor() {
    ScaleLayout layout = new ScaleLayout(1, 48, 1, 16);
    double[] scales = {0.5, 0.125, 0};
    GroupParameters stored = new Nvfp4ScaleCodec().encode(scales, layout, MiniFloat.FP4_E2M1);
    // The largest scale becomes 448: the divisor is 448 / 0.5.
    assertArrayEquals(new float[] {896f}, part(stored, "tensor").toFloatArray());
    assertArrayEquals(new float[] {448f, 112f, 0x1p-6f}, part(stored, "").toFloatArray());
    assertArrayEquals(new float[] {0.5f, 0.125f, 0x1p-6f / 896f}, stored.values());
    assertEquals(896f, Nvfp4ScaleCodec.divisor(stored));
    assertArrayEquals(new float[] {448f, 112f, 0x1p-6f}, Nvfp4ScaleCodec.tileScales(stored));
  }

  /** A kernel that reads scales of another codec as NVFP4 would give wrong numbers. */
  @Test
  void scalesOfOtherCodecsHaveNoDivisor() {
    GroupParameters other =
        E8m0ScaleCodec.FLOOR.encode(
            new double[] {1}, new ScaleLayout(1, 32, 1, 32), MiniFloat.FP4_E2M1);
    assertThrows(IllegalArgumentException.class, () -> Nvfp4ScaleCodec.divisor(other));
    assertThrows(IllegalArgumentException.class, () -> Nvfp4ScaleCodec.tileScales(other));
  }

  @Test
  void zerosAloneHaveTheDivisorOne() {
    ScaleLayout layout = new ScaleLayout(1, 16, 1, 16);
    GroupParameters stored =
        new Nvfp4ScaleCodec().encode(new double[1], layout, MiniFloat.FP4_E2M1);
    assertArrayEquals(new float[] {1f}, part(stored, "tensor").toFloatArray());
    assertArrayEquals(new float[] {0x1p-6f}, stored.values());
  }
}
