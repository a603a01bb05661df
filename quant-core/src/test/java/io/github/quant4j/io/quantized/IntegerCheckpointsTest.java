// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedModels.Memory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GPTQ, AWQ and AutoRound, with tensors laid out by hand. */
class IntegerCheckpointsTest {
  private static final String GPTQ = "'quant_method':'gptq','bits':4,'group_size':8,'sym':false";
  private static final String AWQ = "'quant_method':'awq','bits':4,'group_size':8,'version':'gemm'";
  private static final String ROUND =
      "'quant_method':'auto-round','bits':4,'group_size':8,'sym':false";

  private static JsonValue.Obj config(String members) {
    return QuantizedModels.json("{'quantization_config':{" + members + "}}");
  }

  private static QuantizedWeights weights(String members, List<Tensor> tensors)
      throws TensorFileException {
    return QuantizedWeights.of(config(members), Memory.of(tensors));
  }

  private static QuantizedLinear linear(String members, List<Tensor> tensors)
      throws TensorFileException {
    return weights(members, tensors).find("m").orElseThrow();
  }

  private static void assertRefused(String expected, String members, List<Tensor> tensors) {
    TensorFileException e = assertThrows(TensorFileException.class, () -> linear(members, tensors));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  /** Random codes, zero points and scales. */
  private record Sample(int bits, int[][] codes, int[][] zeros, float[][] scales) {
    static Sample of(long seed, int bits, int rows, int columns, int groups) {
      SeededRandom random = new SeededRandom(seed);
      int[][] codes = new int[rows][columns];
      int[][] zeros = new int[groups][rows];
      float[][] scales = new float[groups][rows];
      for (int[] row : codes) {
        Arrays.setAll(row, _ -> random.nextInt(0, 1 << bits));
      }
      for (int group = 0; group < groups; group++) {
        for (int row = 0; row < rows; row++) {
          zeros[group][row] = random.nextInt(1, 1 << bits);
          scales[group][row] = random.nextInt(1, 64) / 64f;
        }
      }
      return new Sample(bits, codes, zeros, scales);
    }

    /** What stands for the zero points in the older convention. */
    int[][] lessOne() {
      int[][] stored = new int[zeros.length][];
      for (int group = 0; group < zeros.length; group++) {
        stored[group] = Arrays.stream(zeros[group]).map(zero -> zero - 1).toArray();
      }
      return stored;
    }

    List<Tensor> gptq(int[][] stored) {
      return ForeignTensors.gptq("m", bits, codes, stored, scales);
    }

    void assertRead(QuantizedLinear linear, int[] groupOf) {
      FloatMatrix found = linear.toDense();
      assertEquals(codes.length, found.rows());
      for (int row = 0; row < codes.length; row++) {
        for (int column = 0; column < groupOf.length; column++) {
          int group = groupOf[column];
          float expected = (codes[row][column] - zeros[group][row]) * scales[group][row];
          assertEquals(
              expected, found.data()[row * groupOf.length + column], 0f, row + ", " + column);
        }
      }
    }
  }

  private static int[] inOrder(int columns, int size) {
    int[] groupOf = new int[columns];
    Arrays.setAll(groupOf, i -> i / size);
    return groupOf;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void codesOfEveryWidthAreReadInBothConventions(int bits) throws TensorFileException {
    Sample sample = Sample.of(bits, bits, 32, 64, 4);
    String members = "'quant_method':'gptq','bits':" + bits + ",'group_size':16,'sym':false";
    for (String label : List.of("", ",'checkpoint_format':'gptq'", ",'format':'gptq'")) {
      sample.assertRead(linear(members + label, sample.gptq(sample.lessOne())), inOrder(64, 16));
    }
    QuantizedLinear read =
        linear(members + ",'checkpoint_format':'gptq_v2'", sample.gptq(sample.zeros));
    sample.assertRead(read, inOrder(64, 16));
    assertInstanceOf(QuantizedTerm.class, read.terms().getFirst());
    assertEquals(1, read.terms().size());
    assertEquals("int" + bits + ":g16:asym", QuantizedModels.matrix(read).scheme().toString());
  }

  @Test
  void codesMayLieInWordsOfOtherSizes() throws TensorFileException {
    Sample sample = Sample.of(9, 4, 16, 32, 4);
    // Each pair of words of a column as one, and each word as two or four.
    for (DType type : List.of(DType.I64, DType.I16, DType.I8)) {
      int codesPerWord = type.bits() / 4;
      byte[] codes = new byte[16 * 32 / 2];
      byte[] zeros = new byte[4 * 16 / 2];
      for (int column = 0; column < 32; column++) {
        for (int row = 0; row < 16; row++) {
          int word = column / codesPerWord * 16 + row;
          int nibble = word * codesPerWord + column % codesPerWord;
          codes[nibble / 2] |= (byte) (sample.codes[row][column] << nibble % 2 * 4);
        }
      }
      for (int i = 0; i < 4 * 16; i++) {
        zeros[i / 2] |= (byte) (sample.zeros[i / 16][i % 16] << i % 2 * 4);
      }
      List<Tensor> tensors =
          List.of(
              Tensor.ofBytes(type, Shape.of(32 / codesPerWord, 16), codes).withName("m.qweight"),
              Tensor.ofBytes(type, Shape.of(4, 16 / codesPerWord), zeros).withName("m.qzeros"),
              ForeignTensors.halves("m.scales", sample.scales));
      sample.assertRead(
          linear(GPTQ + ",'checkpoint_format':'gptq_v2','pack_dtype':'int'", tensors),
          inOrder(32, 8));
    }
  }

  @Test
  void groupsMayBeInAnyOrder() throws TensorFileException {
    Sample sample = Sample.of(5, 4, 16, 32, 4);
    int[] groupOf = inOrder(32, 8);
    SeededRandom random = new SeededRandom(6);
    for (int i = groupOf.length - 1; i > 0; i--) {
      int other = random.nextInt(0, i + 1);
      int kept = groupOf[i];
      groupOf[i] = groupOf[other];
      groupOf[other] = kept;
    }
    List<Tensor> tensors = new ArrayList<>(sample.gptq(sample.lessOne()));
    tensors.add(ForeignTensors.ints("m.g_idx", groupOf));
    QuantizedLinear read = linear(GPTQ + ",'desc_act':true", tensors);
    sample.assertRead(read, groupOf);
    ColumnTerm term = assertInstanceOf(ColumnTerm.class, read.terms().getFirst());
    assertInstanceOf(QuantizedTerm.class, term.inner());
    for (int[] plain : List.of(inOrder(32, 8), filled(32, -1))) {
      tensors.set(3, ForeignTensors.ints("m.g_idx", plain));
      QuantizedLinear ordered = linear(GPTQ, tensors);
      sample.assertRead(ordered, inOrder(32, 8));
      assertInstanceOf(QuantizedTerm.class, ordered.terms().getFirst());
    }
    int[] uneven = inOrder(32, 8);
    uneven[0] = 3;
    uneven[31] = 1;
    uneven[30] = 1;
    tensors.set(3, ForeignTensors.ints("m.g_idx", uneven));
    sample.assertRead(linear(GPTQ, tensors), uneven);
    int[] mixed = inOrder(32, 8);
    mixed[3] = -1;
    tensors.set(3, ForeignTensors.ints("m.g_idx", mixed));
    assertRefused("input 3 is in group -1, expected 0 to 3", GPTQ, tensors);
  }

  private static int[] filled(int count, int value) {
    int[] values = new int[count];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void theLastGroupMayBeShortAndThereMayBeOneGroup() throws TensorFileException {
    Sample sample = Sample.of(7, 4, 16, 24, 2);
    String sixteen = GPTQ.replace(":8", ":16");
    sample.assertRead(linear(sixteen, sample.gptq(sample.lessOne())), inOrder(24, 16));
    Sample single = Sample.of(8, 4, 16, 24, 1);
    for (String size : List.of("-1", "128")) {
      QuantizedLinear read = linear(GPTQ.replace(":8", ":" + size), single.gptq(single.lessOne()));
      single.assertRead(read, new int[24]);
      assertEquals("int4:channel:asym", read.terms().getFirst().describe());
    }
  }

  @Test
  void rulesForModulesAreFollowedInTheirOrder() throws TensorFileException {
    Sample sample = Sample.of(3, 8, 16, 32, 2);
    String dynamic =
        GPTQ
            + ",'dynamic':{'-:other.*':{},'+:^m$':{'bits':8,'group_size':16,'desc_act':false},"
            + "'m.*':{'bits':2}}";
    sample.assertRead(linear(dynamic, sample.gptq(sample.lessOne())), inOrder(32, 16));
    assertRefused(
        "module 'm' has quantized tensors, but 'dynamic' excludes it ('-:m')",
        GPTQ + ",'dynamic':{'-:m':{}}",
        sample.gptq(sample.zeros));
    assertRefused(
        "members [scale_shift] are not understood",
        GPTQ + ",'dynamic':{'m':{'scale_shift':2}}",
        sample.gptq(sample.zeros));
    assertRefused("is not a regular expression", GPTQ + ",'dynamic':{'+:(':{}}", List.of());
  }

  /** A symmetric grid has one zero point, so that the stored ones tell their convention. */
  @ParameterizedTest
  @CsvSource({"gptq, 7, 0", "gptq, 8, 1", "gptq_v2, 8, 0", "gptq_v2, 7, 1"})
  void zeroPointsOfSymmetricGridsTellTheConvention(String label, int stored, int warnings)
      throws TensorFileException {
    Sample sample = Sample.of(4, 4, 16, 32, 4);
    for (int[] row : sample.zeros) {
      Arrays.fill(row, 8);
    }
    int[][] fields = new int[4][];
    Arrays.setAll(fields, _ -> filled(16, stored));
    QuantizedWeights weights =
        weights(
            GPTQ.replace("false", "true") + ",'checkpoint_format':'" + label + "'",
            sample.gptq(fields));
    QuantizedLinear read = weights.find("m").orElseThrow();
    sample.assertRead(read, inOrder(32, 8));
    assertEquals("int4:g8:sym", read.terms().getFirst().describe());
    assertEquals(warnings, weights.warnings().size(), weights.warnings().toString());
  }

  /** 0 less one is the largest value. */
  @Test
  void zeroPointsOfZeroAreReadAndCounted() throws TensorFileException {
    Sample sample = Sample.of(11, 4, 16, 32, 4);
    int[][] stored = sample.lessOne();
    for (int group = 0; group < 3; group++) {
      sample.zeros[group][5] = 0;
      stored[group][5] = 15;
    }
    QuantizedWeights weights = weights(GPTQ, sample.gptq(stored));
    sample.assertRead(weights.find("m").orElseThrow(), inOrder(32, 8));
    assertEquals(1, weights.warnings().size());
    assertTrue(
        weights.warnings().getFirst().startsWith("3 zero points of 1 modules"),
        weights.warnings().toString());
  }

  /** Negative scales, and scales that half precision has made 0. */
  @Test
  void scalesMayHaveAnySign() throws TensorFileException {
    Sample sample = Sample.of(12, 4, 16, 32, 4);
    sample.scales[1][3] *= -1;
    sample.scales[2][7] *= -1;
    sample.scales[3][0] = 0;
    sample.assertRead(linear(GPTQ, sample.gptq(sample.lessOne())), inOrder(32, 8));
    sample.scales[0][0] = Float.NaN;
    assertRefused("scales: number 0 is NaN", GPTQ, sample.gptq(sample.lessOne()));
  }

  @Test
  void aBiasIsAdded() throws TensorFileException {
    Sample sample = Sample.of(13, 4, 16, 32, 4);
    List<Tensor> tensors = sample.gptq(sample.lessOne());
    float[] bias = ForeignTensors.values(16, i -> i / 4f);
    tensors.add(ForeignTensors.floats("m.bias", Shape.of(16), bias));
    assertEquals(15 / 4f, linear(GPTQ, tensors).bias().orElseThrow()[15]);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'bits':5,'group_size':8 | 'bits': 5, expected 2, 3, 4 or 8",
        "'bits':4 | 'group_size' is missing",
        "'group_size':8 | 'bits' is missing",
        "'bits':4,'group_size':0 | 'group_size': 0",
        "'bits':4,'group_size':8,'checkpoint_format':'marlin' | 'marlin' is not supported",
        "'bits':4,'group_size':8,'is_marlin_format':true | order of a kernel",
        "'bits':4,'group_size':8,'rotation':'hadamard' | members [rotation] are not understood",
        "'bits':4,'group_size':8,'adapter':{'rank':8} | members [adapter] are not understood",
        "'bits':4,'group_size':16 | expected [2, 16] for groups of 16 of 32 inputs",
        "'bits':2,'group_size':8 | expected [8, 16]",
        "'bits':'4','group_size':8 | expected number",
      })
  void unsuitableConfigsAreRefused(String members, String expected) {
    Sample sample = Sample.of(14, 4, 16, 32, 4);
    assertRefused(expected, "'quant_method':'gptq'," + members, sample.gptq(sample.lessOne()));
  }

  @Test
  void missingAndMalformedTensorsAreRefused() {
    Sample sample = Sample.of(15, 4, 16, 32, 4);
    List<Tensor> tensors = sample.gptq(sample.lessOne());
    assertRefused("'m.qzeros' is missing", GPTQ, List.of(tensors.get(0), tensors.get(2)));
    assertRefused("'m.scales' is missing", GPTQ, tensors.subList(0, 2));
    List<Tensor> more = new ArrayList<>(tensors);
    more.add(ForeignTensors.ints("m.qscales", 1));
    assertRefused("tensors [m.qscales] are not used", GPTQ, more);
    more.set(3, ForeignTensors.ints("m.g_idx", inOrder(40, 10)));
    assertRefused("expected 5 rows of words for 40 inputs", GPTQ, more);
    more.set(3, ForeignTensors.floats("m.g_idx", Shape.of(32), new float[32]));
    assertRefused("expected one group for each input", GPTQ, more);
    more.remove(3);
    more.set(1, ForeignTensors.words("m.qzeros", new int[4][3]));
    assertRefused("expected [4, 2], zero points of 4 bits", GPTQ, more);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gemm", "GEMM", "exllama"})
  void interleavedOutputsAreReadInOrder(String version) throws TensorFileException {
    Sample sample = Sample.of(16, 4, 16, 24, 3);
    List<Tensor> tensors = ForeignTensors.gemm("m", sample.codes, sample.zeros, sample.scales);
    sample.assertRead(linear(AWQ.replace("gemm", version), tensors), inOrder(24, 8));
    sample.assertRead(
        linear("'quant_method':'awq','w_bit':4,'q_group_size':8,'zero_point':true", tensors),
        inOrder(24, 8));
  }

  @Test
  void paddedScalesAndZeroPointsOfRowsAreRead() throws TensorFileException {
    Sample sample = Sample.of(17, 4, 5, 24, 3);
    int[][] rows = new int[5][];
    int[][] zeros = new int[5][];
    float[][] scales = new float[5][16];
    for (int row = 0; row < 5; row++) {
      rows[row] = ForeignTensors.stream(sample.codes[row], 4);
      zeros[row] = Arrays.copyOf(ForeignTensors.stream(column(sample.zeros, row), 4), 2);
      for (int group = 0; group < 3; group++) {
        scales[row][group] = sample.scales[group][row];
      }
    }
    List<Tensor> tensors =
        List.of(
            ForeignTensors.words("m.qweight", rows),
            ForeignTensors.words("m.qzeros", zeros),
            ForeignTensors.halves("m.scales", scales));
    sample.assertRead(linear(AWQ.replace("gemm", "gemv"), tensors), inOrder(24, 8));
  }

  private static int[] column(int[][] matrix, int column) {
    return ForeignTensors.column(matrix, column);
  }

  /** The order as the kernels' packing code has it, step by step. */
  @Test
  void shuffledInputsOfInterleavedRowsAreReadInOrder() throws TensorFileException {
    Sample sample = Sample.of(18, 4, 8, 128, 2);
    int[][] shuffled = new int[8][128];
    for (int row = 0; row < 8; row++) {
      for (int run = 0; run < 128; run += 32) {
        int at = 0;
        int[] first = new int[32];
        for (int pair = 0; pair < 4; pair++) {
          for (int eight = 0; eight < 4; eight++) {
            first[at++] = sample.codes[row][run + 8 * eight + 2 * pair];
            first[at++] = sample.codes[row][run + 8 * eight + 2 * pair + 1];
          }
        }
        for (int eight = 0; eight < 32; eight += 8) {
          for (int i = 0; i < 4; i++) {
            shuffled[row][run + eight + i] = first[eight + 2 * i];
            shuffled[row][run + eight + 4 + i] = first[eight + 2 * i + 1];
          }
        }
      }
    }
    short[] packed = new short[2 * 128];
    int at = 0;
    for (int four = 0; four < 8; four += 4) {
      for (int run = 0; run < 128; run += 64) {
        for (int row = four; row < four + 4; row++) {
          for (int i = run; i < run + 64; i += 4) {
            for (int c = 0; c < 4; c++) {
              packed[at] |= (short) (shuffled[row][i + c] << 4 * c);
            }
            at++;
          }
        }
      }
    }
    float[][] scales = Arrays.copyOf(sample.scales, 8);
    float[][] offsets = new float[8][8];
    for (int group = 0; group < 8; group++) {
      scales[group] = group < 2 ? scales[group] : new float[8];
      for (int row = 0; row < 8 && group < 2; row++) {
        offsets[group][row] = -sample.scales[group][row] * sample.zeros[group][row];
      }
    }
    List<Tensor> tensors =
        List.of(
            Tensor.ofShorts(DType.I16, Shape.of(2, 128), packed).withName("m.qweight"),
            ForeignTensors.halves("m.qzeros", offsets),
            ForeignTensors.halves("m.scales", scales));
    String members = "'quant_method':'awq','bits':4,'group_size':64,'version':'gemv_fast'";
    sample.assertRead(linear(members, tensors), inOrder(128, 64));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'bits':8,'group_size':8 | 'bits': 8, expected 4",
        "'bits':4,'group_size':8,'version':'marlin' | 'marlin' is not supported",
        "'bits':4,'group_size':16 | expected [2, 16]",
        "'bits':4,'group_size':8,'smooth':'x' | members [smooth] are not understood",
      })
  void unsuitableConfigsOfAwqAreRefused(String members, String expected) {
    Sample sample = Sample.of(19, 4, 16, 32, 4);
    assertRefused(
        expected,
        "'quant_method':'awq'," + members,
        ForeignTensors.gemm("m", sample.codes, sample.zeros, sample.scales));
  }

  @ParameterizedTest
  @CsvSource({
    "auto_round:auto_gptq, less",
    "auto_round:gptq:exllamav2, less",
    "auto_round, plain",
    "auto_round:gptqmodel, plain",
    "autoround:exllamav2, plain",
    "auto_round:auto_awq, awq",
    "auto_round:awq:gemm, awq"
  })
  void packingFormatsAreThoseOfTheOtherTools(String packing, String kind)
      throws TensorFileException {
    Sample sample = Sample.of(20, 4, 16, 32, 4);
    List<Tensor> tensors =
        switch (kind) {
          case "less" -> sample.gptq(sample.lessOne());
          case "plain" -> sample.gptq(sample.zeros);
          default -> ForeignTensors.gemm("m", sample.codes, sample.zeros, sample.scales);
        };
    for (String member : List.of("packing_format", "backend")) {
      sample.assertRead(
          linear(ROUND + ",'" + member + "':'" + packing + "'", tensors), inOrder(32, 8));
    }
  }

  @Test
  void whatDiffersForAModuleIsFollowed() throws TensorFileException {
    Sample sample = Sample.of(21, 2, 16, 32, 2);
    for (String name : List.of("m", ".*m$", "^m")) {
      sample.assertRead(
          linear(
              ROUND
                  + ",'packing_format':'auto_round','extra_config':{'x.m':{'bits':8},'"
                  + name
                  + "':{'bits':2,'group_size':16}}",
              sample.gptq(sample.zeros)),
          inOrder(32, 16));
    }
    assertRefused(
        "'extra_config' gives it 16 bits",
        ROUND + ",'extra_config':{'m':{'bits':16}}",
        sample.gptq(sample.zeros));
    assertRefused(
        "'data_type' is 'mx_fp', expected int",
        ROUND + ",'data_type':'mx_fp'",
        sample.gptq(sample.zeros));
    assertRefused(
        "'packing_format': 'auto_round:fp8' is not supported",
        ROUND + ",'packing_format':'auto_round:fp8'",
        sample.gptq(sample.zeros));
  }

  /** Codes that are read where they lie share the bytes of the file. */
  @Test
  void rowsOfWordsAreNotCopied() throws TensorFileException {
    Sample sample = Sample.of(22, 4, 5, 64, 1);
    int[][] rows = new int[5][];
    int[][] zeros = new int[5][];
    float[][] scales = new float[5][8];
    for (int row = 0; row < 5; row++) {
      rows[row] = ForeignTensors.stream(sample.codes[row], 4);
      zeros[row] = new int[] {sample.zeros[0][row]};
      scales[row][0] = sample.scales[0][row];
    }
    Tensor words = ForeignTensors.words("m.qweight", rows);
    QuantizedLinear read =
        linear(
            "'quant_method':'awq','bits':4,'group_size':64,'version':'gemv'",
            List.of(
                words,
                ForeignTensors.words("m.qzeros", zeros),
                ForeignTensors.halves("m.scales", scales)));
    byte before = words.data().get(ValueLayout.JAVA_BYTE, 0);
    words.data().set(ValueLayout.JAVA_BYTE, 0, (byte) (before ^ 1));
    assertEquals((before ^ 1) & 15, QuantizedModels.matrix(read).codes().get(0, 0));
  }
}
