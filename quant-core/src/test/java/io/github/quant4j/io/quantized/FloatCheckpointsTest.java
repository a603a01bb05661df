// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedModels.Memory;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ModelOpt, FP8, bitsandbytes, gpt-oss and MLX, with tensors laid out by hand. */
class FloatCheckpointsTest {
  private static final float[] FP4 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

  private static QuantizedWeights weights(String members, List<Tensor> tensors)
      throws TensorFileException {
    return QuantizedWeights.of(
        QuantizedModels.json("{'quantization_config':{" + members + "}}"), Memory.of(tensors));
  }

  private static QuantizedLinear linear(String members, Tensor... tensors)
      throws TensorFileException {
    return weights(members, List.of(tensors)).find("m").orElseThrow();
  }

  private static void assertRefused(String expected, String members, Tensor... tensors) {
    TensorFileException e = assertThrows(TensorFileException.class, () -> linear(members, tensors));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  private static float fp4(int code) {
    return code < 8 ? FP4[code] : -FP4[code - 8];
  }

  @ParameterizedTest
  @CsvSource({"0.25, true", "0.0003676, false", "1.1e-5, false"})
  void scalesOfModelOptAreFactors(float factor, boolean isPowerOfTwo) throws TensorFileException {
    SeededRandom random = new SeededRandom(1);
    int[] codes = new int[3 * 32];
    Arrays.setAll(codes, _ -> random.nextInt(0, 16));
    int[] bytes = new int[codes.length / 2];
    Arrays.setAll(bytes, i -> codes[2 * i] | codes[2 * i + 1] << 4);
    // 0x38 is 1, 0x41 is 2.25, 0x08 is 2^-6.
    int[] scales = {0x38, 0x41, 0x08, 0x39, 0x7e, 0x30};
    float[] values = {1, 2.25f, 0x1p-6f, 1.125f, 448, 0.5f};
    QuantizedLinear read =
        linear(
            "'quant_method':'modelopt','quant_algo':'NVFP4'",
            ForeignTensors.bytes("m.weight", DType.U8, Shape.of(3, 16), bytes),
            ForeignTensors.bytes("m.weight_scale", DType.F8_E4M3, Shape.of(3, 2), scales),
            ForeignTensors.floats("m.weight_scale_2", Shape.of(), factor),
            ForeignTensors.floats("m.input_scale", Shape.of(), 1));
    float[] found = read.toDense().data();
    for (int i = 0; i < found.length; i++) {
      assertEquals(fp4(codes[i]) * (values[i / 16] * factor), found[i], 0f, "element " + i);
    }
    boolean inBytes = QuantizedModels.matrix(read).scheme().toString().equals("nvfp4");
    assertTrue(inBytes || !isPowerOfTwo, read.toString());
  }

  @Test
  void fp8IsReadUnderOneScaleScalesOfRowsAndScalesOfBlocks() throws TensorFileException {
    // 0x38 is 1, 0x40 is 2, 0xb8 is -1.
    int[] bytes = {0x38, 0x40, 0xb8, 0, 0x40, 0x40, 0x38, 0xb8};
    float[] values = {1, 2, -1, 0, 2, 2, 1, -1};
    Tensor weight = ForeignTensors.bytes("m.weight", DType.F8_E4M3, Shape.of(2, 4), bytes);
    String modelOpt = "'quant_method':'modelopt','quant_algo':'FP8'";
    float[] one =
        linear(modelOpt, weight, ForeignTensors.floats("m.weight_scale", Shape.of(), 0.3f))
            .toDense()
            .data();
    float[] rows =
        linear(modelOpt, weight, ForeignTensors.floats("m.weight_scale", Shape.of(2), 0.3f, 7))
            .toDense()
            .data();
    float[] blocks =
        linear(
                "'quant_method':'fp8','activation_scheme':'dynamic','weight_block_size':[1,3]",
                weight,
                ForeignTensors.floats("m.weight_scale_inv", Shape.of(2, 2), 0.3f, 7, 5, 0.1f))
            .toDense()
            .data();
    float[] ofBlocks = {0.3f, 0.3f, 0.3f, 7, 5, 5, 5, 0.1f};
    for (int i = 0; i < values.length; i++) {
      assertEquals(values[i] * 0.3f, one[i], 0f);
      assertEquals(values[i] * (i < 4 ? 0.3f : 7), rows[i], 0f);
      assertEquals(values[i] * ofBlocks[i], blocks[i], 0f);
    }
    assertRefused(
        "expected 4 scales",
        "'quant_method':'fp8','weight_block_size':[1,3]",
        weight,
        ForeignTensors.floats("m.weight_scale_inv", Shape.of(2), 1, 1));
    assertRefused("'fmt': 'e5m2', expected e4m3", "'quant_method':'fp8','fmt':'e5m2'", weight);
    assertRefused(
        "'quant_algo': 'W4A8_AWQ' is not supported",
        "'quant_method':'modelopt','quant_algo':'W4A8_AWQ'",
        weight);
    assertRefused(
        "inputs that are scaled while the model runs",
        modelOpt,
        weight,
        ForeignTensors.floats("m.weight_scale", Shape.of(), 1),
        ForeignTensors.floats("m.pre_quant_scale", Shape.of(4), 1, 1, 1, 1));
  }

  /** The tensors are those of compressed-tensors, whose scale of the matrix is a divisor. */
  @Test
  void floatsOfAutoRoundAreToldByTheirTensors() throws TensorFileException {
    String members = "'quant_method':'auto-round','act_bits':4,'bits':4,'data_type':'";
    int[] bytes = new int[16];
    Arrays.fill(bytes, 0x72);
    Tensor packed = ForeignTensors.bytes("m.weight_packed", DType.U8, Shape.of(1, 16), bytes);
    float[] mx =
        linear(
                members + "mx_fp'",
                packed,
                ForeignTensors.bytes("m.weight_scale", DType.U8, Shape.of(1, 1), 128))
            .toDense()
            .data();
    float[] nv =
        linear(
                members + "nv_fp4_with_static_gs'",
                packed,
                ForeignTensors.bytes("m.weight_scale", DType.F8_E4M3, Shape.of(1, 2), 0x38, 0x40),
                ForeignTensors.floats("m.weight_global_scale", Shape.of(1), 4),
                ForeignTensors.floats("m.input_global_scale", Shape.of(1), 9))
            .toDense()
            .data();
    assertEquals(2f, mx[0]);
    assertEquals(12f, mx[31]);
    assertEquals(0.25f, nv[0]);
    assertEquals(3f, nv[31]);
    assertRefused(
        "members [rotation_config] are not understood",
        members + "mx_fp','rotation_config':{'hadamard_type':'x'}",
        packed);
  }

  private static Tensor state(String json) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return Tensor.ofBytes(DType.U8, Shape.of(bytes.length), bytes)
        .withName("m.weight.quant_state.bitsandbytes__fp4");
  }

