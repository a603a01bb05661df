// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static io.github.quant4j.model.family.ChangedConfigurations.LLAMA;
import static io.github.quant4j.model.family.ChangedConfigurations.QWEN3;
import static io.github.quant4j.model.family.ChangedConfigurations.parse;
import static io.github.quant4j.model.family.ChangedConfigurations.rotated;
import static io.github.quant4j.model.family.ChangedConfigurations.windows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.HeadNorm;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.Projections;
import io.github.quant4j.model.runtime.Activation;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What configurations mean; what is refused is in {@link ConfigurationProblemsTest}. */
class DecoderConfigurationReaderTest {
  private static LayerShape first(DecoderConfiguration configuration) {
    return configuration.layerShapes().getFirst();
  }

  private static void assertHeads(
      int heads, int keyValueHeads, int width, DecoderConfiguration configuration) {
    AttentionForm form = ChangedConfigurations.attention(first(configuration)).form();
    assertEquals(
        List.of(heads, keyValueHeads, width, width),
        List.of(form.heads(), form.keyValueHeads(), form.headWidth(), form.valueWidth()));
  }

  private static Rotary rotary(DecoderConfiguration configuration) {
    return Objects.requireNonNull(ChangedConfigurations.attention(first(configuration)).rotary());
  }

  @Test
  void silentMembersHaveTheDefaultsOfTheFamily() {
    DecoderConfiguration llama = parse(LLAMA, "{}");
    assertEquals("LlamaForCausalLM", llama.architecture());
    assertHeads(8, 8, 8, llama);
    AttentionShape attention = ChangedConfigurations.attention(first(llama));
    assertEquals(1 / Math.sqrt(8), attention.form().factor());
    assertEquals(AttentionForm.Span.ALL, attention.form().span());
    assertNull(attention.headNorm());
    assertNull(attention.sinks());
    assertEquals(10_000, rotary(llama).theta());
    assertEquals(8, rotary(llama).width());
    assertEquals(Rotary.Pairing.HALVES, rotary(llama).pairing());
    assertEquals(new RotaryScaling.None(), rotary(llama).scaling());
    assertEquals(1e-6, Objects.requireNonNull(first(llama).norms().attention()).site().epsilon());
    assertEquals(LayerShape.Order.SEQUENTIAL, first(llama).order());
    assertEquals(1, first(llama).residualFactor());
    assertEquals(2048, llama.maximumPositions());
    assertFalse(llama.tiedEmbeddings());
    assertEquals("lm_head.weight", llama.headShape().site().weight());
    assertEquals(OptionalInt.empty(), llama.beginToken());
    assertEquals(List.of(), llama.endTokens());

    DecoderConfiguration qwen3 = parse(QWEN3, "{}");
    assertHeads(8, 2, 128, qwen3);
    HeadNorm norm =
        Objects.requireNonNull(ChangedConfigurations.attention(first(qwen3)).headNorm());
    assertEquals(HeadNorm.Scope.HEAD, norm.scope());
    assertEquals(List.of(0, 0, 0, 0), windows(qwen3));

    DecoderConfiguration mistral =
        parse(
            LLAMA,
            "{'architectures': ['MistralForCausalLM'], 'model_type': '-',"
                + " 'num_key_value_heads': 2}");
    assertEquals(List.of(4096, 4096, 4096), windows(mistral));
  }

  /** A configuration without architectures is known by its model_type. */
  @Test
  void eitherNameOfTheFamilyIsEnough() {
    assertEquals("LlamaForCausalLM", parse(LLAMA, "{'architectures': '-'}").architecture());
    assertEquals("LlamaForCausalLM", parse(LLAMA, "{'model_type': '-'}").architecture());
    assertEquals("LlamaForCausalLM", parse(LLAMA, "{'architectures': []}").architecture());
  }

  /** Phi-3 has called its two sets of factors by three names; elsewhere YaRN has none. */
  @ParameterizedTest
  @ValueSource(strings = {"su", "yarn", "longrope"})
  void phi3CallsTwoSetsOfFactorsByThreeNames(String kind) {
    String scaling =
        "'rope_scaling': {'type': '"
            + kind
            + "', 'short_factor': [1, 1, 1.5, 2], 'long_factor': [1, 2, 3, 4]},"
            + " 'original_max_position_embeddings': 16}";
    DecoderConfiguration phi =
        parse(LLAMA, "{'architectures': ['Phi3ForCausalLM'], 'model_type': 'phi3', " + scaling);
    RotaryScaling.LongRope found =
        assertInstanceOf(RotaryScaling.LongRope.class, rotary(phi).scaling());
    assertEquals(List.of(1.0, 2.0, 3.0, 4.0), found.longFactors());
    if (kind.equals("yarn")) {
      assertThrows(InvalidModelException.class, () -> parse(LLAMA, "{" + scaling));
    }
  }

