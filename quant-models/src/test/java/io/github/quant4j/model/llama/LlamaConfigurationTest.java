// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaConfigurationTest {
  private static final String LLAMA =
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 100,
       "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
       "num_attention_heads": 8}
      """;

  private static final String QWEN3 =
      """
      {"architectures": ["Qwen3ForCausalLM"], "vocab_size": 100, "hidden_size": 64,
       "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 8,
       "num_key_value_heads": 2}
      """;

  /** The base with members added or replaced; {@code -} as a value removes one. */
  private static LlamaConfiguration parse(String base, String changes) {
    JsonValue.Obj object = (JsonValue.Obj) JsonParser.parse(base);
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object.members());
    ((JsonValue.Obj) JsonParser.parse(changes))
        .members()
        .forEach(
            (key, value) -> {
              if (value.equals(new JsonValue.Str("-"))) {
                members.remove(key);
              } else {
                members.put(key, value);
              }
            });
    return LlamaConfiguration.parse(
        JsonWriter.compact(new JsonValue.Obj(members)).getBytes(StandardCharsets.UTF_8),
        "config.json");
  }

  private static List<String> problems(String base, String changes) {
    return assertThrows(InvalidModelException.class, () -> parse(base, changes)).problems();
  }

  @Test
  void silentKeysHaveTheDefaultsOfTheFamily() {
    LlamaConfiguration llama = parse(LLAMA, "{}");
    assertEquals(ModelFamily.LLAMA, llama.family());
    assertEquals(
        new LlamaConfiguration.Attention(8, 8, 8, false, false, false, List.of(0, 0, 0)),
        llama.attention());
    assertEquals(new LlamaConfiguration.Rotary(10_000, new RotaryScaling.None()), llama.rotary());
    assertEquals(1e-6, llama.normEpsilon());
    assertEquals(2048, llama.maximumPositions());
    assertFalse(llama.tiedEmbeddings());
    assertFalse(llama.mlpBias());
    assertEquals(OptionalInt.empty(), llama.beginToken());
    assertEquals(List.of(), llama.endTokens());

    LlamaConfiguration qwen3 = parse(QWEN3, "{}");
    assertEquals(
        new LlamaConfiguration.Attention(8, 2, 128, false, false, true, List.of(0, 0, 0, 0)),
        qwen3.attention());

    LlamaConfiguration mistral =
        parse(
            LLAMA,
            "{\"architectures\": [\"MistralForCausalLM\"], \"model_type\": \"-\","
                + "\"num_key_value_heads\": 2}");
    assertEquals(List.of(4096, 4096, 4096), mistral.attention().windows());
  }

  @Test
  void biasesFollowTheFamily() {
    String biased = "{\"attention_bias\": true, \"mlp_bias\": true, \"num_key_value_heads\": 8";
    LlamaConfiguration llama = parse(LLAMA, biased + "}");
    assertTrue(llama.attention().inputBias());
    assertTrue(llama.attention().outputBias());
    assertTrue(llama.mlpBias());
    LlamaConfiguration mistral =
        parse(
            LLAMA,
            biased
                + ", \"architectures\": [\"MistralForCausalLM\"],"
                + " \"model_type\": \"mistral\"}");
    assertFalse(mistral.attention().inputBias());
    assertFalse(mistral.attention().outputBias());
    assertFalse(mistral.mlpBias());
    LlamaConfiguration qwen2 =
        parse(
            LLAMA,
            "{\"num_key_value_heads\": 8, \"architectures\": [\"Qwen2ForCausalLM\"],"
                + " \"model_type\": \"qwen2\"}");
    assertTrue(qwen2.attention().inputBias());
    assertFalse(qwen2.attention().outputBias());
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
            + " originalMaximumPositions=8192]"
      })
  void bothSpellingsOfRotaryEmbeddingsAreRead(String changes, double theta, String scaling) {
    LlamaConfiguration.Rotary rotary = parse(LLAMA, changes.replace('\'', '"')).rotary();
    assertEquals(theta, rotary.theta());
    assertEquals(scaling, rotary.scaling().toString());
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
    assertEquals(
        "[" + windows + "]",
        parse(QWEN3, changes.replace('\'', '"')).attention().windows().toString());
  }

  @Test
  void endTokensAreOneOrSeveral() {
    assertEquals(List.of(7), parse(LLAMA, "{\"eos_token_id\": 7}").endTokens());
    assertEquals(List.of(7, 9), parse(LLAMA, "{\"eos_token_id\": [7, 9]}").endTokens());
    assertEquals(List.of(), parse(LLAMA, "{\"eos_token_id\": null}").endTokens());
    assertEquals(OptionalInt.of(3), parse(LLAMA, "{\"bos_token_id\": 3}").beginToken());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'hidden_size': '-'} | 'hidden_size': missing, expected a whole number from 1 to 16777216",
        "{'hidden_size': null}"
            + " | 'hidden_size': null, expected a whole number from 1 to 16777216",
        "{'vocab_size': 0} | 'vocab_size': 0, expected a whole number from 1 to 2147483639",
        "{'vocab_size': 1.5} | 'vocab_size': 1.5, expected a whole number from 1 to 2147483639",
        "{'num_hidden_layers': 'three'}"
            + " | 'num_hidden_layers': \"three\", expected a whole number from 1 to 10000",
        "{'num_hidden_layers': 1e9}"
            + " | 'num_hidden_layers': 1e9, expected a whole number from 1 to 10000",
        "{'architectures': ['GPT2LMHeadModel']} | 'architectures': [\"GPT2LMHeadModel\"], expected"
            + " one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM",
        "{'model_type': 'qwen2'} | 'model_type': \"qwen2\", expected 'llama' as 'architectures'"
            + " says LlamaForCausalLM",
        "{'hidden_act': 'gelu'} | 'hidden_act': \"gelu\", expected \"silu\", the only activation"
            + " that the runtime has",
        "{'num_attention_heads': 7} | 'num_attention_heads': 7, expected a divisor of"
            + " 'hidden_size', which is 64, or a value for 'head_dim'",
        "{'num_key_value_heads': 3} | 'num_key_value_heads': 3, expected a divisor of"
            + " 'num_attention_heads', which is 8",
        "{'head_dim': 7} | 'head_dim': 7, expected an even number of channels in a head for rotary"
            + " embeddings, found 7",
        "{'head_dim': 16777216} | 'head_dim': 16777216, expected at most 2097152 with 8 attention"
            + " heads",
        "{'rms_norm_eps': 0} | 'rms_norm_eps': 0, expected a positive number",
        "{'tie_word_embeddings': 1} | 'tie_word_embeddings': 1, expected true or false",
        "{'eos_token_id': [1, 100]} | 'eos_token_id': [1,100], expected whole numbers from -1 to"
            + " 99, one or an array of them",
        "{'bos_token_id': -2} | 'bos_token_id': -2, expected a whole number from 0 to 99",
        "{'eos_token_id': [-2]} | 'eos_token_id': [-2], expected whole numbers from -1 to 99, one"
            + " or an array of them",
        "{'rope_theta': 1e4, 'rope_parameters': {'rope_theta': 2e4}} | 'rope_theta': 1e4, expected"
            + " the same as 'rope_parameters.rope_theta', 20000.0",
        "{'rope_scaling': {'factor': 2}} | 'rope_scaling.rope_type': missing, expected"
            + " \"default\", \"linear\" or \"llama3\", the kinds that the runtime has",
        "{'rope_scaling': {'type': 'yarn', 'factor': 2}} | 'rope_scaling.type': \"yarn\", expected"
            + " \"default\", \"linear\" or \"llama3\", the kinds that the runtime has",
        "{'rope_scaling': {'rope_type': 'dynamic', 'factor': 2}} | 'rope_scaling.rope_type':"
            + " \"dynamic\", expected \"default\", \"linear\" or \"llama3\", the kinds that the"
            + " runtime has",
        "{'rope_scaling': {'rope_type': 'linear'}} | 'rope_scaling.factor': missing, expected a"
            + " positive number",
        "{'rope_scaling': {'type': 'linear', 'factor': 0.5}} | 'rope_scaling.factor': 0.5,"
            + " expected at least 1",
        "{'rope_scaling': {'type': 'linear', 'rope_type': 'llama3', 'factor': 2,"
            + " 'low_freq_factor': 1, 'high_freq_factor': 4,"
            + " 'original_max_position_embeddings': 8192}} | 'rope_scaling.type': \"linear\","
            + " expected the same as 'rope_type', \"llama3\"",
        "{'rope_scaling': {'type': 'linear', 'factor': 2}, 'rope_parameters': {'rope_type':"
            + " 'default'}} | 'rope_scaling': {\"type\":\"linear\",\"factor\":2}, expected nothing,"
            + " or the same as 'rope_parameters'",
        "{'partial_rotary_factor': 0.5} | 'partial_rotary_factor': 0.5, expected 1: the runtime"
            + " rotates whole heads"
      })
  void aProblemIsNamedOnce(String changes, String problem) {
    assertEquals(List.of(problem), problems(LLAMA, changes.replace('\'', '"')));
  }

  /** Members by which rotary embeddings are changed, read wherever they may be. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_parameters': {'full_attention': {'rope_type': 'default', 'rope_theta': 500}}} | 500"
            + " | None[]",
        "{'rope_parameters': {'full_attention': {'rope_theta': 500}, 'sliding_attention':"
            + " {'rope_theta': 7}}} | 500 | None[]",
        "{'rope_scaling': {'rope_type': 'linear', 'factor': 2, 'rope_theta': 500}} | 500"
            + " | Linear[factor=2.0]",
        "{'rope_parameters': {'rope_type': 'default', 'rope_theta': 500, 'factor': 1.0,"
            + " 'partial_rotary_factor': 1.0, 'beta_fast': null}} | 500 | None[]",
      })
  void rotaryMembersAreReadWhereverTheyAre(String changes, double theta, String scaling) {
    LlamaConfiguration.Rotary rotary = parse(LLAMA, changes.replace('\'', '"')).rotary();
    assertEquals(theta, rotary.theta());
    assertEquals(scaling, rotary.scaling().toString());
  }

  @Test
  void typesOfLayersMustAgreeWhereTheModelHasBoth() {
    String window = "{'use_sliding_window': true, 'sliding_window': 9, 'max_window_layers': 2,";
    String same =
        window
            + "'rope_parameters': {'full_attention': {'rope_theta': 500},"
            + " 'sliding_attention': {'rope_theta': 500}}}";
    assertEquals(500, parse(QWEN3, same.replace('\'', '"')).rotary().theta());
    String other = same.replace("500}}", "7}}").replace('\'', '"');
    assertTrue(problems(QWEN3, other).getFirst().contains("the same as 'full_attention'"));
    String missing = window + "'rope_parameters': {'full_attention': {'rope_theta': 500}}}";
    assertTrue(
        problems(QWEN3, missing.replace('\'', '"'))
            .getFirst()
            .startsWith("'rope_parameters.sliding_attention': missing"));
  }

  /** What would give other numbers than the runtime's is refused by name. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "rope_parameters | {'rope_type': 'default', 'base': 500}",
        "rope_parameters | {'rope_type': 'default', 'factor': 8}",
        "rope_parameters | {'rope_type': 'linear', 'factor': 8, 'attention_factor': 0.5}",
        "rope_parameters | {'full_attention': {'rope_theta': 500}, 'rope_theta': 500}",
        "attention_multiplier | 0.5",
        "embedding_multiplier | 12.0",
        "residual_multiplier | 0.22",
        "logits_scaling | 8",
        "logit_scale | 0.0625",
        "attn_logit_softcapping | 50.0",
        "final_logit_softcapping | 30.0",
        "query_pre_attn_scalar | 256",
        "clip_qkv | 8",
        "use_qk_norm | true",
        "sliding_window | 16",
        "layer_types | ['full_attention', 'sliding_attention', 'full_attention']",
        "no_rope_layers | [1, 1, 0]",
        "attention_chunk_size | 8192",
        "rotary_pct | 0.25",
        "rotary_dim | 4",
        "alibi | true",
        "num_local_experts | 8",
        "kv_lora_rank | 512",
        "hidden_activation | 'gelu'",
        "layer_norm_eps | 1e-3",
        "rope_local_base_freq | 10000",
        "is_encoder_decoder | true",
      })
  void membersThatChangeNumbersAreRefusedByName(String member, String value) {
    String changes = ("{'" + member + "': " + value + "}").replace('\'', '"');
    List<String> problems = problems(LLAMA, changes);
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().startsWith("'" + member), problems.getFirst());
  }

  private static List<String> warnings(String changes) {
    JsonValue.Obj base = (JsonValue.Obj) JsonParser.parse(LLAMA);
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(base.members());
    members.putAll(((JsonValue.Obj) JsonParser.parse(changes.replace('\'', '"'))).members());
    return LlamaConfigurationReader.read(new JsonValue.Obj(members), "config.json").warnings();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'torch_dtype': 'bfloat16', 'transformers_version': '5.1', 'use_cache': true}",
        "{'initializer_range': 0.02, 'pretraining_tp': 2, 'pad_token_id': 3, 'top_k': 50}",
        "{'attention_dropout': 0.1, 'attention_bias': false, 'mlp_bias': false}",
        "{'my_trainer': null, 'my_flag': false, 'my_count': 0, 'my_list': [], 'my_text': ''}",
        "{'embedding_multiplier': 1, 'logits_scaling': 1.0, 'use_qk_norm': false}",
        "{'attention_multiplier': 0.35355339059327373, 'query_pre_attn_scalar': 8}",
        "{'layer_types': ['full_attention', 'full_attention', 'full_attention']}",
        "{'sliding_window': 4096, 'use_sliding_window': true, 'max_window_layers': 28}",
        "{'hidden_activation': 'silu', 'layer_norm_eps': 1e-6, 'rope_type': 'default'}",
      })
  void harmlessMembersArePassedOver(String changes) {
    assertEquals(List.of(), warnings(changes));
  }

  @Test
  void unknownMembersAreWarnings() {
    List<String> warnings = warnings("{'my_twist': 0.5, 'other': {'a': 1}, 'use_cache': true}");
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.getFirst().startsWith("'my_twist': 0.5 is not known"), warnings.toString());
  }

  @Test
  void whatOthersWriteForNothingIsRead() {
    LlamaConfiguration none = parse(LLAMA, "{\"bos_token_id\": -1, \"eos_token_id\": -1}");
    assertEquals(OptionalInt.empty(), none.beginToken());
    assertEquals(List.of(), none.endTokens());
    assertEquals(List.of(5), parse(LLAMA, "{\"eos_token_id\": [-1, 5]}").endTokens());
    LlamaConfiguration mistral =
        parse(
            LLAMA,
            "{\"architectures\": [\"MistralForCausalLM\"], \"model_type\": \"mistral\","
                + "\"num_key_value_heads\": null}");
    assertEquals(8, mistral.attention().keyValueHeads());
  }

  @Test
  void allProblemsAreToldTogether() {
    InvalidModelException e =
        assertThrows(
            InvalidModelException.class,
            () ->
                parse(
                    LLAMA,
                    "{\"vocab_size\": 0, \"hidden_act\": \"relu\", \"rope_theta\": -1,"
                        + " \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8}}"));
    assertEquals(6, e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().startsWith("config.json: 6 problems:\n  'vocab_size'"), e + "");
  }

  @Test
  void qwenRefusesWindowsThatContradictThemselves() {
    assertEquals(
        List.of(
            "'layer_types': [\"sliding_attention\",\"full_attention\",\"full_attention\",\"full"
                + "..., expected only \"full_attention\" without 'use_sliding_window' and"
                + " 'sliding_window'"),
        problems(
            QWEN3,
            "{\"layer_types\": [\"sliding_attention\", \"full_attention\", \"full_attention\","
                + " \"full_attention\"]}"));
    assertEquals(1, problems(QWEN3, "{\"layer_types\": [\"full_attention\"]}").size());
    assertEquals(
        1,
        problems(QWEN3, "{\"layer_types\": [\"linear\", \"linear\", \"linear\", \"linear\"]}")
            .size());
    assertEquals(
        List.of("'num_key_value_heads': missing, expected a whole number from 1 to 16777216"),
        problems(QWEN3, "{\"num_key_value_heads\": \"-\"}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "null", "{\"architectures\": 5}", "{}"})
  void whatIsNoConfigurationIsRefused(String text) {
    assertThrows(
        InvalidModelException.class,
        () -> LlamaConfiguration.parse(text.getBytes(StandardCharsets.UTF_8), "config.json"));
  }

  /** Whatever a file holds, the answer is a configuration or an InvalidModelException. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void damagedConfigurationsAreRefusedOrRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<JsonValue> replacements =
        List.of(
            new JsonValue.Null(),
            new JsonValue.Bool(true),
            new JsonValue.Num("-1"),
            new JsonValue.Num("0"),
            new JsonValue.Num("1e300"),
            new JsonValue.Num("2147483647"),
            new JsonValue.Num("99999999999999999999"),
            new JsonValue.Str(""),
            new JsonValue.Arr(List.of()),
            new JsonValue.Arr(List.of(new JsonValue.Null())),
            JsonValue.of(Map.of("rope_type", "llama3")));
    int read = 0;
    for (int round = 0; round < 300; round++) {
      String name = TestModels.names().get(random.nextInt(0, TestModels.names().size()));
      byte[] json = Files.readAllBytes(TestModels.directory(name).resolve("config.json"));
      SequencedMap<String, JsonValue> members =
          new LinkedHashMap<>(JsonParser.parseObject(json).members());
      List<String> keys = List.copyOf(members.keySet());
      for (int i = random.nextInt(1, 3); i > 0; i--) {
        members.put(
            keys.get(random.nextInt(0, keys.size())),
            replacements.get(random.nextInt(0, replacements.size())));
      }
      String text = JsonWriter.compact(new JsonValue.Obj(members));
      try {
        LlamaConfiguration configuration =
            LlamaConfiguration.parse(text.getBytes(StandardCharsets.UTF_8), "config.json");
        assertEquals(configuration.layers(), configuration.attention().windows().size(), text);
        read++;
      } catch (InvalidModelException e) {
        assertFalse(e.problems().isEmpty(), text);
      } catch (RuntimeException e) {
        throw new AssertionError(random + ": " + text, e);
      }
    }
    assertTrue(read > 0 && read < 300, random + ": " + read + " of 300 were read");
  }

  @Test
  void frequenciesAreThoseOfTheDefinition() {
    Rotary rotary = new Rotary(8, 10_000, new RotaryScaling.None(), Rotary.Pairing.HALVES);
    float[] plain = RotaryTable.inverseFrequencies(rotary, 3000);
    assertArrayEquals(new float[] {1f, 0.1f, 0.01f, 0.001f}, plain, 1e-8f);
    RotaryTable.Angles angles = new RotaryTable(rotary).upTo(3000);
    float[] head = {1, 2, 3, 4, 5, 6, 7, 8};
    angles.rotate(2999, head, 0);
    for (int i = 0; i < 4; i++) {
      double angle = 2999 * Math.pow(10_000, -i / 4.0);
      double first = 1 + i;
      double second = 5 + i;
      assertEquals(first * Math.cos(angle) - second * Math.sin(angle), head[i], 1e-3);
      assertEquals(second * Math.cos(angle) + first * Math.sin(angle), head[4 + i], 1e-3);
    }
  }
}
