// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.checkpoint.LayerExport.Outcome;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedModelWriter;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.transform.HadamardTransform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole models in other forms, read back. */
class ModelExportsTest {
  private static final Compute COMPUTE = Compute.scalar();
  private static final String KEPT = "model.layers.1.self_attn.o_proj";
  private static final String FIRST = "model.layers.0.self_attn.q_proj";
  private static final Requantizer NEAREST =
      (scheme, weights) -> Quantizer.of(scheme + " rtn").quantize(weights, COMPUTE);

  @TempDir Path temporary;

  /** A model all of whose layers but one are quantized, the first one in its own way. */
  private Path quantized(String name, String scheme, UnaryOperator<QuantizedLinear> first)
      throws IOException {
    Path target = temporary.resolve("quantized");
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    try (ModelSource source = ModelFormats.open(TestModels.directory(name));
        OutputDirectory output = OutputDirectory.create(target, true);
        QuantizedModelWriter writer = QuantizedModelWriter.create(source, output)) {
      for (String tensor : source.names()) {
        if (tensor.endsWith("_proj.weight") && !tensor.startsWith(KEPT)) {
          String module = tensor.substring(0, tensor.length() - ".weight".length());
          QuantizedLinear linear =
              QuantizedLinear.of(
                  Quantizer.of(scheme).quantize(source.require(tensor).toMatrix(), COMPUTE));
          layers.put(module, module.equals(FIRST) ? first.apply(linear) : linear);
        }
      }
      for (Map.Entry<String, QuantizedLinear> layer : layers.entrySet()) {
        writer.add(layer.getKey(), layer.getValue());
      }
      writer.finish(layers.sequencedKeySet());
      output.commit();
    }
    return target;
  }

  private Path quantized(String scheme) throws IOException {
    return quantized("llama-untied", scheme, UnaryOperator.identity());
  }

  private ExportReport export(Path model, String format, ExportOptions options) throws IOException {
    try (ModelSource source = ModelFormats.open(model)) {
      return ModelExports.named(format).write(source, temporary.resolve("exported"), options);
    }
  }

  /** The weights of all layers, quantized or not, and all biases. */
  private static SequencedMap<String, float[]> weights(Path model) throws IOException {
    SequencedMap<String, float[]> weights = new LinkedHashMap<>();
    try (ModelSource source = ModelFormats.open(model)) {
      for (String module : source.quantized().modules()) {
        QuantizedLinear linear = source.quantized().find(module).orElseThrow();
        weights.put(module, linear.toDense().data());
        linear.bias().ifPresent(bias -> weights.put(module + ".bias", bias));
      }
      weights.put(KEPT, source.require(KEPT + ".weight").toFloatArray());
      weights.put("embeddings", source.require("model.embed_tokens.weight").toFloatArray());
    }
    return weights;
  }

