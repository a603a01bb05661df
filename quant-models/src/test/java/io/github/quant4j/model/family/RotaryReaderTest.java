// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read and refused; the numbers are the business of {@link RotaryReferenceTest}. */
class RotaryReaderTest {
  private static final List<String> FULL = List.of("full_attention");
  private static final List<String> BOTH = List.of("full_attention", "sliding_attention");

  private static ConfigurationValues values(String json) {
    return new ConfigurationValues((JsonValue.Obj) JsonParser.parse(json.replace('\'', '"')));
  }

  private static SequencedMap<String, Rotary> read(String family, String json, List<String> types) {
    ConfigurationValues values = values(json);
    SequencedMap<String, Rotary> read =
        RotaryReader.read(
            values, RotaryFamilies.of(family), new RotaryReader.Shape(16, 128, types));
    assertEquals(List.of(), values.problems());
    assertEquals(List.of(), values.unread());
    assertEquals(types, List.copyOf(read.keySet()));
    return read;
  }

  private static List<String> problems(String family, String json, List<String> types) {
    ConfigurationValues values = values(json);
    RotaryReader.read(values, RotaryFamilies.of(family), new RotaryReader.Shape(16, 128, types));
    return values.problems();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | {} | 16 | 10000 | None[]",
        "llama | {'rope_theta': 5e5, 'rope_scaling': null} | 16 | 5e5 | None[]",
        "llama | {'rope_scaling': {'type': 'default'}} | 16 | 10000 | None[]",
        "llama | {'rope_scaling': {'type': 'linear', 'factor': 4}} | 16 | 10000"
            + " | Linear[factor=4.0]",
        "llama | {'rope_parameters': {'rope_theta': 2e4, 'rope_type': 'linear', 'factor': 2}} | 16"
            + " | 20000 | Linear[factor=2.0]",
        "llama | {'rope_scaling': {'rope_type': 'linear', 'factor': 2, 'rope_theta': 500}} | 16"
            + " | 500 | Linear[factor=2.0]",
        "llama | {'rope_parameters': {'full_attention': {'rope_theta': 500}, 'sliding_attention':"
            + " {'rope_theta': 7}}} | 16 | 500 | None[]",
        "llama | {'rope_parameters': {'rope_theta': 500, 'factor': 1.0, 'finetuned': true,"
            + " 'partial_rotary_factor': 1.0, 'beta_fast': null}} | 16 | 500 | None[]",
        "llama | {'rope_theta': 500, 'rotary_emb_base': 500, 'rotary_pct': 1, 'rotary_dim': 16}"
            + " | 16 | 500 | None[]",
        "llama | {'rope_scaling': {'type': 'dynamic', 'factor': 2}} | 16 | 10000"
            + " | Dynamic[factor=2.0, maximumPositions=128]",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 1}} | 16 | 10000"
            + " | Yarn[factor=1.0, originalMaximumPositions=128, betaFast=32.0, betaSlow=1.0,"
            + " truncate=true, attentionFactor=1.0, magnitudeAllDimensions=0.0]",
        "llama | {'original_max_position_embeddings': 64, 'rope_scaling': {'type': 'yarn',"
            + " 'factor': 2, 'attention_factor': 0.5, 'mscale_all_dim': 0.7, 'truncate': false}}"
            + " | 16 | 10000 | Yarn[factor=2.0, originalMaximumPositions=64, betaFast=32.0,"
            + " betaSlow=1.0, truncate=false, attentionFactor=0.5, magnitudeAllDimensions=0.7]",
        // What is outside is the original context of no single type of layers.
        "llama | {'original_max_position_embeddings': 64, 'rope_parameters': {'full_attention':"
            + " {'rope_type': 'yarn', 'factor': 1}}} | 16 | 10000"
            + " | Yarn[factor=1.0, originalMaximumPositions=128, betaFast=32.0, betaSlow=1.0,"
            + " truncate=true, attentionFactor=1.0, magnitudeAllDimensions=0.0]",
        "gpt_neox | {} | 4 | 10000 | None[]",
        "gpt_neox | {'rotary_emb_base': 500, 'rotary_pct': 0.5} | 8 | 500 | None[]",
        "gpt_neox | {'rope_parameters': {'rope_theta': 500, 'partial_rotary_factor': 1}} | 16"
            + " | 500 | None[]",
        "gptj | {'rotary_dim': 6} | 6 | 10000 | None[]",
        "phi | {'partial_rotary_factor': 0.75, 'rope_theta': 500, 'rope_scaling': null} | 12 | 500"
            + " | None[]",
        "phi3 | {'original_max_position_embeddings': 4096} | 16 | 10000 | None[]",
        "phi3 | {'partial_rotary_factor': 0.25, 'rope_scaling': {'type': 'su', 'factor': 1,"
            + " 'short_factor': [1, 2], 'long_factor': [3, 4.5],"
            + " 'original_max_position_embeddings': 32}} | 4 | 10000"
            + " | LongRope[shortFactors=[1.0, 2.0], longFactors=[3.0, 4.5],"
            + " originalMaximumPositions=32, attentionFactor=1.0]",
        // As it was published, with members that nothing reads.
        "hunyuan_v1_dense | {'rope_scaling': {'alpha': 1000.0, 'beta_fast': 32, 'beta_slow': 1,"
            + " 'factor': 1.0, 'mscale': 1.0, 'mscale_all_dim': 1.0, 'type': 'dynamic'}} | 16"
            + " | 10000 | Stretched[alpha=1000.0]",
        "hunyuan_v1_dense | {'rope_scaling': {'type': 'dynamic', 'factor': 2}} | 16 | 10000"
            + " | Dynamic[factor=2.0, maximumPositions=128]",
      })
  void everySpellingIsRead(String family, String json, int width, double theta, String scaling) {
    Rotary rotary = read(family, json, FULL).firstEntry().getValue();
    assertEquals(width, rotary.width());
    assertEquals(theta, rotary.theta());
    assertEquals(scaling, rotary.scaling().toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Scaling and the base of the file are those of the layers that see everything.
        "gemma3_text | {} | 1e6 None[] | 10000 None[]",
        "gemma3_text | {'rope_theta': 500, 'rope_local_base_freq': 7, 'rope_scaling':"
            + " {'rope_type': 'linear', 'factor': 8}} | 500 Linear[factor=8.0] | 7 None[]",
        "gemma3_text | {'rope_parameters': {'sliding_attention': {}, 'full_attention': {}}}"
            + " | 1e6 None[] | 10000 None[]",
        "gemma3_text | {'rope_local_base_freq': 7, 'rope_theta': 500, 'rope_parameters':"
            + " {'sliding_attention': {'rope_theta': 7}, 'full_attention': {}}}"
            + " | 500 None[] | 7 None[]",
        "olmo3 | {'rope_theta': 300, 'rope_scaling': {'type': 'linear', 'factor': 2}}"
            + " | 300 Linear[factor=2.0] | 500000 None[]",
        "olmo3 | {'rope_theta': 300, 'rope_parameters': {'sliding_attention': {},"
            + " 'full_attention': {}}} | 300 None[] | 500000 None[]",
        // Elsewhere one object is for all layers.
        "qwen3 | {'rope_theta': 300, 'rope_scaling': {'type': 'linear', 'factor': 2}}"
            + " | 300 Linear[factor=2.0] | 300 Linear[factor=2.0]",
        "qwen3 | {'rope_parameters': {'full_attention': {'rope_theta': 5, 'rope_type': 'linear',"
            + " 'factor': 3}, 'sliding_attention': {'rope_theta': 7},"
            + " 'chunked_attention': {'what': 1}}} | 5 Linear[factor=3.0] | 7 None[]",
      })
  void typesOfLayersMayDiffer(String family, String json, String full, String sliding) {
    SequencedMap<String, Rotary> read = read(family, json, BOTH);
    assertEquals(rotary(full), read.get("full_attention"));
    assertEquals(rotary(sliding), read.get("sliding_attention"));
  }

  private static Rotary rotary(String told) {
    String[] parts = told.split(" ", 2);
    RotaryScaling scaling =
        parts[1].equals("None[]")
            ? new RotaryScaling.None()
            : new RotaryScaling.Linear(
                Double.parseDouble(parts[1].replaceAll("Linear\\[factor=|]", "")));
    return new Rotary(16, Double.parseDouble(parts[0]), scaling, Rotary.Pairing.HALVES);
  }

  @Test
  void neighboursArePairsWhereTheFamilySaysSo() {
    assertEquals(
        new Rotary(16, 500_000, new RotaryScaling.None(), Rotary.Pairing.INTERLEAVED),
        read("cohere", "{}", FULL).get("full_attention"));
  }

  @Test
  void aKindMayHoldWhereTheFileIsSilent() {
    RotaryOptions options =
        RotaryOptions.USUAL.withScaling(new RotaryScaling.Yarn(32, 4096, 32, 1, false, 1, 0));
    RotaryReader.Shape shape = new RotaryReader.Shape(16, 128, FULL);
    ConfigurationValues silent = values("{'rope_theta': 500}");
    assertEquals(
        new Rotary(16, 500, options.scaling(), Rotary.Pairing.HALVES),
        RotaryReader.read(silent, options, shape).get("full_attention"));
    ConfigurationValues stated = values("{'rope_parameters': {'rope_type': 'default'}}");
    assertEquals(
        new RotaryScaling.None(),
        RotaryReader.read(stated, options, shape).get("full_attention").scaling());
    ConfigurationValues bad = values("{'rope_theta': 1}");
    RotaryReader.read(bad, options, shape);
    assertEquals(List.of("'rope_theta': 1, expected more than 1"), bad.problems());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | {'rope_theta': 0} | 'rope_theta': 0, expected a positive number",
        "llama | {'rope_theta': 0.5} | 'rope_theta': 0.5, expected a base from 1 to 3.4028235E38",
        "llama | {'rope_parameters': {'rope_theta': 1e39}} | 'rope_parameters.rope_theta': 1e39,"
            + " expected a base from 1 to 3.4028235E38",
        "llama | {'rope_scaling': {'type': 'dynamic', 'factor': 1e7}} | 'rope_scaling.factor':"
            + " 1e7, expected a number from 1.0E-6 to 1000000.0",
        "hunyuan_v1_dense | {'rope_scaling': {'type': 'dynamic', 'alpha': 0.5}}"
            + " | 'rope_scaling.alpha': 0.5, expected at least 1",
        "llama | {'rope_parameters': 5} | 'rope_parameters': 5, expected an object or null",
        "llama | {'rope_theta': 1e4, 'rope_parameters': {'rope_theta': 2e4}} | 'rope_theta': 1e4,"
            + " expected the same as 'rope_parameters.rope_theta', 20000.0",
        "llama | {'rope_scaling': {'factor': 2}} | 'rope_scaling.rope_type': missing, expected"
            + " \"default\", \"linear\", \"llama3\", \"dynamic\", \"yarn\" or \"longrope\", the"
            + " kinds that the runtime has",
        "llama | {'rope_scaling': {'type': 'proportional', 'x': 2}} | 'rope_scaling.type':"
            + " \"proportional\", expected \"default\", \"linear\", \"llama3\", \"dynamic\","
            + " \"yarn\" or \"longrope\", the kinds that the runtime has",
        "llama | {'rope_scaling': {'type': 'linear', 'rope_type': 'dynamic', 'factor': 2}}"
            + " | 'rope_scaling.type': \"linear\", expected the same as 'rope_type', \"dynamic\"",
        "llama | {'rope_scaling': {'type': 'linear', 'factor': 2}, 'rope_parameters': {}}"
            + " | 'rope_scaling': {\"type\":\"linear\",\"factor\":2}, expected nothing, or the"
            + " same as 'rope_parameters'",
        "llama | {'rope_scaling': {'type': 'linear', 'factor': 0.5}} | 'rope_scaling.factor': 0.5,"
            + " expected at least 1",
        "llama | {'rope_scaling': {'type': 'linear'}} | 'rope_scaling.factor': missing, expected a"
            + " positive number",
        "llama | {'rope_scaling': {'type': 'dynamic'}} | 'rope_scaling.factor': missing, expected"
            + " a positive number",
        "llama | {'rope_scaling': {'type': 'yarn'}} | 'rope_scaling.factor': missing, expected a"
            + " positive number",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': null,"
            + " 'original_max_position_embeddings': 256}} | 'rope_scaling.factor': null, expected"
            + " at least 1, where the ratio of the contexts is 0.5",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 2, 'beta_fast': 0.5}}"
            + " | 'rope_scaling.beta_fast': 0.5, expected a 'beta_fast' of at least 'beta_slow',"
            + " found 0.5 and 1.0",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 2, 'beta_slow': 50}}"
            + " | 'rope_scaling.beta_slow': 50, expected a 'beta_fast' of at least 'beta_slow',"
            + " found 32.0 and 50.0",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 2, 'truncate': null}}"
            + " | 'rope_scaling.truncate': null, expected true or false",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 2, 'mscale': -1}}"
            + " | 'rope_scaling.mscale': -1, expected a positive number",
        "llama | {'rope_scaling': {'type': 'yarn', 'factor': 2, 'attention_factor': 0}}"
            + " | 'rope_scaling.attention_factor': 0, expected a positive number",
        "llama | {'rope_theta': 1, 'rope_scaling': {'type': 'yarn', 'factor': 2}}"
            + " | 'rope_scaling.type': \"yarn\", expected another kind, or a base of more than 1"
            + " for this one",
        "llama | {'original_max_position_embeddings': 64, 'rope_scaling': {'type': 'yarn',"
            + " 'factor': 2, 'original_max_position_embeddings': 32}}"
            + " | 'rope_scaling.original_max_position_embeddings': 32, expected the same as"
            + " outside of the object, 64",
        "llama | {'rope_scaling': {'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 1,"
            + " 'high_freq_factor': 4}} | 'rope_scaling.original_max_position_embeddings':"
            + " missing, expected a whole number of at least 1",
        "llama | {'rope_scaling': {'rope_type': 'llama3', 'factor': 8, 'low_freq_factor': 4,"
            + " 'high_freq_factor': 4, 'original_max_position_embeddings': 8}}"
            + " | 'rope_scaling.high_freq_factor': 4, expected more than 'low_freq_factor', which"
            + " is 4.0",
        "phi3 | {'rope_scaling': {'type': 'longrope', 'short_factor': [1, 1, 1, 1, 1, 1, 1, 1],"
            + " 'long_factor': [1, 1, 1, 1, 1, 1, 1, 1]}}"
            + " | 'rope_scaling.original_max_position_embeddings': missing, expected a whole"
            + " number of at least 2",
        "phi3 | {'original_max_position_embeddings': 1, 'rope_scaling': {'type': 'longrope',"
            + " 'short_factor': [1, 1, 1, 1, 1, 1, 1, 1], 'long_factor': [1, 1, 1, 1, 1, 1, 1,"
            + " 1]}} | 'rope_scaling.original_max_position_embeddings': missing, expected a whole"
            + " number of at least 2",
        "phi3 | {'partial_rotary_factor': 0.25, 'rope_scaling': {'type': 'longrope',"
            + " 'original_max_position_embeddings': 8, 'short_factor': [1, 0], 'long_factor': [1,"
            + " 1]}} | 'rope_scaling.short_factor': [1,0], expected an array of positive numbers,"
            + " one for each of 2 channel pairs",
        "phi3 | {'partial_rotary_factor': 0.25, 'rope_scaling': {'type': 'longrope',"
            + " 'original_max_position_embeddings': 8, 'short_factor': [1, 1], 'long_factor':"
            + " [1]}} | 'rope_scaling.long_factor': [1], expected an array of positive numbers,"
            + " one for each of 2 channel pairs",
        "phi | {'partial_rotary_factor': 0.125, 'rope_scaling': {'type': 'dynamic', 'factor': 2}}"
            + " | 'rope_scaling.type': \"dynamic\", expected a kind that does not stretch the"
            + " base, as heads rotate 2 channels only",
        "phi | {'partial_rotary_factor': 0.2} | 'partial_rotary_factor': 0.2, expected at most 1,"
            + " and such that an even number of 16 channels is rotated, found 3",
        "phi | {'rope_parameters': {'partial_rotary_factor': 1.5}}"
            + " | 'rope_parameters.partial_rotary_factor': 1.5, expected at most 1, and such that"
            + " an even number of 16 channels is rotated, found 24",
        "phi | {'partial_rotary_factor': 0.5, 'rope_parameters': {'partial_rotary_factor': 1}}"
            + " | 'partial_rotary_factor': 0.5, expected the same as in the object for rotary"
            + " embeddings, 1.0",
        "gptj | {'rotary_dim': 7} | 'rotary_dim': 7, expected an even number of channels to"
            + " rotate, at most 16, found 7",
        "gptj | {'rotary_dim': 18} | 'rotary_dim': 18, expected an even number of channels to"
            + " rotate, at most 16, found 18",
        "gptj | {} | 'rotary_dim': missing, expected an even number of channels to rotate, at most"
            + " 16, found 64",
        "gemma3_text | {'rope_parameters': {'rope_theta': 500}} | 'rope_parameters':"
            + " {\"rope_theta\":500}, expected an object for each type of layer",
      })
  void aProblemIsNamedOnce(String family, String json, String problem) {
    assertEquals(List.of(problem), problems(family, json, FULL));
  }

  /** Members that a kind or a family does not read, and those that say something else. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | 'rope_parameters.base' | {'rope_parameters': {'base': 500}}",
        "llama | 'rope_parameters.factor' | {'rope_parameters': {'factor': 8}}",
        "llama | 'rope_parameters.mrope_section' | {'rope_parameters': {'mrope_section': [1, 2]}}",
        "llama | 'rope_scaling.attention_factor' | {'rope_scaling': {'type': 'linear', 'factor':"
            + " 8, 'attention_factor': 0.5}}",
        "llama | 'rope_scaling.alpha' | {'rope_scaling': {'type': 'dynamic', 'factor': 1, 'alpha':"
            + " 50}}",
        "llama | 'rope_scaling.truncate' | {'rope_scaling': {'type': 'dynamic', 'factor': 1,"
            + " 'truncate': true}}",
        "llama | 'rope_scaling.short_factor' | {'rope_scaling': {'type': 'yarn', 'factor': 2,"
            + " 'short_factor': [1, 2]}}",
        "phi3 | 'rope_scaling.short_mscale' | {'partial_rotary_factor': 0.25, 'rope_scaling':"
            + " {'type': 'longrope', 'original_max_position_embeddings': 8, 'short_factor': [1,"
            + " 1], 'long_factor': [1, 1], 'short_mscale': 1.2}}",
        "hunyuan_v1_dense | 'rope_scaling.factor' | {'rope_scaling': {'type': 'dynamic', 'alpha':"
            + " 50, 'factor': 2}}",
        "hunyuan_v1_dense | 'rope_scaling.mscale' | {'rope_scaling': {'type': 'dynamic', 'alpha':"
            + " 50, 'mscale': 0.7}}",
        "llama | 'partial_rotary_factor' | {'partial_rotary_factor': 0.5}",
        "llama | 'rope_parameters.partial_rotary_factor' | {'rope_parameters':"
            + " {'partial_rotary_factor': 0.5}}",
        "llama | 'rotary_pct' | {'rotary_pct': 0.25}",
        "llama | 'rotary_dim' | {'rotary_dim': 4}",
        "llama | 'rotary_emb_base' | {'rotary_emb_base': 500}",
        "llama | 'rope_base' | {'rope_theta': 300, 'rope_base': 500}",
        "llama | 'rope_local_base_freq' | {'rope_local_base_freq': 10000}",
        "olmo3 | 'rope_local_base_freq' | {'rope_local_base_freq': 10000}",
        "gemma3_text | 'local_rope_theta' | {'local_rope_theta': 10000}",
        "gpt_neox | 'rope_theta' | {'rope_theta': 500}",
        "gpt_neox | 'partial_rotary_factor' | {'partial_rotary_factor': 0.5}",
        "gptj | 'rotary_pct' | {'rotary_dim': 8, 'rotary_pct': 0.25}",
        "llama | 'rope_parameters.rope_theta' | {'rope_parameters': {'full_attention': {},"
            + " 'rope_theta': 500}}",
        "llama | 'rope_parameters.full_attention' | {'rope_parameters': {'sliding_attention':"
            + " {}}}",
        "llama | 'rope_parameters.full_attention' | {'rope_parameters': {'full_attention':"
            + " null}}",
        "llama | 'rope_parameters.full_attention' | {'rope_parameters': {'full_attention': 7}}",
        "llama | 'rope_parameters.full_attention.base' | {'rope_parameters': {'full_attention':"
            + " {'base': 7}}}",
        "gemma3_text | 'rope_theta' | {'rope_theta': 7, 'rope_parameters': {'full_attention':"
            + " {'rope_theta': 8}}}",
      })
  void membersThatChangeNumbersAreRefusedByName(String family, String member, String json) {
    List<String> problems = problems(family, json, FULL);
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.getFirst().startsWith(member + ": "), problems.getFirst());
  }

  @Test
  void contradictionsOfWindowedLayersAreRefused() {
    List<String> problems =
        problems(
            "gemma3_text",
            "{'rope_local_base_freq': 7, 'rope_parameters': {'full_attention': {},"
                + " 'sliding_attention': {'rope_theta': 8}}}",
            BOTH);
    assertEquals(
        List.of(
            "'rope_local_base_freq': 7, expected the same as"
                + " 'rope_parameters.sliding_attention.rope_theta', 8.0"),
        problems);
  }

  /** What is stated once is told once, however many types of layers there are. */
  @Test
  void allProblemsAreToldTogetherAndOnce() {
    List<String> problems =
        problems(
            "phi",
            "{'rope_theta': -1, 'partial_rotary_factor': 0.2, 'rope_parameters': {'full_attention':"
                + " {'rope_type': 'linear'}, 'sliding_attention': {'x': 5}}}",
            BOTH);
    assertEquals(4, problems.size(), problems.toString());
  }

  /** After a problem with the width of a head only that is told, by whoever read it. */
  @Test
  void unknownHeadWidthsAreNoProblemOfTheirOwn() {
    ConfigurationValues values =
        values(
            "{'partial_rotary_factor': 0.3, 'rotary_dim': 7, 'rope_scaling': {'type': 'longrope',"
                + " 'original_max_position_embeddings': 8, 'short_factor': [1], 'long_factor':"
                + " [1]}}");
    Map<String, Rotary> read =
        RotaryReader.read(values, RotaryFamilies.of("phi"), new RotaryReader.Shape(0, 128, BOTH));
    assertEquals(List.of(), values.problems());
    assertEquals(BOTH, List.copyOf(read.keySet()));
  }
}
