// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.recipe.ManyRecipes;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers with everything that they may have, stored and read back in memory. */
class StoredModuleTest {
  private static final String MODULE = "layers.3.proj";

  /** Stores a layer under our own schema, through JSON text, and reads it back. */
  private static QuantizedLinear own(QuantizedLinear linear) throws TensorFileException {
    StoredModule stored = StoredModule.of(linear);
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    modules.put(
        MODULE, new OwnConfig.Module(stored.layout(), linear.outFeatures(), linear.inFeatures()));
    return read(OwnConfig.toJson(modules, List.of(), ""), stored);
  }

  /** Stores a layer in the schema of compressed-tensors and reads it back. */
  private static QuantizedLinear compressedTensors(QuantizedLinear linear)
      throws TensorFileException {
    StoredModule stored = StoredModule.of(linear);
    SequencedMap<String, ConfigGroup> groups = new LinkedHashMap<>();
    groups.put(MODULE, stored.group().orElseThrow());
    return read(CompressedTensorsConfig.toJson(groups, true, List.of("lm_head")), stored);
  }

  private static QuantizedLinear read(JsonValue.Obj quantization, StoredModule stored)
      throws TensorFileException {
    List<Tensor> tensors = new ArrayList<>();
    stored.tensors().forEach((part, tensor) -> tensors.add(tensor.withName(MODULE + "." + part)));
    String text = JsonWriter.pretty(JsonValue.of(Map.of("quantization_config", quantization)));
    return QuantizedWeights.of(
            JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8)),
            QuantizedModels.Memory.of(tensors))
        .find(MODULE)
        .orElseThrow();
  }

  private static void assertSame(QuantizedLinear expected, QuantizedLinear found) {
    assertEquals(expected.toString(), found.toString());
    assertArrayEquals(expected.toDense().data(), found.toDense().data());
    assertEquals(expected.storageBits(), found.storageBits());
    assertEquals(
        expected.activations().map(ActivationQuantizer::toString),
        found.activations().map(ActivationQuantizer::toString));
  }

  private static QuantizedMatrix quantized(
      SeededRandom random, String recipe, int rows, int columns) {
    return Quantizer.of(recipe).quantize(random.gaussianMatrix(rows, columns), Compute.scalar());
  }

  /** A matrix whose elements are exact in 16 bits. */
  private static FloatMatrix halves(SeededRandom random, int rows, int columns) {
    FloatMatrix matrix = random.gaussianMatrix(rows, columns);
    for (int i = 0; i < matrix.data().length; i++) {
      matrix.data()[i] = Math.round(matrix.data()[i] * 16) / 16f;
    }
    return matrix;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyKindOfTermIsStored(long seed) throws TensorFileException {
    SeededRandom random = new SeededRandom(seed);
    int rows = random.nextInt(3, 20);
    int columns = 16 * random.nextInt(1, 4);
    BitSet kept = new BitSet();
    for (int i = 0; i < 20; i++) {
      kept.set(random.nextInt(0, rows * columns));
    }
    QuantizedLinear linear =
        QuantizedLinear.of(
            List.of(
                new QuantizedTerm(quantized(random, "int3:g16:asym rtn", rows, columns)),
                new SparseTerm(
                    SparseMatrix.of(random.gaussianMatrix(rows, columns), kept, DType.F16)),
                new LowRankTerm(
                    new DenseTerm(halves(random, rows, 3), DType.F16),
                    new QuantizedTerm(quantized(random, "nf4:g8 rtn", 3, columns))),
                ColumnTerm.of(
                    new QuantizedTerm(quantized(random, "int8:channel rtn", rows, 3)),
                    new int[] {0, 5, 9},
                    columns,
                    true),
                new DenseTerm(halves(random, rows, columns), DType.BF16),
                new QuantizedTerm(quantized(random, "ternary:channel rtn", rows, columns))));
    assertTrue(StoredModule.of(linear).group().isEmpty());
    assertSame(linear, own(linear));
  }

  static List<String> recipes() {
    return ManyRecipes.forRows(16);
  }

  /** What a recipe makes is stored bit for bit, and takes as much as it says. */
  @ParameterizedTest
  @MethodSource("recipes")
  void whatRecipesMakeIsStored(String recipe) throws TensorFileException {
    SeededRandom random = new SeededRandom(17);
    FloatMatrix weights = random.gaussianMatrix(16, 256);
    FloatMatrix inputs = random.gaussianMatrix(40, 256);
    float[] scores = random.gaussians(16 * 256);
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Math.abs(scores[i]);
    }
    QuantizedLinear linear =
        LinearQuantizer.of(recipe)
            .quantize(
                LinearLayer.of(weights).withScores(scores),
                LayerInput.observe(inputs, inputs, Compute.scalar()))
            .linear()
            .withoutBias();
    QuantizedLinear found = own(linear);
    assertSame(linear, found);
    float[] expected = new float[5 * 16];
    float[] actual = new float[5 * 16];
    Kernels.forLinear(linear, KernelOptions.defaults()).multiply(inputs.data(), 0, 5, expected, 0);
    Kernels.forLinear(found, KernelOptions.defaults()).multiply(inputs.data(), 0, 5, actual, 0);
    assertArrayEquals(expected, actual, recipe);
  }

  @Test
  void clipRatiosOfActivationsNeedOurOwnSchema() throws TensorFileException {
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(8), "int4:g16 rtn", 6, 32))
            .withActivations(
                ActivationQuantizer.dynamic(ActivationScheme.parse("int4:token"))
                    .withClipRatio(0.9));
    assertTrue(StoredModule.of(linear).group().isEmpty());
    assertSame(linear, own(linear));
    assertEquals(0.9f, own(linear).activations().orElseThrow().clipRatio());
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void mixedWidthsAreStored(long seed) throws TensorFileException {
    SeededRandom random = new SeededRandom(seed);
    int rows = random.nextInt(9, 40);
    QuantizedLinear linear =
        QuantizedLinear.of(
            List.of(
                MixedTerm.of(
                    MixedTerm.Axis.COLUMNS,
                    16,
                    List.of(
                        new QuantizedTerm(quantized(random, "int1:g16:asym rtn", rows, 32)),
                        new QuantizedTerm(quantized(random, "int2:g16:asym rtn", rows, 16)),
                        new QuantizedTerm(quantized(random, "int3:g16:asym rtn", rows, 32))),
                    new int[] {2, 0, 1, 0, 2}),
                MixedTerm.of(
                    MixedTerm.Axis.ROWS,
                    1,
                    List.of(
                        new QuantizedTerm(quantized(random, "int4:g16:asym rtn", rows - 3, 80)),
                        new DenseTerm(halves(random, 3, 80), DType.F16)),
                    index(random, rows, 3)),
                MixedTerm.of(
                    MixedTerm.Axis.ROWS,
                    rows,
                    List.of(new QuantizedTerm(quantized(random, "int4:g16 rtn", rows, 80))),
                    new int[] {0})));
    assertTrue(StoredModule.of(linear).group().isEmpty());
    assertSame(linear, own(linear));
    // The index of the first two takes bits; a single part has none.
    long tensors =
        StoredModule.of(linear).tensors().values().stream().mapToLong(Tensor::byteSize).sum();
    assertEquals(linear.storageBits(), 8 * tensors, random.toString());
  }

  private static int[] index(SeededRandom random, int rows, int wide) {
    int[] index = new int[rows];
    for (int left = wide; left > 0; ) {
      int row = random.nextInt(0, rows);
      left -= index[row] == 0 ? 1 : 0;
      index[row] = 1;
    }
    return index;
  }

  @Test
  void transformsAreStored() throws TensorFileException {
    SeededRandom random = new SeededRandom(4);
    InputTransform transform =
        TransformChain.of(
            List.of(
                DiagonalTransform.of(positive(random, 32)), HadamardTransform.of(32, 16, 12345)));
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(random, "int4:g16 rtn", 6, 32)).withTransform(transform);
    assertTrue(StoredModule.of(linear).group().isEmpty());
    QuantizedLinear found = own(linear);
    assertSame(linear, found);
    FloatMatrix input = random.gaussianMatrix(2, 32);
    assertArrayEquals(
        transform.apply(input, Compute.scalar()).data(),
        found.transform().orElseThrow().apply(input, Compute.scalar()).data());
  }

  private static float[] positive(SeededRandom random, int count) {
    float[] values = random.gaussians(count);
    for (int i = 0; i < count; i++) {
      values[i] = Math.abs(values[i]) + 0.1f;
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({
    "int8:token:sym, true",
    "int8:token:asym, true",
    "int4:token:sym, true",
    "int8:g16:sym, true",
    "fp8e4m3:token:sym, true",
    "fp8e4m3:g16:sym, true",
    "mxfp8:round, true",
    "mxfp4:round, true",
    "mxfp8, false",
    "mxfp4, false",
    "fp8e5m2:token, false",
    "e3m2:token, false",
    "nf4:token, false",
    "mxfp8e5m2, false",
    "fp8e4m3:g32:sym:e8m0ceil, false",
    "nvfp4, false",
    "int8:token:sym:f16, false",
  })
  void dynamicActivationsAreStored(String scheme, boolean isKnown) throws TensorFileException {
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(5), "int4:g16 rtn", 6, 32))
            .withActivations(ActivationQuantizer.dynamic(ActivationScheme.parse(scheme)));
    assertEquals(isKnown, StoredModule.of(linear).group().isPresent());
    assertSame(linear, own(linear));
    if (isKnown) {
      assertSame(linear, compressedTensors(linear));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8:tensor:sym", "int8:tensor:asym", "fp8e4m3:tensor"})
  void staticActivationsAreStored(String scheme) throws TensorFileException {
    float zero = scheme.endsWith("asym") ? -7 : 0;
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(6), "int8:channel rtn", 6, 32))
            .withActivations(
                ActivationQuantizer.fixed(
                    ActivationScheme.parse(scheme), new float[] {0.013f}, new float[] {zero}));
    for (QuantizedLinear found : List.of(own(linear), compressedTensors(linear))) {
      assertSame(linear, found);
      assertArrayEquals(new float[] {0.013f}, found.activations().orElseThrow().staticScales());
      assertArrayEquals(new float[] {zero}, found.activations().orElseThrow().staticZeros());
    }
  }

  @Test
  void channelScalesOfActivationsNeedOurOwnSchema() throws TensorFileException {
    float[] scales = positive(new SeededRandom(7), 32);
    float[] zeros = new float[32];
    zeros[3] = 1.5f;
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(7), "int8:channel rtn", 6, 32))
            .withActivations(
                ActivationQuantizer.fixed(
                    ActivationScheme.parse("int8:channel:asym"), scales, zeros));
    assertTrue(StoredModule.of(linear).group().isEmpty());
    ActivationQuantizer found = own(linear).activations().orElseThrow();
    assertArrayEquals(scales, found.staticScales());
    assertArrayEquals(zeros, found.staticZeros());
  }

  @Test
  void theTensorScaleOfNvfp4ActivationsIsStoredAsADivisor() throws TensorFileException {
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(8), "nvfp4 rtn", 6, 32))
            .withActivations(ActivationQuantizer.blocks(ActivationScheme.parse("nvfp4"), 0.0123f));
    float stored = StoredModule.of(linear).tensors().get("input_global_scale").toFloatArray()[0];
    assertEquals(1 / 0.0123, stored, 1e-5);
    for (QuantizedLinear found : List.of(own(linear), compressedTensors(linear))) {
      assertEquals(0.0123f, found.activations().orElseThrow().tensorScale(), Math.ulp(0.0123f));
    }
  }

  @Test
  void int8AgainstInt8HasAFormatOfItsOwn() {
    QuantizedMatrix weights = quantized(new SeededRandom(9), "int8:channel rtn", 6, 33);
    QuantizedLinear linear =
        QuantizedLinear.of(weights)
            .withActivations(ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token")));
    StoredModule stored = StoredModule.of(linear);
    assertEquals(CompressionFormat.INT, stored.group().orElseThrow().format());
    Tensor signed = stored.tensors().get("weight");
    assertEquals(DType.I8, signed.dtype());
    assertEquals(Shape.of(6, 33), signed.shape());
    float[] values = signed.toFloatArray();
    for (int row = 0; row < 6; row++) {
      for (int column = 0; column < 33; column++) {
        assertEquals(weights.codes().get(row, column) - 128, values[row * 33 + column]);
      }
    }
    assertEquals(
        CompressionFormat.PACK,
        StoredModule.of(QuantizedLinear.of(weights)).group().orElseThrow().format());
  }

  private static QuantizedMatrix withPalette(FormatPalette palette, int tiles, boolean zeros) {
    SeededRandom random = new SeededRandom(10);
    QuantScheme scheme = QuantScheme.parse(zeros ? "int4:g8:asym" : "nf4:g8:sym");
    ScaleLayout layout = scheme.granularity().layout(tiles / 2, 16);
    double[] scales = new double[tiles];
    Arrays.setAll(scales, tile -> 0.5 + random.nextDouble());
    GroupParameters zeroPoints = null;
    if (zeros) {
      float[] values = random.gaussians(tiles);
      SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
      parts.put("", Tensor.ofFloats(Shape.of(tiles / 2, 2), values));
      zeroPoints = new GroupParameters(values, parts);
    }
    Grid grid =
        new Grid(
            scheme,
            layout,
            palette,
            FloatScaleCodec.FLOAT16.encode(scales, layout, scheme.format()),
            zeroPoints);
    byte[] codes = new byte[tiles * 8];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(0, 9);
    }
    return QuantizedMatrix.of(grid, codes);
  }

  @Test
  void aChoiceOfFormatsIsStored() throws TensorFileException {
    List<NumberFormat> formats =
        List.of(
            NumberFormats.parse("nf4"),
            NumberFormats.parse("fp4e2m1"),
            NumberFormats.parse("levels(-3.5,-2,-1,-0.25,0,0.1,1,2,9)"));
    short[] selector = {0, 1, 2, 2, 1, 0, 2, 0, 1, 1};
    QuantizedLinear linear =
        QuantizedLinear.of(withPalette(FormatPalette.selected(formats, selector), 10, false));
    assertSame(linear, own(linear));
    // Ten choices of two bits are three bytes.
    assertEquals(3, StoredModule.of(linear).tensors().get("weight_format_index").byteSize());
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16", "F32"})
  void fittedCodeBooksAreStoredExactly(DType type) throws TensorFileException {
    List<NumberFormat> codebooks = new ArrayList<>();
    for (int tile = 0; tile < 10; tile++) {
      float[] levels = new float[9 + tile % 3];
      for (int i = 0; i < levels.length; i++) {
        float level = i - 4 + tile / 4f;
        levels[i] =
            switch (type) {
              case F16 -> level;
              case BF16 -> 0x1p40f * level;
              default -> level + 1e-5f * i;
            };
      }
      codebooks.add(Codebook.of(levels));
    }
    QuantizedLinear linear =
        QuantizedLinear.of(withPalette(FormatPalette.fitted(codebooks), 10, false));
    assertSame(linear, own(linear));
    long bytes =
        StoredModule.of(linear).tensors().values().stream().mapToLong(Tensor::byteSize).sum();
    assertEquals(linear.storageBits(), 8 * bytes);
    assertEquals(type, StoredModule.of(linear).tensors().get("weight_levels").dtype());
  }

  @Test
  void zeroPointsThatAreNoIntegersAreStored() throws TensorFileException {
    FormatPalette palette = FormatPalette.uniform(NumberFormats.parse("int4"));
    QuantizedLinear linear = QuantizedLinear.of(withPalette(palette, 10, true));
    assertTrue(StoredModule.of(linear).group().isEmpty());
    assertSame(linear, own(linear));
  }

  @Test
  void layersOfOneKindShareTheirLayout() {
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    for (int i = 0; i < 4; i++) {
      QuantizedLinear linear =
          QuantizedLinear.of(
              quantized(new SeededRandom(i), i < 3 ? "nf4:g8 rtn" : "int4:g8 rtn", i + 1, 16));
      modules.put(
          "m" + i,
          new OwnConfig.Module(
              StoredModule.of(linear).layout(), linear.outFeatures(), linear.inFeatures()));
    }
    JsonValue.Obj config = OwnConfig.toJson(modules, List.of("lm_head"), "nf4:g8 rtn");
    assertEquals(2, config.getObject("layouts").orElseThrow().members().size());
    assertEquals(4, config.getObject("modules").orElseThrow().members().size());
    assertEquals("nf4:g8 rtn", config.getString("recipe").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'version': 1 | 'version': 2 | newer version",
        "'kind': 'quantized' | 'kind': 'hologram' | 'hologram' is not known",
        "'scheme': 'nf4:g8:sym' | 'scheme': 'nf5:g8:sym' | 'nf5' is not known",
        "'scheme': 'nf4:g8:sym' | 'scheme': 'nf4:g7:sym' | 7 does not divide",
        "'scheme': 'nf4:g8:sym' | 'scheme': 'nf4:g4:sym' | expected 24 elements",
        "'shape': [6, 16] | 'shape': [6, 0] | two positive sizes",
        "'shape': [6, 16] | 'shape': [6] | two positive sizes",
        "'shape': [6, 16] | 'shape': [5, 16] | expected 10 elements",
        "'shape': [6, 16] | 'shape': [6, 24] | expected 18 elements",
        "'layout': 'layout_0' | 'layout': 'layout_1' | 'layout_1' is missing",
        "'codes': 'weight_codes' | 'codes': 'weight_code' | weight_code' is missing",
        "'codes': 'weight_codes' | 'kodes': 'weight_codes' | 'codes' is missing",
        "'terms': [ | 'words': [ | terms: none",
        "'modules': { | 'mules': { | 'modules' is missing",
      })
  void aDamagedDescriptionIsRefused(String from, String to, String expected) {
    QuantizedLinear linear =
        QuantizedLinear.of(quantized(new SeededRandom(11), "nf4:g8 rtn", 6, 16));
    StoredModule stored = StoredModule.of(linear);
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    modules.put(MODULE, new OwnConfig.Module(stored.layout(), 6, 16));
    String text = JsonWriter.compact(OwnConfig.toJson(modules, List.of(), "")).replace('"', '\'');
    String damaged = text.replace(from.replace(" ", ""), to.replace(" ", ""));
    assertTrue(!text.equals(damaged), text);
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> read(QuantizedModels.json(damaged), stored));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }
}
