// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static io.github.quant4j.model.family.ChangedConfigurations.LLAMA;
import static io.github.quant4j.model.family.ChangedConfigurations.QWEN3;
import static io.github.quant4j.model.family.ChangedConfigurations.parse;
import static io.github.quant4j.model.family.ChangedConfigurations.problems;
import static io.github.quant4j.model.family.ChangedConfigurations.warnings;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.config.InvalidModelException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, passed over or warned about in configurations, and how it is told. */
class ConfigurationProblemsTest {
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
        "{'model_type': 'qwen2'} | 'model_type': \"qwen2\", expected 'llama' as 'architectures'"
            + " says LlamaForCausalLM",
        "{'hidden_act': 'mish'} | 'hidden_act': \"mish\", expected one of [silu, swish, gelu,"
            + " gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu, relu, relu2]",
        "{'hidden_act': 5} | 'hidden_act': 5, expected a string",
        "{'num_attention_heads': 7} | 'num_attention_heads': 7, expected a divisor of"
            + " 'hidden_size', which is 64, or a value for 'head_dim'",
        "{'num_key_value_heads': 3} | 'num_key_value_heads': 3, expected a divisor of"
            + " 'num_attention_heads', which is 8",
        "{'head_dim': 7} | 'head_dim': 7, expected an even number of channels to rotate, at most 7,"
            + " found 7",
        "{'head_dim': 16777216} | 'head_dim': 16777216, expected at most 2097152 with 8 attention"
            + " heads",
        "{'rms_norm_eps': 0} | 'rms_norm_eps': 0, expected a positive number",
        "{'attention_bias': 'yes'} | 'attention_bias': \"yes\", expected true or false",
        "{'tie_word_embeddings': 1} | 'tie_word_embeddings': 1, expected true or false",
        "{'eos_token_id': [1, 100]} | 'eos_token_id': [1,100], expected whole numbers from -1 to"
            + " 99, one or an array of them",
        "{'bos_token_id': -2} | 'bos_token_id': -2, expected a whole number from 0 to 99",
        "{'eos_token_id': [-2]} | 'eos_token_id': [-2], expected whole numbers from -1 to 99, one"
            + " or an array of them",
        "{'rope_theta': 1e4, 'rope_parameters': {'rope_theta': 2e4}} | 'rope_theta': 1e4, expected"
            + " the same as 'rope_parameters.rope_theta', 20000.0",
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
        "{'partial_rotary_factor': 0.5} | 'partial_rotary_factor': 0.5, expected nothing (null):"
            + " the model rotates 8 of 8 channels of a head"
      })
  void aProblemIsNamedOnce(String changes, String problem) {
    assertEquals(List.of(problem), problems(LLAMA, changes));
  }

  /** One problem each, which begins with the member and ends with what was expected of it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_scaling': {'factor': 2}} | 'rope_scaling.rope_type': missing, expected",
        "{'rope_scaling': {'type': 'spiral', 'factor': 2}}"
            + " | 'rope_scaling.type': \"spiral\", expected",
        "{'rope_scaling': {'type': 'yarn'}} | 'rope_scaling.factor': missing, expected",
        "{'rope_scaling': {'type': 'longrope'}} | 'rope_scaling.short_factor': missing, expected",
        "{'intermediate_size': -3} | 'intermediate_size': -3, expected a whole number from 1 to",
      })
  void membersOfSectionsAreNamedWithThem(String changes, String beginning) {
    List<String> problems = problems(LLAMA, changes);
    assertTrue(problems.stream().anyMatch(text -> text.startsWith(beginning)), problems + "");
    assertEquals(problems.stream().distinct().toList(), problems);
  }

  @Test
  void anUnknownFamilyIsToldWhatIsKnownAndHowToAddIt() {
    List<String> problems = problems(LLAMA, "{'architectures': ['FooForCausalLM']}");
    assertEquals(1, problems.size(), problems.toString());
    String problem = problems.getFirst();
    assertTrue(
        problem.startsWith("'architectures': [\"FooForCausalLM\"], expected one of Llama"),
        problem);
    assertTrue(problem.contains("Qwen3ForCausalLM"), problem);
    assertTrue(problem.contains("docs/families.md"), problem);
    assertTrue(problem.contains("quant4j-family.json"), problem);
    List<String> types = problems(LLAMA, "{'architectures': '-', 'model_type': 'lama'}");
    assertTrue(types.getFirst().startsWith("'model_type': \"lama\", expected one of"), types + "");
    assertTrue(types.getFirst().contains("; did you mean 'llama'?"), types + "");
  }

  /** Where a value comes from several members, all of them are told. */
  @Test
  void anExpressionIsToldWithItsMembers() {
    List<String> problems =
        problems(
            LLAMA,
            "{'architectures': ['GraniteForCausalLM'], 'model_type': 'granite',"
                + " 'logits_scaling': -8}");
    assertEquals(
        List.of(
            "'1 / (logits_scaling ?? 1)': -0.125, expected a positive number; 'logits_scaling' is"
                + " -8"),
        problems);
    assertEquals(
        List.of(
            "logits_scaling ?? 1 in '1 / (logits_scaling ?? 1)': 0, expected a number other"
                + " than 0; 'logits_scaling' is 0"),
        problems(
            LLAMA,
            "{'architectures': ['GraniteForCausalLM'], 'model_type': 'granite',"
                + " 'logits_scaling': 0}"));
    assertEquals(
        List.of(
            "'num_key_value_heads': missing, which means 32, expected a divisor of"
                + " 'num_attention_heads', which is 8"),
        problems(QWEN3, "{'num_key_value_heads': '-'}"));
  }

  /** Sizes that are possible one by one, but not together. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Mixtral | {'num_local_experts': 65536, 'num_hidden_layers': 100} | 'num_local_experts':"
            + " 65536, expected at most 131072 in all layers",
        "OPT | {'max_position_embeddings': 2147483647, 'ffn_dim': 96} | 'max_position_embeddings':"
            + " 2147483647, expected at most 2146435063",
        "DeepseekV2 | {'v_head_dim': 16777216} | 'num_attention_heads': 8, expected at most 0 heads"
            + " of 192 and 16777216 channels",
        "Olmo | {'num_attention_heads': 16777216, 'head_dim': 4} | 'head_dim': 4, expected at most"
            + " 1 with 16777216 attention heads",
      })
  void sizesTogetherAreLimited(String family, String changes, String problem) {
    String base = LLAMA.replace("Llama", family);
    List<String> problems = problems(base.replace("\"model_type\": \"llama\",", ""), changes);
    assertTrue(problems.contains(problem), problems.toString());
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
    List<String> problems = problems(LLAMA, "{'" + member + "': " + value + "}");
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().startsWith("'" + member), problems.getFirst());
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
    assertEquals(List.of(), warnings(LLAMA, changes));
  }

  @Test
  void unknownMembersAreWarnings() {
    List<String> warnings =
        warnings(LLAMA, "{'my_twist': 0.5, 'other': {'a': 1}, 'use_cache': true}");
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.getFirst().startsWith("'my_twist': 0.5 is not known"), warnings.toString());
  }

  @Test
  void allProblemsAreToldTogether() {
    InvalidModelException e =
        assertThrows(
            InvalidModelException.class,
            () ->
                parse(
                    LLAMA,
                    "{'vocab_size': 0, 'hidden_act': 'mish', 'rope_theta': -1,"
                        + " 'rope_scaling': {'rope_type': 'llama3', 'factor': 8}}"));
    assertEquals(6, e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().startsWith("config.json: 6 problems:\n  'vocab_size'"), e + "");
  }

  /** Kinds of layers must be as many as layers, known, and what the other members say. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "['sliding_attention', 'full_attention', 'full_attention', 'full_attention']",
        "['full_attention']",
        "['full_attention', 'full_attention', 'full_attention', 'full_attention',"
            + " 'full_attention']",
        "['linear', 'linear', 'linear', 'linear']",
        "'full_attention'",
        "[1, 2, 3, 4]",
      })
  void layerTypesMustBeThoseOfTheLayers(String types) {
    List<String> problems = problems(QWEN3, "{'layer_types': " + types + "}");
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().contains("'layer_types'"), problems.getFirst());
    assertTrue(problems.getFirst().contains("expected"), problems.getFirst());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "null", "{\"architectures\": 5}", "{}", "\u0000", "\"a\""})
  void whatIsNoConfigurationIsRefused(String text) {
    assertThrows(
        InvalidModelException.class,
        () ->
            DecoderConfigurationReader.parse(text.getBytes(StandardCharsets.UTF_8), "config.json"));
  }
}
