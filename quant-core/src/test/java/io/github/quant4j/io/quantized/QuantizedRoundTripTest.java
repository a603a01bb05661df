// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is read back, by our reader and by an independent one. */
class QuantizedRoundTripTest {
  @TempDir Path folder;
  private Path source;

  @BeforeEach
  void writeSource() throws IOException {
    source = QuantizedModels.plain(folder.resolve("source"));
  }

  /** Bytes that a module may take beyond what the matrix says: the tensor {@code weight_shape}. */
  private static final int SHAPE_BYTES = 16;

  private void assertRoundTrip(SequencedMap<String, QuantizedLinear> layers, String method)
      throws IOException {
    Path target = folder.resolve("out-" + System.nanoTime());
    QuantizedModelWriter.Result result = QuantizedModels.write(source, target, layers);
    assertEquals(method, result.method(), layers.toString());
    CheckpointOracle oracle = new CheckpointOracle(target);
    try (ModelDirectory model = ModelDirectory.open(target)) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      assertEquals(List.copyOf(layers.keySet()).size(), weights.modules().size());
      for (Map.Entry<String, QuantizedLinear> layer : layers.entrySet()) {
        String module = layer.getKey();
        QuantizedMatrix written = QuantizedModels.matrix(layer.getValue());
        QuantizedLinear found = weights.find(module).orElseThrow();
        QuantizedMatrix read = QuantizedModels.matrix(found);
        assertArrayEquals(written.dequantize().data(), read.dequantize().data(), module);
        float[][] decoded = oracle.weights(module);
        for (int row = 0; row < decoded.length; row++) {
          float[] expected = new float[written.columns()];
          written.dequantizeRow(row, expected, 0);
          assertArrayEquals(expected, decoded[row], 0f, module + " by the oracle");
        }
        long bytes = oracle.weightBytes(module);
        long excess = bytes - Math.ceilDiv(written.storageBits(), 8L);
        assertTrue(Math.abs(excess) <= SHAPE_BYTES, module + ": " + excess + " bytes too many");
        assertEquals(written.scheme().format(), read.scheme().format(), module);
        assertEquals(written.scheme().granularity(), read.scheme().granularity(), module);
        assertEquals(written.scheme().symmetric(), read.scheme().symmetric(), module);
      }
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
  }