  /** Blocks of whole rows, parts of rows, several rows, and those that fit no rows. */
  @ParameterizedTest
  @CsvSource({"4, 8, 8", "4, 8, 4", "4, 8, 16", "3, 6, 4", "3, 5, 8"})
  void blocksOfCodeBooksAreReadWhereverTheyEnd(int rows, int columns, int block)
      throws TensorFileException {
    SeededRandom random = new SeededRandom(2);
    // The order of levels in the file is not that of their size.
    float[] levels = {0, 0.25f, 8, 12, 4, 6, 2, 3, -0f, -0.25f, -8, -12, -4, -6, -2, -3};
    int[] codes = new int[rows * columns];
    Arrays.setAll(codes, _ -> random.nextInt(0, 16));
    int[] bytes = new int[(codes.length + 1) / 2];
    for (int i = 0; i < codes.length; i++) {
      bytes[i / 2] |= codes[i] << (i % 2 == 0 ? 4 : 0);
    }
    float[] maxima =
        ForeignTensors.values((codes.length + block - 1) / block, i -> i == 1 ? 0 : 1 + i / 3f);
    QuantizedLinear read =
        linear(
            "'quant_method':'bitsandbytes','load_in_4bit':true",
            ForeignTensors.bytes("m.weight", DType.U8, Shape.of(bytes.length, 1), bytes),
            ForeignTensors.floats("m.weight.absmax", Shape.of(maxima.length), maxima),
            ForeignTensors.floats("m.weight.quant_map", Shape.of(16), levels),
            state(
                "{'quant_type':'fp4','blocksize':"
                    + block
                    + ",'dtype':'float16','shape':["
                    + rows
                    + ","
                    + columns
                    + "]}"));
    float[] found = read.toDense().data();
    for (int i = 0; i < found.length; i++) {
      assertEquals(levels[codes[i]] * maxima[i / block] + 0f, found[i] + 0f, 0f, "element " + i);
    }
  }

  @Test
  void maximaMayBeQuantizedThemselves() throws TensorFileException {
    float[] levels = ForeignTensors.values(16, i -> i - 7);
    float[] nested = ForeignTensors.values(256, i -> i / 256f);
    QuantizedLinear read =
        linear(
            "'quant_method':'bitsandbytes','bnb_4bit_use_double_quant':true",
            ForeignTensors.bytes("m.weight", DType.U8, Shape.of(4, 1), 0x12, 0x34, 0x56, 0xf0),
            ForeignTensors.bytes("m.weight.absmax", DType.U8, Shape.of(4), 10, 200, 128, 255),
            ForeignTensors.floats("m.weight.nested_absmax", Shape.of(2), 2, 3),
            ForeignTensors.floats("m.weight.nested_quant_map", Shape.of(256), nested),
            ForeignTensors.floats("m.weight.quant_map", Shape.of(16), levels),
            state(
                "{'quant_type':'fp4','blocksize':2,'shape':[2,4],'nested_blocksize':3,"
                    + "'nested_offset':0.1}"));
    float[] maxima = new float[4];
    int[] stored = {10, 200, 128, 255};
    for (int i = 0; i < 4; i++) {
      maxima[i] = nested[stored[i]] * (i < 3 ? 2 : 3) + 0.1f;
    }
    int[] codes = {1, 2, 3, 4, 5, 6, 15, 0};
    float[] found = read.toDense().data();
    for (int i = 0; i < found.length; i++) {
      assertEquals(levels[codes[i]] * maxima[i / 2], found[i], 0f);
    }
  }