  private void requireSame(Path before, Path after) throws IOException {
    SequencedMap<String, float[]> expected = weights(before);
    SequencedMap<String, float[]> actual = weights(after);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  private JsonValue.Obj config() throws IOException {
    try (ModelSource source = ModelFormats.open(temporary.resolve("exported"))) {
      return source.config().getObject("quantization_config").orElseThrow();
    }
  }

  private void requireOnly(String... names) throws IOException {
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(
          Stream.of(names).sorted().toList(),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gptq, int4:g16:sym rtn",
    "gptq, int4:channel:asym rtn",
    "gptq, int8:channel:sym rtn",
    "gptq, int2:g16:sym rtn",
    "gptq_v2, int4:g16:asym rtn",
    "gptq_v2, int5:g16:asym rtn",
    "gptq_v2, int8:tensor:asym rtn",
    "awq, int4:g16:asym rtn",
    "awq, int3:channel:asym rtn",
    "compressed-tensors, int4:g16:asym rtn",
    "compressed-tensors, int8:channel:sym rtn",
    "compressed-tensors, nvfp4 rtn",
    "compressed-tensors, int3:g16:sym rtn",
    "compressed-tensors, fp8e4m3:channel rtn"
  })
  void weightsStayTheSame(String format, String scheme) throws IOException {
    Path model = quantized("qwen2-biased", scheme, UnaryOperator.identity());
    ExportReport report = export(model, format, ExportOptions.defaults());
    requireSame(model, temporary.resolve("exported"));
    requireOnly("quantized", "exported");
    assertEquals(13, report.count(Outcome.CONVERTED), report.toString());
    assertTrue(
        report.layers().stream()
            .anyMatch(layer -> layer.layer().equals(KEPT) && layer.outcome() == Outcome.COPIED),
        report.toString());
    String method = config().getString("quant_method").orElseThrow();
    assertEquals(format.startsWith("gptq") ? "gptq" : format, method);
  }

  @Test
  void oneFormAfterTheOtherChangesNothing() throws IOException {
    Path model = quantized("int4:g16:asym rtn");
    Path before = model;
    for (String format : List.of("gptq_v2", "awq", "compressed-tensors", "gptq_v2")) {
      Path next = temporary.resolve(format + before.getFileName());
      try (ModelSource source = ModelFormats.open(before)) {
        ModelExports.named(format).write(source, next, ExportOptions.defaults());
      }
      requireSame(model, next);
      before = next;
    }
  }

  private static QuantizedLinear permuted(QuantizedLinear linear) {
    SeededRandom random = new SeededRandom(17);
    int[] sources = new int[linear.inFeatures()];
    for (int i = 0; i < sources.length; i++) {
      int other = random.nextInt(0, i + 1);
      sources[i] = sources[other];
      sources[other] = i;
    }
    return QuantizedLinear.of(
        List.of(ColumnTerm.of(linear.terms().getFirst(), sources, sources.length, true)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "gptq_v2", "compressed-tensors"})
  void groupsInAnOrderOfTheirOwnAreKept(String format) throws IOException {
    Path model = quantized("llama-untied", "int4:g16:sym rtn", ModelExportsTest::permuted);
    export(model, format, ExportOptions.defaults());
    requireSame(model, temporary.resolve("exported"));
    if (format.startsWith("gptq")) {
      assertEquals(true, config().getBoolean("desc_act").orElseThrow());
    }
  }

  @Test
  void aHadamardRotationOfTheInputIsTold() throws IOException {
    UnaryOperator<QuantizedLinear> rotated =
        linear ->
            linear.withTransform(
                HadamardTransform.of(linear.inFeatures(), 16, HadamardTransform.NO_SIGNS));
    Path model = quantized("llama-untied", "int4:g16:sym rtn", rotated);
    ExportReport report = export(model, "compressed-tensors", ExportOptions.defaults());
    assertEquals(13, report.count(Outcome.CONVERTED), report.toString());
    requireSame(model, temporary.resolve("exported"));
    try (ModelSource source = ModelFormats.open(temporary.resolve("exported"))) {
      QuantizedLinear linear = source.quantized().find(FIRST).orElseThrow();
      FloatMatrix inputs = new SeededRandom(4).gaussianMatrix(1, linear.inFeatures());
      FloatMatrix expected =
          HadamardTransform.of(linear.inFeatures(), 16, HadamardTransform.NO_SIGNS)
              .apply(inputs, COMPUTE);
      assertArrayEquals(
          expected.data(), linear.transform().orElseThrow().apply(inputs, COMPUTE).data(), 1e-5f);
    }
    String config = config().toString();
    assertTrue(config.contains("transform_config"), config);
  }

  @Test
  void signsThatTheSchemaCannotSayAreRefused() throws IOException {
    UnaryOperator<QuantizedLinear> rotated =
        linear -> linear.withTransform(HadamardTransform.of(linear.inFeatures(), 16, 1));
    Path model = quantized("llama-untied", "int4:g16:sym rtn", rotated);
    ExportException refused =
        assertThrows(
            ExportException.class,
            () -> export(model, "compressed-tensors", ExportOptions.defaults()));
    assertEquals(List.of(FIRST), refused.refused().stream().map(LayerExport::layer).toList());
    assertTrue(refused.getMessage().contains("hadamard(unsigned)"), refused.getMessage());
    assertTrue(refused.getMessage().contains("--requantize"), refused.getMessage());
    requireOnly("quantized");
    // The rotation goes into the weights, which are quantized again.
    ExportReport report = export(model, "gptq", ExportOptions.defaults().withRequantizer(NEAREST));
    assertEquals(1, report.count(Outcome.REQUANTIZED), report.toString());
    try (ModelSource before = ModelFormats.open(model);
        ModelSource after = ModelFormats.open(temporary.resolve("exported"))) {
      QuantizedLinear linear = before.quantized().find(FIRST).orElseThrow();
      float[] expected =
          linear
              .transform()
              .orElseThrow()
              .inverse()
              .transformWeights(linear.toDense(), COMPUTE)
              .data();
      float[] actual = after.quantized().find(FIRST).orElseThrow().toDense().data();
      double error = 0;
      double power = 0;
      for (int i = 0; i < expected.length; i++) {
        error += Math.pow(actual[i] - expected[i], 2);
        power += Math.pow(expected[i], 2);
      }
      // 4 bits in groups of 16.
      assertTrue(error < 0.02 * power, error + " of " + power);
      assertTrue(error > 0);
    }
  }

  @Test
  void sumsOfTermsAndQuantizedInputsAreRefused() throws IOException {
    UnaryOperator<QuantizedLinear> sum =
        linear -> {
          FloatMatrix outlier = FloatMatrix.zeros(linear.outFeatures(), linear.inFeatures());
          outlier.data()[5] = 1;
          BitSet kept = new BitSet();
          kept.set(5);
          WeightTerm sparse = new SparseTerm(SparseMatrix.of(outlier, kept, DType.F16));
          return QuantizedLinear.of(List.of(linear.terms().getFirst(), sparse));
        };
    Path model = quantized("llama-untied", "int4:g16:sym rtn", sum);
    for (String format : List.of("gptq", "awq", "compressed-tensors")) {
      ExportException refused =
          assertThrows(
              ExportException.class, () -> export(model, format, ExportOptions.defaults()));
      assertTrue(refused.getMessage().contains("2 terms"), refused.getMessage());
    }
    ActivationQuantizer tokens =
        ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token:sym"));
    Path inputs =
        quantized("llama-untied", "int4:g16:sym rtn", linear -> linear.withActivations(tokens));
    ExportException refused =
        assertThrows(ExportException.class, () -> export(inputs, "gptq", ExportOptions.defaults()));
    assertTrue(refused.getMessage().contains("int8:token"), refused.getMessage());
    // The input is no longer quantized, and the weights are the same.
    ExportReport report = export(inputs, "gptq", ExportOptions.defaults().withRequantizer(NEAREST));
    assertEquals(1, report.count(Outcome.REQUANTIZED));
    requireSame(inputs, temporary.resolve("exported"));
    // compressed-tensors has words for it.
    export(inputs, "compressed-tensors", ExportOptions.defaults().withOverwrite(true));
    requireSame(inputs, temporary.resolve("exported"));
  }

  @Test
  void everyLayerIsQuantizedAgainWhereNoneFits() throws IOException {
    Path model = quantized("nf4:g16:sym rtn");
    assertEquals(
        13,
        assertThrows(ExportException.class, () -> export(model, "awq", ExportOptions.defaults()))
            .refused()
            .size());
    requireOnly("quantized");
    ExportReport report = export(model, "awq", ExportOptions.defaults().withRequantizer(NEAREST));
    assertEquals(13, report.count(Outcome.REQUANTIZED), report.toString());
    SequencedMap<String, float[]> expected = weights(model);
    weights(temporary.resolve("exported"))
        .forEach(
            (name, values) -> {
              float largest = 0;
              for (float value : expected.get(name)) {
                largest = Math.max(largest, Math.abs(value));
              }
              assertArrayEquals(expected.get(name), values, largest / 6, name);
            });
  }

  @Test
  void globalScalesOfNeighboursAreMadeOne() throws IOException {
    Path model = quantized("nvfp4 rtn");
    ExportReport own = export(model, "compressed-tensors", ExportOptions.defaults());
    assertEquals(13, own.count(Outcome.CONVERTED));
    assertTrue(own.toString().contains("global scale of its own"), own.toString());
    export(
        model,
        "compressed-tensors",
        ExportOptions.defaults().withOverwrite(true).withRequantizer(NEAREST));
    try (ModelSource source = ModelFormats.open(temporary.resolve("exported"))) {
      for (int layer = 0; layer < 2; layer++) {
        String attention = "model.layers." + layer + ".self_attn.";
        float divisor = source.require(attention + "q_proj.weight_global_scale").toFloatArray()[0];
        for (String neighbour : List.of("k_proj", "v_proj")) {
          assertEquals(
              divisor,
              source.require(attention + neighbour + ".weight_global_scale").toFloatArray()[0]);
        }
      }
    }
    SequencedMap<String, float[]> expected = weights(model);
    weights(temporary.resolve("exported"))
        .forEach(
            (name, values) -> {
              double error = 0;
              double power = 0;
              for (int i = 0; i < values.length; i++) {
                error += Math.pow(values[i] - expected.get(name)[i], 2);
                power += Math.pow(values[i], 2);
              }
              assertTrue(error < 0.02 * power, name + ": " + error + " of " + power);
            });
  }

  @Test
  void theTargetIsNotReplacedUnasked() throws IOException {
    Path model = quantized("int4:g16:sym rtn");
    export(model, "awq", ExportOptions.defaults());
    OutputException there =
        assertThrows(OutputException.class, () -> export(model, "gptq", ExportOptions.defaults()));
    assertTrue(there.getMessage().contains("exported"), there.getMessage());
    assertEquals("awq", config().getString("quant_method").orElseThrow());
    assertFalse(Files.exists(temporary.resolve("exported/quantization-report.json")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gptq3", "gptq:4", "awq:marlin", "compressed-tensors:nvfp4"})
  void otherNamesAreRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> ModelExports.named(name));
  }

  @Test
  void aModelThatIsNotQuantizedIsRefusedWithAdvice() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> export(TestModels.directory("llama-untied"), "gptq", ExportOptions.defaults()));
    assertTrue(refused.getMessage().contains("--recipe"), refused.getMessage());
  }
}
