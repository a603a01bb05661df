// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.VectorFit;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.HadamardTransform;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mutates configs and tensors of valid quantized models: each layer is read with consistent
 * contents or refused as documented, at a cost in proportion to its size.
 */
class QuantizedFuzzTest {
  private static final List<String> TOKENS =
      List.of(
          "0",
          "-1",
          "1",
          "3",
          "7",
          "2147483647",
          "9999999999999",
          "1e9",
          "null",
          "true",
          "{}",
          "[]",
          "\"int\"",
          "\"float\"",
          "\"group\"",
          "\"block\"",
          "\"local\"",
          "\"m\"",
          "\"weight_scale\"",
          "\"re:(\"",
          "\"re:.*\"",
          "\"Linear\"",
          "\"nvfp4\"",
          "\"pack-quantized\"",
          "\"mxfp4-pack-quantized\"",
          "\"quant4j\"",
          "\"int4:g8:asym\"",
          "\"levels(1,2)\"",
          "\"columns\"",
          "\"lowrank\"",
          "\"dense\"",
          "\"sparse\"",
          "\"vectors\"",
          "\"bitnet\"",
          "\"bitlinear\"",
          "\"online\"",
          "\"gptq\"",
          "\"gptq_v2\"",
          "\"gemv\"",
          "\"auto_round:auto_awq\"",
          "\"bitsandbytes\"",
          "[1,16]",
          "[\"m0\"]",
          "17");

  private static final List<DType> TYPES = List.of(DType.values());

  private record Model(JsonValue.Obj config, List<Tensor> tensors) {}

  private final List<Model> models = new ArrayList<>();

  @BeforeEach
  void makeModels() throws Exception {
    try (ModelDirectory golden = ModelDirectory.open(GoldenCheckpointTest.folder())) {
      List<Tensor> copies = new ArrayList<>();
      for (String name : golden.names()) {
        Tensor tensor = golden.require(name);
        byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        copies.add(Tensor.ofBytes(tensor.dtype(), tensor.shape(), bytes).withName(name));
      }
      models.add(new Model(golden.config(), copies));
    }
    models.add(own());
    models.add(ternary());
    models.addAll(foreign());
  }

  /** Small checkpoints of other tools, two modules each. */
  private static List<Model> foreign() {
    SeededRandom random = new SeededRandom(3);
    int[][] codes = new int[8][16];
    for (int[] row : codes) {
      Arrays.setAll(row, _ -> random.nextInt(0, 16));
    }
    int[][] zeros = {{1, 2, 3, 4, 5, 6, 7, 8}, {8, 7, 6, 5, 4, 3, 2, 1}};
    float[][] scales = {{1, 1, 1, 1, 2, 2, 2, -2}, {3, 3, 3, 3, 4, 4, 4, 4}};
    List<Tensor> gptq = new ArrayList<>();
    List<Tensor> awq = new ArrayList<>();
    for (String module : List.of("m0", "m1")) {
      gptq.addAll(ForeignTensors.gptq(module, 4, codes, zeros, scales));
      gptq.add(
          ForeignTensors.ints(module + ".g_idx", 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0));
      awq.addAll(ForeignTensors.gemm(module, codes, zeros, scales));
    }
    String common = "'bits':4,'group_size':8,'sym':false";
    return List.of(
        foreign("'quant_method':'gptq','dynamic':{'+:m1':{'bits':4}}," + common, gptq),
        foreign("'quant_method':'awq','version':'gemm'," + common, awq),
        foreign(
            "'quant_method':'auto-round','packing_format':'auto_round',"
                + "'extra_config':{'m0':{'bits':4}},"
                + common,
            gptq),
        foreign("'quant_method':'modelopt','quant_algo':'NVFP4'", floats("weight_scale")),
        foreign("'quant_method':'fp8','weight_block_size':[4,16]", floats("weight_scale_inv")),
        foreign("'quant_method':'bitsandbytes'", levels()),
        foreign(
            "'quant_method':'mxfp4'",
            List.of(
                ForeignTensors.bytes("e.up_blocks", DType.U8, Shape.of(2, 2, 1, 16), new int[64]),
                ForeignTensors.bytes(
                    "e.up_scales", DType.U8, Shape.of(2, 2, 1), 127, 126, 128, 100))));
  }