  @Test
  void bytesOfBitsandbytesAreParts127OfTheirMaximum() throws TensorFileException {
    String members = "'quant_method':'bitsandbytes','load_in_8bit':true";
    Tensor weight = ForeignTensors.bytes("m.weight", DType.I8, Shape.of(2, 2), 127, -128, 1, 0);
    Tensor maxima = ForeignTensors.floats("m.SCB", Shape.of(2), 5, 0.3f);
    QuantizedLinear read =
        linear(
            members,
            weight,
            maxima,
            ForeignTensors.bytes("m.weight_format", DType.U8, Shape.of(), 0));
    assertArrayEquals(
        new float[] {127 * (5 / 127f), -128 * (5 / 127f), 0.3f / 127f, 0}, read.toDense().data());
    assertRefused(
        "expected 0, bytes by rows",
        members,
        weight,
        maxima,
        ForeignTensors.bytes("m.weight_format", DType.U8, Shape.of(), 1));
  }

  @Test
  void expertsOfAStackAreModulesOfTheirOwn() throws TensorFileException {
    SeededRandom random = new SeededRandom(3);
    int[] bytes = new int[2 * 3 * 2 * 16];
    Arrays.setAll(bytes, _ -> random.nextInt(0, 256));
    int[] scales = {127, 128, 120, 127, 127, 126, 130, 127, 127, 127, 125, 0};
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(
        ForeignTensors.bytes("l.experts.up_blocks", DType.U8, Shape.of(2, 3, 2, 16), bytes));
    tensors.add(ForeignTensors.bytes("l.experts.up_scales", DType.U8, Shape.of(2, 3, 2), scales));
    tensors.add(ForeignTensors.floats("l.experts.up_bias", Shape.of(2, 3), 1, 2, 3, 4, 5, 6));
    QuantizedWeights weights = weights("'quant_method':'mxfp4'", tensors);
    assertEquals(List.of("l.experts.0.up", "l.experts.1.up"), List.copyOf(weights.modules()));
    assertEquals(Set.of("l.experts.up_blocks", "l.experts.up_scales"), weights.sharedTensors());
    for (int expert = 0; expert < 2; expert++) {
      QuantizedLinear read = weights.find("l.experts." + expert + ".up").orElseThrow();
      float[] found = read.toDense().data();
      for (int i = 0; i < found.length; i++) {
        int at = expert * 3 * 64 + i;
        int code = bytes[at / 2] >> at % 2 * 4 & 15;
        assertEquals(
            (float) (fp4(code) * Math.pow(2, scales[at / 32] - 127)), found[i], 0f, "element " + i);
      }
      assertEquals(3 * expert + 3f, read.bias().orElseThrow()[2]);
    }
    scales[3] = 255;
    tensors.set(
        1, ForeignTensors.bytes("l.experts.up_scales", DType.U8, Shape.of(2, 3, 2), scales));
    TensorFileException e =
        assertThrows(
            TensorFileException.class,
            () -> weights("'quant_method':'mxfp4'", tensors).find("l.experts.0.up"));
    assertTrue(e.getMessage().contains("scales: number 3 is NaN"), e.getMessage());
  }

  @Test
  void offsetsOfMlxAreAddedExactly() throws TensorFileException {
    int[][] codes = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, new int[16]};
    int[][] words = {ForeignTensors.stream(codes[0], 4), ForeignTensors.stream(codes[1], 4)};
    byte[] bytes = new byte[16];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (words[i / 8][i % 8 / 4] >>> i % 4 * 8);
    }
    float[] scales = {0.3f, -0.7f, 0.1f, 1};
    float[] offsets = {-1.1f, 0.2f, 0.3f, -4};
    QuantizedWeights weights =
        QuantizedWeights.of(
            QuantizedModels.json("{'quantization':{'group_size':8,'bits':4,'mode':'affine'}}"),
            Memory.of(
                Tensor.ofBytes(DType.U32, Shape.of(2, 2), bytes).withName("m.weight"),
                ForeignTensors.floats("m.scales", Shape.of(2, 2), scales),
                ForeignTensors.floats("m.biases", Shape.of(2, 2), offsets)));
    assertEquals("mlx", weights.method());
    float[] found = weights.find("m").orElseThrow().toDense().data();
    for (int i = 0; i < found.length; i++) {
      assertEquals(
          codes[i / 16][i % 16] * scales[i / 8] + offsets[i / 8], found[i], 0f, "element " + i);
    }
  }
}