  private static SequencedMap<String, QuantizedLinear> layers(
      String recipe, SeededRandom random, int count, int columnUnit) {
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      int rows = random.nextInt(1, 40);
      int columns = columnUnit * random.nextInt(1, 1 + Math.max(1, 70 / columnUnit));
      QuantizedMatrix matrix =
          Quantizer.of(recipe).quantize(random.gaussianMatrix(rows, columns), Compute.scalar());
      layers.put("layers." + i + "." + recipe.replaceAll("\\W", "_"), QuantizedLinear.of(matrix));
    }
    return layers;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "int2:g8:asym rtn | 8",
        "int3:g6:asym rtn | 6",
        "int3:channel:asym rtn | 1",
        "int4:g8:sym rtn | 8",
        "int4:g8:asym:f32 rtn | 8",
        "int4:channel:asym:bf16 rtn | 1",
        "int5:channel:sym rtn | 1",
        "int5:g5:asym rtn | 5",
        "int6:channel:asym rtn | 1",
        "int7:tensor:asym rtn | 1",
        "int8:channel:sym rtn | 1",
        "int8:tensor:sym:f32 rtn | 1",
        "int8:g16:asym rtn | 16",
        "fp8e4m3:channel rtn | 1",
        "fp8e4m3:tensor:sym:f32 rtn | 1",
        "fp8e4m3:block(8x4) rtn | 4",
        "nvfp4 rtn | 16",
        "mxfp4 rtn | 32",
        "mxfp8 rtn | 32",
      })
  void compressedTensors(String recipe, int columnUnit) throws IOException {
    for (long seed = 1; seed <= 2; seed++) {
      assertRoundTrip(layers(recipe, new SeededRandom(seed), 3, columnUnit), "compressed-tensors");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nf4:g8 rtn | 8",
        "nf4:channel rtn | 1",
        "e2m1:g8 rtn | 8",
        "e3m2:channel rtn | 1",
        "fp6e2m3:g10 rtn | 10",
        "ternary:channel:sym:bf16 rtn | 1",
        "int4:block(3x5):asym rtn | 1",
        "int3:column:asym rtn | 1",
        "fp8e4m3:block(8x5) rtn | 1",
        "mxint8 rtn | 32",
        "mxfp6e2m3 rtn | 32",
        "int4:g32:sym:e8m0ceil rtn | 32",
        "e1m1:channel rtn | 1",
        "int4:g8:asym:second-order rtn | 8",
        "int3:g4:asym:second-order(2,5) mse rtn | 4",
        "fp4e2m1:g8:sym:second-order(5,3) rtn | 8",
        "fp4e2m1:g16:sym:po2row mse rtn | 16",
        "nf4:g8:sym:po2rownear rtn | 8",
        "int4:g8:asym:i8row rtn | 8",
        "int6:block(2x4):sym:i8row rtn | 1",
        "codebook(16):channel rtn | 1",
        "codebook(5):g8 rtn | 8",
        "codebook(200):tensor rtn | 1",
        "bitmod4:g8 rtn | 8",
        "bitmod3:channel:f32 mse rtn | 1",
        "best-per-tile(int4,fp4e2m1,nf4):g8 rtn | 8",
        "e?m?(6):channel rtn | 1",
        "best(e3m1,e2m2):g8 rtn | 8",
      })
  void ourOwnSchema(String recipe, int columnUnit) throws IOException {
    for (long seed = 1; seed <= 2; seed++) {
      SequencedMap<String, QuantizedLinear> layers =
          layers(recipe, new SeededRandom(seed), 3, columnUnit);
      if (recipe.startsWith("fp8e4m3")) {
        // Blocks that do not overhang at the right are a case for the other schema.
        layers.put(
            "layers.9.wide",
            QuantizedLinear.of(
                Quantizer.of(recipe)
                    .quantize(new SeededRandom(seed).gaussianMatrix(9, 13), Compute.scalar())));
      }
      assertRoundTrip(layers, "quant4j");
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void schemesMayBeMixedAndOneOddOneDecidesTheSchema(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    SequencedMap<String, QuantizedLinear> layers = layers("int4:g16:asym rtn", random, 2, 16);
    layers.putAll(layers("fp8e4m3:channel rtn", random, 2, 16));
    layers.putAll(layers("nvfp4 rtn", random, 1, 16));
    assertRoundTrip(layers, "compressed-tensors");
    layers.putAll(layers("nf4:g16 rtn", random, 1, 16));
    assertRoundTrip(layers, "quant4j");
  }

  @Test
  void oneSchemeTargetsAllLinearLayersAndSeveralTheirNames() throws IOException {
    SequencedMap<String, QuantizedLinear> layers =
        layers("int4:g16:asym rtn", new SeededRandom(5), 2, 16);
    QuantizedModels.write(source, folder.resolve("one"), layers);
    JsonValue.Obj config = new CheckpointOracle(folder.resolve("one")).quantization();
    assertEquals("pack-quantized", config.getString("format").orElseThrow());
    JsonValue.Obj groups = config.getObject("config_groups").orElseThrow();
    assertEquals(1, groups.members().size());
    assertEquals(
        List.of(new JsonValue.Str("Linear")),
        groups.getObject("group_0").orElseThrow().getArray("targets").orElseThrow());

    layers.putAll(layers("fp8e4m3:channel rtn", new SeededRandom(6), 1, 16));
    QuantizedModels.write(source, folder.resolve("two"), layers);
    config = new CheckpointOracle(folder.resolve("two")).quantization();
    assertEquals("mixed-precision", config.getString("format").orElseThrow());
    groups = config.getObject("config_groups").orElseThrow();
    assertEquals(2, groups.members().size());
    assertEquals(
        List.of(
            new JsonValue.Str("layers.0.int4_g16_asym_rtn"),
            new JsonValue.Str("layers.1.int4_g16_asym_rtn")),
        groups.getObject("group_0").orElseThrow().getArray("targets").orElseThrow());
  }

  /** The members that the library's schema has; it refuses any other. */
  @Test
  void theConfigHasNoMemberThatTheLibraryWouldRefuse() throws IOException {
    SequencedMap<String, QuantizedLinear> layers = layers("mxfp8 rtn", new SeededRandom(1), 1, 32);
    QuantizedModels.write(source, folder.resolve("out"), layers);
    JsonValue.Obj config = new CheckpointOracle(folder.resolve("out")).quantization();
    assertEquals(
        List.of(
            "quant_method",
            "format",
            "quantization_status",
            "global_compression_ratio",
            "kv_cache_scheme",
            "ignore",
            "config_groups"),
        List.copyOf(config.members().keySet()));
    JsonValue.Obj group =
        config.getObject("config_groups").orElseThrow().getObject("group_0").orElseThrow();
    assertEquals(
        List.of("targets", "format", "weights", "input_activations", "output_activations"),
        List.copyOf(group.members().keySet()));
    assertEquals(
        List.of(
            "num_bits",
            "type",
            "symmetric",
            "strategy",
            "group_size",
            "block_structure",
            "dynamic",
            "actorder",
            "observer",
            "observer_kwargs",
            "scale_dtype"),
        List.copyOf(group.getObject("weights").orElseThrow().members().keySet()));
  }

  @Test
  void codesAreReadWhereTheyLie() throws IOException {
    SequencedMap<String, QuantizedLinear> layers =
        layers("int3:channel:asym rtn", new SeededRandom(2), 1, 7);
    layers.putAll(layers("nf4:channel rtn", new SeededRandom(3), 1, 7));
    QuantizedModels.write(source, folder.resolve("out"), layers);
    try (ModelDirectory model = ModelDirectory.open(folder.resolve("out"))) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      for (String module : weights.modules()) {
        QuantizedMatrix matrix = QuantizedModels.matrix(weights.find(module).orElseThrow());
        String part = module.contains("nf4") ? ".weight_codes" : ".weight_packed";
        assertEquals(
            model.require(module + part).data().address(), matrix.codes().data().address());
      }
    }
  }
}