  private static Model foreign(String members, List<Tensor> tensors) {
    return new Model(QuantizedModels.json("{'quantization_config':{" + members + "}}"), tensors);
  }

  private static List<Tensor> floats(String scale) {
    return List.of(
        ForeignTensors.bytes("m0.weight", DType.F8_E4M3, Shape.of(4, 16), new int[64]),
        ForeignTensors.floats("m0." + scale, Shape.of(1, 1), 0.3f),
        ForeignTensors.bytes("m1.weight", DType.F8_E4M3, Shape.of(4, 32), new int[128]),
        ForeignTensors.floats("m1." + scale, Shape.of(1, 2), 0.3f, 0.2f));
  }

  private static List<Tensor> levels() {
    float[] levels = ForeignTensors.values(16, i -> i - 7);
    byte[] state =
        "{\"quant_type\":\"nf4\",\"blocksize\":8,\"shape\":[4,8]}".getBytes(StandardCharsets.UTF_8);
    return List.of(
        ForeignTensors.bytes("m.weight", DType.U8, Shape.of(16, 1), new int[16]),
        ForeignTensors.floats("m.weight.absmax", Shape.of(4), 1, 2, 3, 4),
        ForeignTensors.floats("m.weight.quant_map", Shape.of(16), levels),
        Tensor.ofBytes(DType.U8, Shape.of(state.length), state)
            .withName("m.weight.quant_state.bitsandbytes__nf4"),
        ForeignTensors.bytes("n.weight", DType.I8, Shape.of(2, 4), new int[8]),
        ForeignTensors.floats("n.SCB", Shape.of(2), 1, 2));
  }

  private static Model ternary() {
    SeededRandom random = new SeededRandom(2);
    List<Tensor> tensors = new ArrayList<>();
    for (int m = 0; m < 4; m++) {
      byte[] codes = new byte[3 * 21];
      for (int i = 0; i < 4 * codes.length; i++) {
        codes[i / 4] |= (byte) (random.nextInt(0, 3) << i % 4 * 2);
      }
      String module = "m" + m;
      tensors.add(Tensor.ofBytes(DType.U8, Shape.of(3, 21), codes).withName(module + ".weight"));
      tensors.add(
          Tensor.ofFloats(Shape.of(1), new float[] {0.5f}).withName(module + ".weight_scale"));
      tensors.add(Tensor.ofFloats(Shape.of(12), new float[12]).withName(module + ".bias"));
    }
    return new Model(
        QuantizedModels.json(
            "{'quantization_config':{'quant_method':'bitnet','linear_class':'autobitlinear',"
                + "'quantization_mode':'offline','use_rms_norm':false,"
                + "'modules_to_not_convert':['lm_head']}}"),
        tensors);
  }

