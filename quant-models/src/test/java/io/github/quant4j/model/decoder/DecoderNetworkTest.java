// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The model as calibration uses it. */
class DecoderNetworkTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  static Stream<String> models() {
    return TestModels.names().stream();
  }

  private static DecoderNetwork model(String name) {
    return model(name, TestModels.weights(TestModels.directory(name)));
  }

  private static DecoderNetwork model(String name, ModelWeights weights) {
    return DecoderNetwork.of(Configurations.of(TestModels.directory(name)), weights, SCALAR);
  }

  private static float[] logits(DecoderNetwork model, int[][] tokens, SiteObserver observer) {
    HiddenStates states = model.embed(Arrays.asList(tokens));
    for (int i = 0; i < model.blocks().size(); i++) {
      try (Block block = model.open(i)) {
        states = block.run(states, observer);
      }
    }
    try (Block head = model.openHead()) {
      return head.run(states, observer).values().data();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void blockByBlockGivesTheBitsOfTheWhole(String name) {
    Expected expected = Expected.of(name);
    float[] chained = logits(model(name), expected.tokens(), SiteObserver.none());
    assertArrayEquals(expected.logits(), chained, 1e-4f, name);
    try (LanguageModel whole = TestModels.open(name);
        BatchPrediction batch = whole.predict(Arrays.asList(expected.tokens()))) {
      float[] logits = new float[chained.length];
      batch.logits(0, batch.tokens(), logits);
      assertArrayEquals(logits, chained, name);
    }
  }

  @Test
  void hooksSeeEveryGroupOnceInOrder() {
    DecoderNetwork model = model("qwen3-head-norms");
    int[][] tokens = Expected.of("qwen3-head-norms").tokens();
    List<String> seen = new ArrayList<>();
    Map<String, FloatMatrix> chained = new HashMap<>();
    logits(
        model,
        tokens,
        (group, input) -> {
          seen.add(group.sites().getFirst().name());
          assertEquals(group.inFeatures(), input.width());
          assertEquals(SequenceLayout.of(24, 24), input.layout());
          chained.put(group.sites().getFirst().name(), input.copy());
        });
    List<String> order = new ArrayList<>();
    for (String layer : List.of("model.layers.0", "model.layers.1")) {
      order.add(layer + ".self_attn.q_proj");
      order.add(layer + ".self_attn.o_proj");
      order.add(layer + ".mlp.gate_proj");
      order.add(layer + ".mlp.down_proj");
    }
    order.add("lm_head");
    assertEquals(order, seen);

    List<String> again = new ArrayList<>();
    try (LanguageModel whole = TestModels.open("qwen3-head-norms")) {
      whole.observe(
          Arrays.asList(tokens),
          (group, input) -> {
            String name = group.sites().getFirst().name();
            again.add(name);
            assertArrayEquals(chained.get(name).data(), input.copy().data(), name);
          });
    }
    assertEquals(order, again);
  }

  @Test
  void theFirstInputIsTheNormalizedEmbedding() {
    DecoderNetwork model = model("llama-untied");
    int[] tokens = {5, 9, 5};
    FloatMatrix embedded = model.embed(List.of(tokens)).values();
    try (Block block = model.open(0)) {
      float[] weight = block.vector("model.layers.0.input_layernorm.weight");
      SiteInput input = block.begin(model.embed(List.of(tokens)), false).input();
      for (int t = 0; t < 3; t++) {
        double square = 0;
        for (int c = 0; c < 32; c++) {
          square += (double) embedded.get(t, c) * embedded.get(t, c);
        }
        for (int c = 0; c < 32; c++) {
          double expected = embedded.get(t, c) / Math.sqrt(square / 32 + 1e-5) * weight[c];
          assertEquals(expected, input.data()[input.offset() + t * 32 + c], 1e-6, t + ", " + c);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void tracedAttentionIsThatOfTheOracle(String name) throws IOException {
    float[] expected;
    try (SafetensorsFile file =
        SafetensorsFile.open(TestModels.directory(name).resolve("expected.safetensors"))) {
      expected = file.require("attention_received").toFloatArray();
    }
    DecoderNetwork model = model(name);
    HiddenStates states = model.embed(Arrays.asList(Expected.of(name).tokens()));
    for (int layer = 0; layer < 2; layer++) {
      try (Block block = model.open(layer)) {
        float[] received = block.attentionReceived(states).orElseThrow();
        assertArrayEquals(
            Arrays.copyOfRange(expected, layer * 48, (layer + 1) * 48), received, 1e-4f, name);
        BlockPass untraced = block.begin(states, false);
        untraced.advance();
        assertTrue(untraced.attentionReceived().isEmpty());
        states = block.run(states, SiteObserver.none());
      }
    }
    try (Block head = model.openHead()) {
      assertTrue(head.attentionReceived(states).isEmpty());
    }
  }

  /** Replacing a group's sites in the middle of a pass is what a model with those sites does. */
  @ParameterizedTest
  @MethodSource("models")
  void laterGroupsSeeWhatReplacedGroupsProduce(String name) {
    DecoderNetwork model = model(name);
    int[][] tokens = Expected.of(name).tokens();
    HiddenStates states = model.embed(Arrays.asList(tokens));
    Map<String, QuantizedLinear> replaced = new HashMap<>();
    for (int i = 0; i < model.blocks().size(); i++) {
      try (Block block = model.open(i)) {
        BlockPass pass = block.begin(states, false);
        for (SiteGroup group : block.layout().groups()) {
          FloatMatrix before = pass.input().copy();
          for (LinearSite site : group.sites()) {
            QuantizedLinear original = block.linear(site);
            QuantizedLinear rounded =
                QuantizedLinear.of(
                    Quantizer.of("int3:channel:asym rtn")
                        .quantize(original.toDense(), Compute.scalar()));
            QuantizedLinear linear = original.bias().map(rounded::withBias).orElse(rounded);
            block.replace(site, linear);
            replaced.put(site.name(), linear);
            assertEquals(linear, block.linear(site));
          }
          assertArrayEquals(before.data(), pass.input().copy().data());
          pass.advance();
        }
        states = pass.output();
      }
    }
    float[] expected =
        logits(model(name, ModelWeights.of(tensors(name), replaced)), tokens, SiteObserver.none());
    try (Block head = model.openHead()) {
      assertArrayEquals(expected, head.run(states, SiteObserver.none()).values().data(), name);
    }
    float[] original = logits(model, tokens, SiteObserver.none());
    assertFalse(Arrays.equals(original, expected), "three bits must make a difference");
  }

  private static TensorSource tensors(String name) {
    return TestModels.weights(TestModels.directory(name)).tensors();
  }

  @Test
  void aReplacedNormWeightCounts() {
    DecoderNetwork model = model("llama-untied");
    HiddenStates states = model.embed(List.of(new int[] {1, 2, 3}));
    try (Block block = model.open(1)) {
      String name = "model.layers.1.post_attention_layernorm.weight";
      float[] halved = block.vector(name);
      for (int i = 0; i < halved.length; i++) {
        halved[i] /= 2;
      }
      BlockPass before = block.begin(states, false);
      before.advance();
      before.advance();
      block.replaceVector(name, halved);
      halved[0] = Float.NaN;
      BlockPass after = block.begin(states, false);
      after.advance();
      after.advance();
      float[] expected = before.input().copy().data();
      for (int i = 0; i < expected.length; i++) {
        expected[i] /= 2;
      }
      assertArrayEquals(expected, after.input().copy().data());
      assertThrows(IllegalArgumentException.class, () -> block.replaceVector(name, new float[31]));
      assertThrows(IllegalArgumentException.class, () -> block.vector("model.norm.weight"));
    }
  }

  @Test
  void openingABlockReadsThatBlockAlone() {
    TensorSource all = tensors("qwen2-biased");
    List<String> read = new ArrayList<>();
    TensorSource watched =
        new TensorSource() {
          @Override
          public SequencedSet<String> names() {
            return all.names();
          }

          @Override
          public Optional<Tensor> find(String name) {
            read.add(name);
            return all.find(name);
          }

          @Override
          public void close() {}
        };
    DecoderNetwork model = model("qwen2-biased", ModelWeights.of(watched));
    read.clear();
    try (Block block = model.open(1)) {
      assertEquals("model.layers.1", block.layout().name());
    }
    assertEquals(7 + 3 + 2, read.stream().distinct().count());
    assertTrue(read.stream().allMatch(name -> name.startsWith("model.layers.1.")), read + "");
  }

  @Test
  void misuseOfABlockIsRefused() {
    DecoderNetwork model = model("llama-untied");
    HiddenStates states = model.embed(List.of(new int[] {1, 2, 3}));
    LinearSite foreign = model.blocks().get(0).sites().getFirst();
    Block block = model.open(1);
    LinearSite site = block.layout().sites().getFirst();
    assertThrows(IllegalArgumentException.class, () -> block.linear(foreign));
    String shape =
        assertThrows(
                IllegalArgumentException.class,
                () -> block.replace(site, QuantizedLinear.of(FloatMatrix.zeros(8, 32), DType.F32)))
            .getMessage();
    assertTrue(shape.contains("[8, 32]") && shape.contains("[32, 32]"), shape);
    HiddenStates narrow = new HiddenStates(FloatMatrix.zeros(3, 8), SequenceLayout.of(3));
    assertThrows(IllegalArgumentException.class, () -> block.begin(narrow, false));
    HiddenStates later =
        new HiddenStates(
            FloatMatrix.zeros(1, 32), SequenceLayout.continuing(new int[] {1}, new int[] {4}));
    assertThrows(IllegalArgumentException.class, () -> block.begin(later, false));
    BlockPass pass = block.begin(states, false);
    assertThrows(IllegalStateException.class, pass::output);
    for (int i = 0; i < 4; i++) {
      assertEquals(i, pass.nextGroup());
      pass.advance();
    }
    assertThrows(IllegalStateException.class, pass::advance);
    assertThrows(IllegalStateException.class, pass::input);
    block.close();
    block.close();
    assertThrows(IllegalStateException.class, () -> block.begin(states, false));
    assertThrows(IllegalStateException.class, () -> block.linear(site));
    assertThrows(IndexOutOfBoundsException.class, () -> model.open(2));
    assertThrows(IllegalArgumentException.class, () -> model.embed(List.of(new int[] {64})));
  }

  @Test
  void sitesAreNamedAsInTheCheckpoint() {
    DecoderNetwork model = model("llama3-rope");
    assertEquals("LlamaForCausalLM", model.architecture());
    assertEquals(15, model.sites().size());
    BlockLayout first = model.blocks().getFirst();
    assertEquals(
        List.of(
            "model.layers.0.self_attn.q_proj [64, 32]",
            "model.layers.0.self_attn.k_proj [32, 32]",
            "model.layers.0.self_attn.v_proj [32, 32]",
            "model.layers.0.self_attn.o_proj [32, 64]",
            "model.layers.0.mlp.gate_proj [48, 32]",
            "model.layers.0.mlp.up_proj [48, 32]",
            "model.layers.0.mlp.down_proj [32, 48]"),
        first.sites().stream().map(LinearSite::toString).toList());
    LinearSite head = model.sites().getLast();
    assertEquals("lm_head", head.name());
    assertTrue(head.isTied());
    assertEquals("model.embed_tokens.weight", head.weight());
    for (SiteGroup group : first.groups()) {
      group.sites().forEach(site -> assertFalse(site.isTied(), site.name()));
    }
  }

  @Test
  void allProblemsOfTheTensorsAreToldTogether() {
    String name = "qwen2-biased";
    Map<String, Tensor> tensors = TestModels.copy(tensors(name));
    tensors.remove("model.norm.weight");
    tensors.remove("model.layers.1.self_attn.k_proj.bias");
    tensors.put(
        "model.layers.0.mlp.up_proj.weight", Tensor.ofFloats(Shape.of(32, 48), new float[32 * 48]));
    tensors.put(
        "model.layers.0.mlp.gate_proj.weight", Tensor.ofInts(Shape.of(48, 32), new int[32 * 48]));
    tensors.put(
        "model.layers.0.self_attn.o_proj.bias", Tensor.ofFloats(Shape.of(32), new float[32]));
    SeededRandom random = new SeededRandom(4);
    QuantizedLinear wrong =
        QuantizedLinear.of(
            Quantizer.of("int8:channel:sym rtn")
                .quantize(random.gaussianMatrix(16, 32), Compute.scalar()));
    InvalidModelException e =
        assertThrows(
            InvalidModelException.class,
            () ->
                model(
                    name,
                    ModelWeights.of(
                        TestModels.tensors(tensors),
                        Map.of("model.layers.1.self_attn.q_proj", wrong))));
    assertEquals(
        List.of(
            "tensor 'model.layers.0.self_attn.o_proj.bias' is there, but the configuration has no"
                + " such bias",
            "tensor 'model.layers.0.mlp.gate_proj.weight': I32, expected a floating-point type",
            "tensor 'model.layers.0.mlp.up_proj.weight': [32, 48], expected [48, 32]",
            "quantized module 'model.layers.1.self_attn.q_proj': [16, 32], expected [32, 32]",
            "quantized module 'model.layers.1.self_attn.q_proj': no bias, expected one",
            "tensor 'model.layers.1.self_attn.k_proj.bias' is missing, expected [16]",
            "tensor 'model.norm.weight' is missing, expected [32]"),
        e.problems());
    assertTrue(e.getMessage().contains("7 problems"), e.getMessage());
  }

  @Test
  void anUntiedHeadMustBeThere() {
    Map<String, Tensor> tensors = TestModels.copy(tensors("llama-untied"));
    tensors.remove("lm_head.weight");
    InvalidModelException e =
        assertThrows(
            InvalidModelException.class,
            () -> model("llama-untied", ModelWeights.of(TestModels.tensors(tensors))));
    assertEquals(
        List.of(
            "tensor 'lm_head.weight' is missing, expected [64, 32], as 'tie_word_embeddings' is"
                + " false"),
        e.problems());
  }
}