  private static List<Boolean> biases(String changes) {
    LayerShape layer = first(parse(LLAMA, changes));
    LinearSite query =
        assertInstanceOf(
                Projections.Separate.class, ChangedConfigurations.attention(layer).projections())
            .query();
    MlpShape.Dense mlp = assertInstanceOf(MlpShape.Dense.class, layer.mlp());
    return List.of(
        query.bias().isPresent(),
        ChangedConfigurations.attention(layer).output().bias().isPresent(),
        mlp.inputs().getFirst().bias().isPresent(),
        mlp.output().bias().isPresent());
  }

  @Test
  void biasesFollowTheFamily() {
    String biased = "{'attention_bias': true, 'mlp_bias': true, 'num_key_value_heads': 8";
    assertEquals(List.of(true, true, true, true), biases(biased + "}"));
    assertEquals(List.of(false, false, false, false), biases("{}"));
    assertEquals(
        List.of(false, false, false, false),
        biases(biased + ", 'architectures': ['MistralForCausalLM'], 'model_type': 'mistral'}"));
    assertEquals(
        List.of(true, false, false, false),
        biases(
            "{'num_key_value_heads': 8, 'architectures': ['Qwen2ForCausalLM'],"
                + " 'model_type': 'qwen2'}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_theta': 5e5} | 5e5 | None[]",
        "{'rope_scaling': null} | 10000 | None[]",
        "{'rope_scaling': {'type': 'default'}} | 10000 | None[]",
        "{'rope_scaling': {'type': 'linear', 'factor': 4}} | 10000 | Linear[factor=4.0]",
        "{'rope_scaling': {'rope_type': 'linear', 'factor': 2.5}} | 10000 | Linear[factor=2.5]",
        "{'rope_parameters': {'rope_theta': 2e4}} | 20000 | None[]",
        "{'rope_parameters': {'rope_theta': 2e4, 'rope_type': 'linear', 'factor': 2}} | 20000"
            + " | Linear[factor=2.0]",
        "{'rope_theta': 1e6, 'rope_scaling': {'rope_type': 'llama3', 'factor': 8,"
            + " 'low_freq_factor': 1, 'high_freq_factor': 4,"
            + " 'original_max_position_embeddings': 8192}} | 1e6"
            + " | Llama3[factor=8.0, lowFrequencyFactor=1.0, highFrequencyFactor=4.0,"
            + " originalMaximumPositions=8192]",
        "{'rope_scaling': {'rope_type': 'dynamic', 'factor': 2}} | 10000"
            + " | Dynamic[factor=2.0, maximumPositions=2048]",
        // The factor on cosines and sines is 0.1 ln(4) + 1.
        "{'rope_scaling': {'type': 'yarn', 'factor': 4, 'original_max_position_embeddings': 512}}"
            + " | 10000 | Yarn[factor=4.0, originalMaximumPositions=512, betaFast=32.0,"
            + " betaSlow=1.0, truncate=true, attentionFactor=1.138629436111989,"
            + " magnitudeAllDimensions=0.0]",
        "{'rope_parameters': {'full_attention': {'rope_type': 'default', 'rope_theta': 500}}} | 500"
            + " | None[]",
        "{'rope_parameters': {'full_attention': {'rope_theta': 500}, 'sliding_attention':"
            + " {'rope_theta': 7}}} | 500 | None[]",
        "{'rope_scaling': {'rope_type': 'linear', 'factor': 2, 'rope_theta': 500}} | 500"
            + " | Linear[factor=2.0]",
        "{'rope_parameters': {'rope_type': 'default', 'rope_theta': 500, 'factor': 1.0,"
            + " 'partial_rotary_factor': 1.0, 'beta_fast': null}} | 500 | None[]",
      })
  void everySpellingOfRotaryEmbeddingsIsRead(String changes, double theta, String scaling) {
    Rotary rotary = rotary(parse(LLAMA, changes));
    assertEquals(theta, rotary.theta());
    assertEquals(scaling, rotary.scaling().toString());
  }

  /** Layers with a window and layers without may be turned differently. */
  @Test
  void typesOfLayersHaveRotariesOfTheirOwn() {
    DecoderConfiguration configuration =
        parse(
            QWEN3,
            "{'use_sliding_window': true, 'sliding_window': 9, 'max_window_layers': 2,"
                + " 'rope_parameters': {'full_attention': {'rope_theta': 500},"
                + " 'sliding_attention': {'rope_theta': 7}}}");
    assertEquals(
        List.of(500.0, 500.0, 7.0, 7.0),
        configuration.layerShapes().stream()
            .map(
                layer ->
                    Objects.requireNonNull(ChangedConfigurations.attention(layer).rotary()).theta())
            .toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | 0, 0, 0, 0",
        "{'use_sliding_window': true, 'sliding_window': 9, 'max_window_layers': 3} | 0, 0, 0, 9",
        "{'use_sliding_window': true, 'sliding_window': 9} | 0, 0, 0, 0",
        "{'use_sliding_window': false, 'sliding_window': 9, 'max_window_layers': 0} | 0, 0, 0, 0",
        "{'use_sliding_window': true, 'sliding_window': null, 'max_window_layers': 0}"
            + " | 0, 0, 0, 0",
        "{'use_sliding_window': true, 'sliding_window': 7, 'layer_types': ['sliding_attention',"
            + " 'full_attention', 'full_attention', 'sliding_attention']} | 7, 0, 0, 7"
      })
  void windowsAreGivenByLayer(String changes, String windows) {
    assertEquals("[" + windows + "]", windows(parse(QWEN3, changes)).toString());
  }

  /** The windows and positions of families that say them by a pattern or by each layer. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Gemma2ForCausalLM | {'sliding_window': 9} | 9, 0, 9, 0 | true, true, true, true",
        "Cohere2ForCausalLM | {'sliding_window': 9} | 9, 9, 9, 0 | true, true, true, false",
        "Cohere2ForCausalLM | {'sliding_window': 9, 'sliding_window_pattern': 2} | 9, 0, 9, 0"
            + " | true, false, true, false",
        "GptOssForCausalLM | {} | 128, 0, 128, 0 | true, true, true, true",
        "SmolLM3ForCausalLM | {'no_rope_layers': [1, 0, 0, 1]} | 0, 0, 0, 0"
            + " | true, false, false, true",
      })
  void patternsOfLayers(String architecture, String changes, String windows, String rotated) {
    DecoderConfiguration configuration =
        parse(
            QWEN3.replace("Qwen3ForCausalLM", architecture),
            changes.replace("}", (changes.length() > 2 ? ", " : "") + "'head_dim': 8}"));
    assertEquals("[" + windows + "]", windows(configuration).toString());
    assertEquals("[" + rotated + "]", rotated(configuration).toString());
  }

  /** An activation that Llama's own checkpoints do not have is understood all the same. */
  @Test
  void activationsAreReadByName() {
    MlpShape.Dense mlp =
        assertInstanceOf(MlpShape.Dense.class, first(parse(LLAMA, "{'hidden_act': 'gelu'}")).mlp());
    assertEquals(Activation.GELU, mlp.form().activation());
    assertNotNull(mlp.form().gate());
  }

  @Test
  void endTokensAreOneOrSeveral() {
    assertEquals(List.of(7), parse(LLAMA, "{'eos_token_id': 7}").endTokens());
    assertEquals(List.of(7, 9), parse(LLAMA, "{'eos_token_id': [7, 9]}").endTokens());
    assertEquals(List.of(), parse(LLAMA, "{'eos_token_id': null}").endTokens());
    assertEquals(OptionalInt.of(3), parse(LLAMA, "{'bos_token_id': 3}").beginToken());
  }

  @Test
  void whatOthersWriteForNothingIsRead() {
    DecoderConfiguration none = parse(LLAMA, "{'bos_token_id': -1, 'eos_token_id': -1}");
    assertEquals(OptionalInt.empty(), none.beginToken());
    assertEquals(List.of(), none.endTokens());
    assertEquals(List.of(5), parse(LLAMA, "{'eos_token_id': [-1, 5]}").endTokens());
    assertHeads(
        8,
        8,
        8,
        parse(
            LLAMA,
            "{'architectures': ['MistralForCausalLM'], 'model_type': 'mistral',"
                + " 'num_key_value_heads': null}"));
  }

  /** Tied embeddings are the weights of the head. */
  @Test
  void aTiedHeadReadsTheEmbeddings() {
    DecoderConfiguration tied = parse(LLAMA, "{'tie_word_embeddings': true}");
    assertTrue(tied.tiedEmbeddings());
    assertEquals("model.embed_tokens.weight", tied.headShape().site().weight());
  }
}
