// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The words of GPTQ and AWQ, laid out by hand. */
class IntegerLayoutTest {

  /** Code {@code row + column}, zero point {@code row + 1}, scale {@code row + 1}. */
  private static IntegerWeights counting() {
    byte[] codes = new byte[64];
    float[] scales = new float[8];
    int[] zeros = new int[8];
    for (int row = 0; row < 8; row++) {
      scales[row] = row + 1;
      zeros[row] = row + 1;
      for (int column = 0; column < 8; column++) {
        codes[row * 8 + column] = (byte) (row + column);
      }
    }
    return new IntegerWeights(8, 8, 4, codes, 8, IntegerWeights.inOrder(8, 8), scales, zeros);
  }

  private static IntegerWeights random(SeededRandom random, int bits, int size, boolean permuted) {
    int rows = 32;
    int columns = 64;
    byte[] codes = new byte[rows * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(0, 1 << bits);
    }
    int count = columns / size;
    float[] scales = new float[rows * count];
    int[] zeros = new int[rows * count];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = random.nextInt(1, 2000) / 1024f;
      zeros[i] = random.nextInt(1, 1 << bits);
    }
    int[] groups = IntegerWeights.inOrder(columns, size);
    for (int i = columns - 1; permuted && i > 0; i--) {
      int other = random.nextInt(0, i + 1);
      int swapped = groups[i];
      groups[i] = groups[other];
      groups[other] = swapped;
    }
    return new IntegerWeights(rows, columns, bits, codes, size, groups, scales, zeros);
  }

  private static int[] ints(Map<String, Tensor> tensors, String name) {
    return tensors.get(name).toIntArray();
  }

  @Test
  void codesOfGptqRunDownAColumnAndZeroPointsAlongARow() throws InexactException {
    GptqLayout first = new GptqLayout(false);
    Map<String, Tensor> tensors = first.tensors(first.fitted(counting()));
    assertEquals(Set.of("qweight", "qzeros", "scales", "g_idx"), tensors.keySet());
    assertEquals(Shape.of(1, 8), tensors.get("qweight").shape());
    assertArrayEquals(
        new int[] {
          0x76543210,
          0x87654321,
          0x98765432,
          0xa9876543,
          0xba987654,
          0xcba98765,
          0xdcba9876,
          0xedcba987
        },
        ints(tensors, "qweight"));
    // One less than 1 to 8.
    assertEquals(Shape.of(1, 1), tensors.get("qzeros").shape());
    assertArrayEquals(new int[] {0x76543210}, ints(tensors, "qzeros"));
    assertArrayEquals(new int[8], ints(tensors, "g_idx"));
    assertEquals(DType.F16, tensors.get("scales").dtype());
    assertEquals(Shape.of(1, 8), tensors.get("scales").shape());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, tensors.get("scales").toFloatArray());
    GptqLayout second = new GptqLayout(true);
    assertArrayEquals(
        new int[] {0x87654321}, ints(second.tensors(second.fitted(counting())), "qzeros"));
  }

  @Test
  void wordsOfAwqHoldEveryOtherOutputFirst() throws InexactException {
    IntegerLayout layout = new AwqLayout().forGroups(List.of(LayerShape.ALL));
    Map<String, Tensor> tensors = layout.tensors(layout.fitted(counting()));
    assertEquals(Set.of("qweight", "qzeros", "scales"), tensors.keySet());
    assertEquals(Shape.of(8, 1), tensors.get("qweight").shape());
    assertArrayEquals(
        new int[] {
          0x75316420,
          0x86427531,
          0x97538642,
          0xa8649753,
          0xb975a864,
          0xca86b975,
          0xdb97ca86,
          0xeca8db97
        },
        ints(tensors, "qweight"));
    assertArrayEquals(new int[] {0x86427531}, ints(tensors, "qzeros"));
  }

  /** Eight outputs of 64 inputs in two groups: code {@code row + column}, the zero point is 8. */
  private static IntegerWeights wide() {
    byte[] codes = new byte[8 * 64];
    float[] scales = new float[16];
    int[] zeros = new int[16];
    for (int row = 0; row < 8; row++) {
      for (int group = 0; group < 2; group++) {
        scales[row * 2 + group] = row + 1 + 16 * group;
        zeros[row * 2 + group] = group == 0 ? 8 : row;
      }
      for (int column = 0; column < 64; column++) {
        codes[row * 64 + column] = (byte) (row + column & 15);
      }
    }
    return new IntegerWeights(8, 64, 4, codes, 32, IntegerWeights.inOrder(64, 32), scales, zeros);
  }

  @Test
  void codesOfAwqForVectorsRunAlongRowsAndGroupsArePadded() throws InexactException {
    IntegerLayout layout = new AwqLayout(AwqVersion.GEMV).forGroups(List.of(32));
    Map<String, Tensor> tensors = layout.tensors(layout.fitted(wide()));
    assertEquals(Shape.of(8, 8), tensors.get("qweight").shape());
    int[] words = ints(tensors, "qweight");
    assertEquals(0x76543210, words[0]);
    assertEquals(0xfedcba98, words[1]);
    assertEquals(0x98765432, words[16]);
    // Groups of 32 take four words at least.
    assertEquals(Shape.of(8, 4), tensors.get("qzeros").shape());
    int[] zeros = ints(tensors, "qzeros");
    assertArrayEquals(new int[] {0x08, 0, 0, 0, 0x18, 0, 0, 0}, Arrays.copyOf(zeros, 8));
    assertEquals(Shape.of(8, 32), tensors.get("scales").shape());
    float[] scales = tensors.get("scales").toFloatArray();
    assertArrayEquals(new float[] {1, 17, 0}, Arrays.copyOf(scales, 3));
    assertArrayEquals(new float[] {2, 18, 0}, Arrays.copyOfRange(scales, 32, 35));
  }

  @Test
  void theFastOrderInterleavesFourOutputs() throws InexactException {
    IntegerLayout layout = new AwqLayout(AwqVersion.GEMV_FAST).forGroups(List.of(32));
    Map<String, Tensor> tensors = layout.tensors(layout.fitted(wide()));
    Tensor codes = tensors.get("qweight");
    assertEquals(DType.I16, codes.dtype());
    assertEquals(Shape.of(2, 64), codes.shape());
    ByteBuffer bytes =
        ByteBuffer.wrap(codes.data().toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    // Inputs 0, 8, 16, 24 of the first output, then 1, 9, 17, 25; all modulo 16.
    assertEquals(0x8080, bytes.getShort(0) & 0xffff);
    assertEquals(0x9191, bytes.getShort(2) & 0xffff);
    assertEquals(0xa2a2, bytes.getShort(4) & 0xffff);
    // Of the second output, whose codes are larger by one.
    assertEquals(0x9191, bytes.getShort(32) & 0xffff);
    // Of the fifth.
    assertEquals(0xc4c4, bytes.getShort(128) & 0xffff);
    assertEquals(Shape.of(32, 8), tensors.get("scales").shape());
    assertEquals(Shape.of(32, 8), tensors.get("qzeros").shape());
    float[] offsets = tensors.get("qzeros").toFloatArray();
    assertArrayEquals(
        new float[] {-8, -16, -24, -32, -40, -48, -56, -64}, Arrays.copyOf(offsets, 8));
    assertArrayEquals(new float[] {-18, -38}, Arrays.copyOfRange(offsets, 9, 11));
    assertEquals(0, offsets[16]);
  }

  @Test
  void offsetsThatHalfPrecisionDoesNotHoldAreRefused() throws InexactException {
    IntegerWeights weights = wide();
    float[] scales = weights.scales().clone();
    scales[7] = 2047;
    IntegerWeights precise = weights.withScales(scales);
    IntegerLayout layout = new AwqLayout(AwqVersion.GEMV_FAST).forGroups(List.of(32));
    InexactException refused = assertThrows(InexactException.class, () -> layout.fitted(precise));
    assertTrue(refused.reason().contains("2047.0 times zero point 3"), refused.reason());
    assertArrayEquals(precise.scales(), layout.nearest(precise).scales());
    IntegerLayout small = new AwqLayout(AwqVersion.GEMV).forGroups(List.of(16));
    assertTrue(
        assertThrows(InexactException.class, () -> small.fitted(weights.split(16)))
            .reason()
            .contains("groups of 16"));
  }

  @Test
  void threeBitsTakeThreeWordsForThirtyTwoCodes() throws InexactException {
    SeededRandom random = new SeededRandom(3);
    IntegerWeights weights = random(random, 3, 32, false);
    GptqLayout layout = new GptqLayout(true);
    int[] words = ints(layout.tensors(layout.fitted(weights)), "qweight");
    assertEquals(6 * 32, words.length, random.toString());
    for (int row = 0; row < 32; row++) {
      for (int half = 0; half < 2; half++) {
        int[] v = new int[32];
        for (int i = 0; i < 32; i++) {
          v[i] = weights.codes()[row * 64 + half * 32 + i];
        }
        int[] expected = {(v[10] & 3) << 30, v[10] >> 2 | (v[21] & 1) << 31, v[21] >> 1};
        for (int j = 0; j < 10; j++) {
          expected[0] |= v[j] << (3 * j);
          expected[1] |= v[11 + j] << (3 * j + 1);
          expected[2] |= v[22 + j] << (3 * j + 2);
        }
        for (int word = 0; word < 3; word++) {
          assertEquals(
              expected[word], words[(half * 3 + word) * 32 + row], random + ", row " + row);
        }
      }
    }
  }

  @Test
  void zeroPointsOfZeroMoveWithTheirCodesOrAreRefused() throws InexactException {
    byte[] codes = new byte[64];
    Arrays.fill(codes, (byte) 14);
    float[] scales = new float[8];
    Arrays.fill(scales, 0.5f);
    IntegerWeights weights =
        new IntegerWeights(8, 8, 4, codes, 8, IntegerWeights.inOrder(8, 8), scales, new int[8]);
    IntegerWeights moved = new GptqLayout(false).fitted(weights);
    assertArrayEquals(weights.toDense().data(), moved.toDense().data());
    assertEquals(1, moved.zeros()[0]);
    codes[9] = 15;
    InexactException refused =
        assertThrows(InexactException.class, () -> new GptqLayout(false).fitted(weights));
    assertTrue(refused.reason().contains("gptq_v2"), refused.reason());
    IntegerWeights clamped = new GptqLayout(false).nearest(weights);
    // One step less than 15.
    assertEquals(7f, clamped.get(1, 1));
    assertEquals(7f, clamped.get(0, 0));
    assertArrayEquals(
        weights.toDense().data(), new GptqLayout(true).fitted(weights).toDense().data());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void widerCodesAndSmallerGroupsAreTheSameWeights(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int bits = random.nextInt(1, 5);
    IntegerWeights weights = random(random, bits, 32, false);
    float[] expected = weights.toDense().data();
    assertArrayEquals(expected, weights.widened(bits + 3).toDense().data(), random.toString());
    assertArrayEquals(expected, weights.split(8).toDense().data(), random.toString());
    assertEquals(8, weights.split(8).groupCount());
  }

  @Test
  void whatALayoutCannotHoldIsRefusedWithTheReason() throws InexactException {
    SeededRandom random = new SeededRandom(5);
    IntegerWeights permuted = random(random, 4, 32, true);
    IntegerLayout awq = new AwqLayout().forGroups(List.of(32));
    assertTrue(
        assertThrows(InexactException.class, () -> awq.fitted(permuted))
            .reason()
            .contains("consecutive"));
    IntegerWeights wide = random(random, 8, 32, false);
    assertTrue(
        assertThrows(InexactException.class, () -> awq.fitted(wide)).reason().contains("8 bits"));
    IntegerLayout larger = new AwqLayout().forGroups(List.of(64));
    IntegerWeights small = random(random, 4, 32, false);
    assertTrue(
        assertThrows(InexactException.class, () -> larger.fitted(small))
            .reason()
            .contains("groups of 32"));
    float[] fine = small.scales().clone();
    fine[3] = 0.1f;
    IntegerWeights precise = small.withScales(fine);
    assertTrue(
        assertThrows(InexactException.class, () -> new GptqLayout(true).fitted(precise))
            .reason()
            .contains("32-bit"));
    assertEquals(0.1f, new GptqLayout(true).nearest(precise).scales()[3], 1e-4f);
    assertArrayEquals(
        permuted.groups(),
        ints(new GptqLayout(true).tensors(new GptqLayout(true).fitted(permuted)), "g_idx"));
  }

  @Test
  void theConfigOfGptqNamesWhatDiffers() {
    SequencedMap<String, LayerShape> layers = new LinkedHashMap<>();
    layers.put("model.layers.0.a", new LayerShape(4, 64, true, true));
    layers.put("model.layers.0.b", new LayerShape(4, 64, true, true));
    layers.put("model.layers.1.a", new LayerShape(8, LayerShape.ALL, true, true));
    assertEquals(
        "{\"quant_method\":\"gptq\",\"checkpoint_format\":\"gptq\",\"bits\":4,\"group_size\":64,"
            + "\"desc_act\":false,\"sym\":true,\"lm_head\":false,\"pack_dtype\":\"int32\","
            + "\"dynamic\":{\"+:^model\\\\.layers\\\\.1\\\\.a$\":{\"bits\":8,\"group_size\":-1},"
            + "\"-:^model\\\\.layers\\\\.1\\\\.b$\":{}},"
            + "\"meta\":{\"quantizer\":[\"quant4j\"]}}",
        JsonWriter.compact(
            new GptqLayout(false)
                .config(layers, new ArrayList<>(List.of("lm_head", "model.layers.1.b")))));
  }
}
