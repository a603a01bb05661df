// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedModels.Memory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What other tools write, and what is refused. */
class CompressedTensorsReaderTest {
  private static final String WEIGHTS =
      "{'num_bits':4,'type':'int','symmetric':true,'strategy':'group','group_size':4}";

  private static JsonValue.Obj config(String weights) {
    return config(weights, "pack-quantized", "['Linear']", "");
  }

  private static JsonValue.Obj config(String weights, String format, String targets, String more) {
    return QuantizedModels.json(
        "{'quantization_config':{'quant_method':'compressed-tensors','format':'"
            + format
            + "','quantization_status':'compressed',"
            + more
            + "'config_groups':{'group_0':{'targets':"
            + targets
            + ",'weights':"
            + weights
            + "}}}}");
  }

  /** Words of eight 4-bit codes; row r, column c has code (r + c) mod 16. */
  private static Tensor packed(int rows, int words) {
    int[] data = new int[rows * words];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < words * 8; c++) {
        data[r * words + c / 8] |= (r + c) % 16 << c % 8 * 4;
      }
    }
    return Tensor.ofInts(Shape.of(rows, words), data).withName("m.weight_packed");
  }

  private static Tensor shape(long rows, long columns) {
    return Tensor.ofLongs(Shape.of(2), new long[] {rows, columns}).withName("m.weight_shape");
  }

  private static Tensor scales(long... dimensions) {
    Shape shape = Shape.of(dimensions);
    float[] values = new float[(int) shape.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.5f * (i + 1);
    }
    return Tensor.ofFloats(shape, values).withName("m.weight_scale");
  }

  private static QuantizedMatrix read(JsonValue.Obj config, Tensor... tensors)
      throws TensorFileException {
    return QuantizedModels.matrix(linear(config, tensors));
  }

  private static QuantizedLinear linear(JsonValue.Obj config, Tensor... tensors)
      throws TensorFileException {
    return QuantizedWeights.of(config, Memory.of(tensors)).find("m").orElseThrow();
  }

  private static void assertRefused(String expected, JsonValue.Obj config, Tensor... tensors) {
    TensorFileException e = assertThrows(TensorFileException.class, () -> linear(config, tensors));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void theSecondGroupHasAScaleOfItsOwn() throws TensorFileException {
    QuantizedMatrix matrix = read(config(WEIGHTS), packed(2, 1), shape(2, 8), scales(2, 2));
    assertTrue(matrix.grid().zeroPoints().isEmpty());
    // Code 1 - 8 = -7, and the second group of the second row has scale 2.
    assertEquals(-7 * 0.5f, matrix.get(0, 1));
    assertEquals((5 - 8) * 2f, matrix.get(1, 4));
  }

  /** A tensor that has lost its name must not turn the layer into a symmetric one. */
  @Test
  void asymmetricSchemesNeedTheirZeroPoints() {
    JsonValue.Obj config = config(WEIGHTS.replace("true", "false"));
    assertRefused(
        "'weight_zero_point' is missing", config, packed(2, 1), shape(2, 8), scales(2, 2));
    Tensor renamed =
        Tensor.ofInts(Shape.of(1, 2), new int[] {0x88, 0x88}).withName("m.weight_zero_qoint");
    assertRefused("is missing", config, packed(2, 1), shape(2, 8), scales(2, 2), renamed);
  }

  @Test
  void tensorsOfAModuleThatTheConfigHasNoUseForAreRefused() {
    Tensor range = Tensor.ofFloats(Shape.of(1), new float[] {1}).withName("m.input_scale");
    assertRefused(
        "[m.input_scale] are not used",
        config(WEIGHTS),
        packed(2, 1),
        shape(2, 8),
        scales(2, 2),
        range);
  }

  /** The formula is that of the file; nothing of the reader's own form is used. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void negativeScalesAreReadAsTheyAre(boolean symmetric) throws TensorFileException {
    float[] scale = {0.5f, -0.25f, -2f, 1.5f};
    int[] zero = symmetric ? new int[] {0, 0, 0, 0} : new int[] {-8, 7, 3, -1};
    Tensor scales = Tensor.ofFloats(Shape.of(2, 2), scale).withName("m.weight_scale");
    Tensor zeros =
        Tensor.ofInts(
                Shape.of(1, 2),
                new int[] {zero[0] + 8 | (zero[2] + 8) << 4, zero[1] + 8 | (zero[3] + 8) << 4})
            .withName("m.weight_zero_point");
    QuantizedMatrix matrix =
        symmetric
            ? read(config(WEIGHTS), packed(2, 1), shape(2, 8), scales)
            : read(
                config(WEIGHTS.replace("true", "false")), packed(2, 1), shape(2, 8), scales, zeros);
    for (int row = 0; row < 2; row++) {
      for (int column = 0; column < 8; column++) {
        int group = 2 * row + column / 4;
        float expected = scale[group] * ((row + column) % 16 - 8 - zero[group]);
        assertEquals(expected, matrix.get(row, column), 0f, row + ", " + column);
      }
    }
  }

  @Test
  void mergedTransformsNeedNothing() throws TensorFileException {
    String merged =
        "'transform_config':{'config_groups':{'R1':{'type':'hadamard','apply':["
            + "{'location':'weight_output','targets':['o']},"
            + "{'location':'weight_input','targets':['m']}]}}},";
    JsonValue.Obj config = config(WEIGHTS, "pack-quantized", "['Linear']", merged);
    assertEquals(-7 * 0.5f, read(config, packed(2, 1), shape(2, 8), scales(2, 2)).get(0, 1));
    assertRefused(
        "'R1' has the location 'q_attn'",
        config(WEIGHTS, "pack-quantized", "['Linear']", merged.replace("weight_input", "q_attn")),
        packed(2, 1),
        shape(2, 8),
        scales(2, 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void symmetricWithZeroPointsCountsThem(int zero) throws TensorFileException {
    int word = (zero + 8) * 0x11;
    Tensor zeros =
        Tensor.ofInts(Shape.of(1, 2), new int[] {word, word}).withName("m.weight_zero_point");
    QuantizedMatrix matrix = read(config(WEIGHTS), packed(2, 1), shape(2, 8), scales(2, 2), zeros);
    assertEquals(zero == 0, matrix.scheme().symmetric());
    assertEquals((1 - 8 - zero) * 0.5f, matrix.get(0, 1));
  }

  @Test
  void channelScalesMayBeAColumnOrALine() throws TensorFileException {
    String weights = WEIGHTS.replace("'group','group_size':4", "'channel','group_size':null");
    for (Tensor scale : List.of(scales(3, 1), scales(3))) {
      QuantizedMatrix matrix = read(config(weights), packed(3, 1), shape(3, 7), scale);
      assertEquals((2 + 6 - 8) * 1.5f, matrix.get(2, 6));
      assertEquals((1 + 6 - 8) * 1.0f, matrix.get(1, 6));
    }
  }

  @Test
  void tensorScalesMayHaveAnyRank() throws TensorFileException {
    String weights = WEIGHTS.replace("'group','group_size':4", "'tensor'");
    for (Tensor scale : List.of(scales(1), scales(), scales(1, 1))) {
      QuantizedMatrix matrix = read(config(weights), packed(3, 1), shape(3, 8), scale);
      assertEquals((2 + 7 - 8) * 0.5f, matrix.get(2, 7));
    }
  }

  @Test
  void theStrategyMayBeInferred() throws TensorFileException {
    String group = "{'num_bits':4,'group_size':4}";
    String channel = "{'num_bits':4,'group_size':-1}";
    String tensor = "{'num_bits':4}";
    assertEquals(
        "int4:g4:sym:f32",
        read(config(group), packed(2, 1), shape(2, 8), scales(2, 2)).scheme().toString());
    assertEquals(
        "int4:channel:sym:f32",
        read(config(channel), packed(2, 1), shape(2, 8), scales(2, 1)).scheme().toString());
    assertEquals(
        "int4:tensor:sym:f32",
        read(config(tensor), packed(2, 1), shape(2, 8), scales(1)).scheme().toString());
  }

  @ParameterizedTest
  @CsvSource({"F16, int4:g4:sym", "BF16, int4:g4:sym:bf16"})
  void scalesMayBeHalves(DType dtype, String scheme) throws TensorFileException {
    short bits = dtype == DType.F16 ? Float.floatToFloat16(0.5f) : (short) 0x3f00;
    Tensor scale =
        Tensor.ofShorts(dtype, Shape.of(2, 2), new short[] {bits, bits, bits, bits})
            .withName("m.weight_scale");
    QuantizedMatrix matrix = read(config(WEIGHTS), packed(2, 1), shape(2, 8), scale);
    assertEquals(scheme, matrix.scheme().toString());
    assertEquals(-3.5f, matrix.get(0, 1));
  }

  @Test
  void integersNarrowerThanTheirBytesAreRead() throws TensorFileException {
    byte[] bytes = {-8, 7, 0, 1, -1, 3};
    Tensor weight = Tensor.ofBytes(DType.I8, Shape.of(2, 3), bytes).withName("m.weight");
    String weights = WEIGHTS.replace("'group','group_size':4", "'channel'");
    for (String format : List.of("int-quantized", "naive-quantized")) {
      QuantizedMatrix matrix =
          read(config(weights, format, "['Linear']", ""), weight, scales(2, 1));
      assertArrayEquals(new float[] {-4, 3.5f, 0, 1, -1, 3}, matrix.dequantize().data(), format);
    }
  }

  @Test
  void signedZeroPointsOfBytesAreRead() throws TensorFileException {
    byte[] bytes = {-128, 127, 0, 1};
    Tensor weight = Tensor.ofBytes(DType.I8, Shape.of(2, 2), bytes).withName("m.weight");
    Tensor zeros =
        Tensor.ofBytes(DType.I8, Shape.of(2, 1), new byte[] {-100, 1})
            .withName("m.weight_zero_point");
    String weights = "{'num_bits':8,'symmetric':false,'strategy':'channel'}";
    QuantizedMatrix matrix =
        read(config(weights, "int-quantized", "['Linear']", ""), weight, scales(2, 1), zeros);
    assertArrayEquals(new float[] {-28 * 0.5f, 227 * 0.5f, -1, 0}, matrix.dequantize().data());
  }

  @Test
  void theBiasComesWithTheLayer() throws TensorFileException {
    Tensor bias = Tensor.ofFloats(Shape.of(2), new float[] {1, -2}).withName("m.bias");
    QuantizedLinear linear = linear(config(WEIGHTS), packed(2, 1), shape(2, 8), scales(2, 2), bias);
    assertArrayEquals(new float[] {1, -2}, linear.bias().orElseThrow());
    Tensor wrong = Tensor.ofFloats(Shape.of(3), new float[3]).withName("m.bias");
    assertRefused("bias: 3", config(WEIGHTS), packed(2, 1), shape(2, 8), scales(2, 2), wrong);
  }

  /** Both packings of every width that has two, as far as their words can be told apart. */
  @ParameterizedTest
  @ValueSource(ints = {3, 5, 6, 7})
  void paddedAndDenseWordsAreToldApart(int bits) throws TensorFileException {
    SeededRandom random = new SeededRandom(bits);
    for (int columns = 1; columns < 130; columns++) {
      int rows = 16;
      int perWord = 32 / bits;
      int paddedWords = (columns + perWord - 1) / perWord;
      int denseWords = (columns * bits + 31) / 32;
      int[] padded = new int[rows * paddedWords];
      int[] dense = new int[rows * denseWords];
      float[] expected = new float[rows * columns];
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          int code = random.nextInt(0, 1 << bits);
          expected[r * columns + c] = (code - (1 << (bits - 1))) * 0.5f;
          padded[r * paddedWords + c / perWord] |= code << c % perWord * bits;
          for (int b = 0; b < bits; b++) {
            int bit = c * bits + b;
            dense[r * denseWords + bit / 32] |= (code >> b & 1) << bit % 32;
          }
        }
      }
      JsonValue.Obj config = config("{'num_bits':" + bits + "}");
      for (int[] words : List.of(padded, dense)) {
        QuantizedMatrix matrix =
            read(
                config,
                Tensor.ofInts(Shape.of(rows, words.length / rows), words)
                    .withName("m.weight_packed"),
                shape(rows, columns),
                scales(1));
        assertArrayEquals(
            expected,
            matrix.dequantize().data(),
            bits + " bits, " + columns + " columns, " + words.length + " words");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "['m'] | true",
        "['re:^m$'] | true",
        "['re:m'] | true",
        "['re:.*'] | true",
        "['Linear','x'] | true",
        "['n'] | false",
        "['re:n'] | false",
        "['re:.+m'] | false",
        "['LlamaAttention'] | false",
        "[] | false",
      })
  void targetsAreNamesExpressionsOrLinear(String targets, boolean matches)
      throws TensorFileException {
    JsonValue.Obj config = config(WEIGHTS, "pack-quantized", targets, "");
    Tensor[] tensors = {packed(2, 1), shape(2, 8), scales(2, 2)};
    if (matches) {
      assertEquals(2, read(config, tensors).rows());
    } else {
      assertRefused("no config group targets it", config, tensors);
    }
  }

  @Test
  void namesGoBeforeExpressionsAndTheseBeforeClasses() throws TensorFileException {
    JsonValue.Obj config =
        QuantizedModels.json(
            "{'quantization_config':{'quant_method':'compressed-tensors','format':"
                + "'pack-quantized','config_groups':{"
                + "'a':{'targets':['Linear'],'weights':{'num_bits':8}},"
                + "'b':{'targets':['re:m.*'],'weights':{'num_bits':8}},"
                + "'c':{'targets':['m'],'weights':"
                + WEIGHTS
                + "}}}}");
    assertEquals(4, read(config, packed(2, 1), shape(2, 8), scales(2, 2)).codes().bits());
  }

  @Test
  void otherModulesAreNotQuantized() throws TensorFileException {
    QuantizedWeights weights =
        QuantizedWeights.of(
            config(WEIGHTS),
            Memory.of(
                packed(2, 1),
                shape(2, 8),
                scales(2, 2),
                Tensor.ofFloats(Shape.of(1, 1), new float[1]).withName("lm_head.weight")));
    assertEquals(List.of("m"), List.copyOf(weights.modules()));
    assertTrue(weights.find("lm_head").isEmpty());
  }

  @Test
  void aModelWithoutAConfigIsNotQuantized() throws TensorFileException {
    QuantizedWeights weights = QuantizedWeights.of(QuantizedModels.json("{}"), Memory.of());
    assertEquals("", weights.method());
    assertTrue(weights.modules().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_rotation':'R1', | members [model_rotation] are not understood",
        "'sparsity_config':{'format':'sparse-24-bitmask'}, | sparse weights",
        "'transform_config':{'config_groups':{'R1':{}}}, | 'R1' has no 'apply'",
        "'ignore':['m'], | no config group targets it",
        "'ignore':['re:(m'], | not a regular expression",
        "'ignore':[3], | expected strings",
        "'ignore':'m', | expected array",
      })
  void unsupportedConfigsAreRefused(String more, String expected) {
    assertRefused(
        expected,
        config(WEIGHTS, "pack-quantized", "['Linear']", more),
        packed(2, 1),
        shape(2, 8),
        scales(2, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'num_bits':4,'bits':4} | 'bits' is not known",
        "{'num_bits':4,'type':'complex'} | expected int or float",
        "{'num_bits':4,'type':'float'} | expected int of 1 to 8 bits",
        "{'num_bits':9} | 9 bits",
        "{'num_bits':0} | 0 bits",
        "{'num_bits':'4'} | expected number",
        "{'num_bits':4,'strategy':'spiral'} | expected tensor, channel",
        "{'num_bits':4,'strategy':'token','dynamic':true} | 'dynamic' is YES",
        "{'num_bits':4,'strategy':'token'} | for activations",
        "{'num_bits':4,'strategy':'group'} | 'group_size' is missing",
        "{'num_bits':4,'strategy':'group','group_size':3} | 3 does not divide",
        "{'num_bits':4,'strategy':'group','group_size':2} | expected [2, 4]",
        "{'num_bits':4,'strategy':'block'} | 'block_structure' is missing",
        "{'num_bits':4,'strategy':'block','block_structure':[2]} | two positive numbers",
        "{'num_bits':4,'strategy':'block','block_structure':'0x4'} | two positive numbers",
        "{'num_bits':4,'strategy':'channel'} | expected [2, 1]",
        "{'num_bits':5,'strategy':'group','group_size':4} | expected 2 words",
        "null | 'weights' is missing",
      })
  void unsuitableArgumentsAreRefused(String weights, String expected) {
    assertRefused(expected, config(weights), packed(2, 1), shape(2, 8), scales(2, 2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "marlin-24 | is not supported",
        "sparse-bitmask | is not supported",
        "dense | is not supported",
        "mixed-precision | 'format' is missing in the group",
        "int-quantized | 'm.weight' is missing",
        "float-quantized | expected float of 8 bits",
        "nvfp4-pack-quantized | expected float of 4 bits",
      })
  void unsuitableFormatsAreRefused(String format, String expected) {
    assertRefused(
        expected,
        config(WEIGHTS, format, "['Linear']", ""),
        packed(2, 1),
        shape(2, 8),
        scales(2, 2));
  }

  @Test
  void unsuitableTensorsAreRefused() {
    JsonValue.Obj config = config(WEIGHTS);
    Tensor words = packed(2, 1);
    assertRefused("'m.weight_shape' is missing", config, words, scales(2, 2));
    assertRefused("'m.weight_scale' is missing", config, words, shape(2, 8));
    assertRefused("'m.weight_packed' is missing", config, shape(2, 8), scales(2, 2));
    assertRefused("expected 3 rows", config, words, shape(3, 8), scales(3, 2));
    assertRefused("expected 2 words", config, words, shape(2, 9), scales(2, 2));
    assertRefused("expected positive sizes", config, words, shape(2, -8), scales(2, 2));
    assertRefused("expected positive sizes", config, words, shape(2, 1L << 40), scales(2, 2));
    assertRefused("expected [2, 2]", config, words, shape(2, 8), scales(2, 3));
    assertRefused("expected [2, 2]", config, words, shape(2, 8), scales(4));
    assertRefused(
        "scales in F32, F16 or BF16",
        config,
        words,
        shape(2, 8),
        Tensor.ofInts(Shape.of(2, 2), new int[4]).withName("m.weight_scale"));
    assertRefused(
        "expected finite and positive",
        config,
        words,
        shape(2, 8),
        Tensor.ofFloats(Shape.of(2, 2), new float[] {1, 1, Float.NaN, 1})
            .withName("m.weight_scale"));
    assertRefused(
        "input 3 is in group 2, expected 0 to 1",
        config,
        words,
        shape(2, 8),
        scales(2, 2),
        Tensor.ofInts(Shape.of(8), new int[] {0, 0, 1, 2, 1, 1, 0, 0}).withName("m.weight_g_idx"));
    assertRefused(
        "expected a matrix",
        config,
        Tensor.ofInts(Shape.of(1, 2, 1), new int[2]).withName("m.weight_packed"),
        shape(2, 8),
        scales(2, 2));
  }

  @Test
  void aNamedModuleWithoutQuantizedTensorsIsRefused() {
    assertRefused(
        "has no quantized tensors",
        config(WEIGHTS, "pack-quantized", "['Linear','n']", ""),
        packed(2, 1),
        shape(2, 8),
        scales(2, 2),
        Tensor.ofFloats(Shape.of(1, 1), new float[1]).withName("n.weight"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'quantization_config':{'quant_method':'qqq','bits':4}} | 'qqq' is not supported",
        "{'quantization_config':{}} | '' is not supported",
        "{'quantization_config':[]} | expected object",
        "{'quantization_config':{'quant_method':'compressed-tensors'}} | 'config_groups' is"
            + " missing",
        "{'quantization_config':{'quant_method':'compressed-tensors','config_groups':"
            + "{'W4A16':['Linear']}}} | expected object, found array",
        "{'quantization_config':{'quant_method':'compressed-tensors','quantization_status':"
            + "'frozen','config_groups':{}}} | 'frozen', expected 'compressed'",
        "{'quantization_config':{'quant_method':'quant4j'}} | newer version",
      })
  void otherConfigsAreRefused(String config, String expected) {
    assertRefused(expected, QuantizedModels.json(config));
  }

  @Test
  void unknownActivationsStayInFullPrecision() throws TensorFileException {
    JsonValue.Obj config =
        config(
            WEIGHTS,
            "pack-quantized",
            "['Linear'],'input_activations':{'num_bits':8,'strategy':'tensor','dynamic':true}",
            "");
    QuantizedLinear linear = linear(config, packed(2, 1), shape(2, 8), scales(2, 2));
    assertTrue(linear.activations().isEmpty());
  }

  @Test
  @Timeout(20)
  void aHostileExpressionIsGivenUp() {
    String name = "m" + "a".repeat(60);
    List<Tensor> tensors = new ArrayList<>();
    for (Tensor tensor : List.of(packed(2, 1), shape(2, 8), scales(2, 2))) {
      tensors.add(tensor.withName(tensor.name().replaceFirst("m", name)));
    }
    for (String expression : List.of("re:m(a+)+$x", "re:(.*)*(.*)*(.*)*(.*)*!")) {
      TensorFileException e =
          assertThrows(
              TensorFileException.class,
              () ->
                  QuantizedWeights.of(
                      config(WEIGHTS, "pack-quantized", "['" + expression + "']", ""),
                      Memory.of(tensors)));
      assertTrue(
          e.getMessage().contains("takes too long")
              || e.getMessage().contains("no config group targets it"),
          e.getMessage());
    }
  }
}