  private static Model own() {
    SeededRandom random = new SeededRandom(1);
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    List<Tensor> tensors = new ArrayList<>();
    for (String recipe :
        List.of("nf4:g8 rtn", "int3:column:asym rtn", "nvfp4 rtn", "int8:g8 rtn")) {
      QuantizedLinear linear =
          QuantizedLinear.of(
                  Quantizer.of(recipe).quantize(random.gaussianMatrix(6, 16), Compute.scalar()))
              .withActivations(
                  ActivationQuantizer.fixed(
                      ActivationScheme.parse("int8:tensor:asym"), new float[] {1}, new float[] {2}))
              .withTransform(HadamardTransform.of(16, 3));
      StoredModule stored = StoredModule.of(linear);
      String module = "m" + modules.size();
      modules.put(module, new OwnConfig.Module(stored.layout(), 6, 16));
      stored.tensors().forEach((part, tensor) -> tensors.add(tensor.withName(module + "." + part)));
    }
    VectorMatrix vectors =
        new VectorFit(4, 3, 2, 0, true, 5, 0.01, 0)
            .fit(random.gaussianMatrix(6, 16), Optional.empty(), "vq", Compute.scalar())
            .parts()
            .getFirst();
    StoredModule stored = StoredModule.of(QuantizedLinear.of(List.of(new VectorTerm(vectors))));
    modules.put("vectors", new OwnConfig.Module(stored.layout(), 6, 16));
    stored.tensors().forEach((part, tensor) -> tensors.add(tensor.withName("vectors." + part)));
    return new Model(
        (JsonValue.Obj)
            JsonValue.of(
                Map.of("quantization_config", OwnConfig.toJson(modules, List.of(), "fuzz"))),
        tensors);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void everyMutationIsReadConsistentlyOrRefused(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int read = 0;
    int refused = 0;
    for (int i = 0; i < 1500; i++) {
      Model model = models.get(random.nextInt(0, models.size()));
      JsonValue.Obj config = model.config;
      List<Tensor> tensors = model.tensors;
      if (random.nextInt(0, 3) > 0) {
        config = mutate(config, random);
      } else {
        tensors = mutate(tensors, random);
      }
      String label = random + ", case " + i;
      long before = Allocation.currentThreadBytes();
      try {
        QuantizedWeights weights = QuantizedWeights.of(config, QuantizedModels.Memory.of(tensors));
        for (String module : weights.modules()) {
          QuantizedLinear linear = weights.find(module).orElseThrow();
          assertEquals(
              linear.outFeatures() * linear.inFeatures(), linear.toDense().data().length, label);
        }
        read++;
      } catch (TensorFileException e) {
        assertNotNull(e.getMessage(), label);
        refused++;
      } catch (RuntimeException | Error e) {
        fail(label + ": " + e + "\n" + JsonWriter.compact(config), e);
      }
      long allocated = Allocation.currentThreadBytes() - before;
      assertTrue(allocated < 20_000_000, () -> label + ": " + allocated + " bytes were allocated");
    }
    assertTrue(read > 100 && refused > 100, random + ": " + read + " read, " + refused);
  }

  /** Splices tokens into the JSON text until it parses. */
  private static JsonValue.Obj mutate(JsonValue.Obj config, SeededRandom random) {
    String text = JsonWriter.compact(config);
    while (true) {
      int at = random.nextInt(0, text.length());
      String mutated =
          switch (random.nextInt(0, 3)) {
            case 0 -> replaceValue(text, at, TOKENS.get(random.nextInt(0, TOKENS.size())));
            case 1 -> removeMember(text, at);
            default ->
                text.substring(0, at) + (char) random.nextInt(32, 127) + text.substring(at + 1);
          };
      try {
        return JsonParser.parseObject(mutated.getBytes(StandardCharsets.UTF_8));
      } catch (JsonException _) {
        // Not JSON any more, which is for the parser's own tests; another try.
      }
    }
  }

  private static String replaceValue(String text, int at, String token) {
    int colon = text.indexOf(':', at);
    int end = colon + 1;
    while (colon >= 0 && end < text.length() && ",}]".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    return colon < 0 ? text : text.substring(0, colon + 1) + token + text.substring(end);
  }

  private static String removeMember(String text, int at) {
    int comma = text.indexOf(',', at);
    int next = comma < 0 ? -1 : text.indexOf(',', comma + 1);
    return next < 0 ? text : text.substring(0, comma) + text.substring(next);
  }

  private static List<Tensor> mutate(List<Tensor> tensors, SeededRandom random) {
    List<Tensor> changed = new ArrayList<>(tensors);
    int at = random.nextInt(0, tensors.size());
    Tensor tensor = tensors.get(at);
    byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
    switch (random.nextInt(0, 5)) {
      case 0 -> changed.remove(at);
      case 1 -> {
        bytes[random.nextInt(0, bytes.length)] ^= (byte) (1 << random.nextInt(0, 8));
        changed.set(at, copy(tensor, tensor.dtype(), tensor.shape(), bytes));
      }
      case 2 -> changed.set(at, copy(tensor, DType.U8, Shape.of(bytes.length), bytes));
      case 3 -> {
        DType other = TYPES.get(random.nextInt(0, TYPES.size()));
        long elements = bytes.length * 8L / other.bits();
        if (elements * other.bits() == bytes.length * 8L) {
          Shape shape =
              elements % 2 == 0 && random.nextInt(0, 2) == 0
                  ? Shape.of(2, elements / 2)
                  : Shape.of(elements);
          changed.set(at, copy(tensor, other, shape, bytes));
        }
      }
      default -> {
        byte[] longer = Arrays.copyOf(bytes, bytes.length * random.nextInt(0, 4));
        changed.set(at, copy(tensor, DType.U8, Shape.of(longer.length), longer));
      }
    }
    return changed;
  }

  private static Tensor copy(Tensor tensor, DType dtype, Shape shape, byte[] bytes) {
    return Tensor.ofBytes(dtype, shape, bytes).withName(tensor.name());
  }
}
