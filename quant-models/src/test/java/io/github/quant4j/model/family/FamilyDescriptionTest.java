// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Descriptions that come from anywhere: read, or refused with the place. */
class FamilyDescriptionTest {
  private static final String HEAD = "{'architecture': 'FooForCausalLM'";

  private static Families with(String json) {
    return Families.builtIn().with("foo", json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'option': {} | 'option' | did you mean 'options'?",
        "'meaning': {} | 'meaning' | expected one of [about,",
        "'options': [] | 'options': [] | expected an object",
        "'options': {'head_widht': 8} | 'options.head_widht' | did you mean 'head_width'?",
        "'options': {'zzz': 8} | 'options.zzz' | expected one of [activation,",
        "'options': {'heads': '1 +'} | 'options.heads' | at 3",
        "'options': {'heads': 'max(1)'} | 'options.heads' | max",
        "'options': {'heads': 'a b'} | 'options.heads' | expected",
        "'options': {'heads': [1]} | 'options.heads': [1] | expected an expression, a number",
        "'options': {'heads': {}} | 'options.heads': {} | expected an expression, a number",
        "'tensors': {'quary': 'x'} | 'tensors.quary' | did you mean 'query'?",
        "'tensors': {'query': 5} | 'tensors.query': 5 | expected a name",
        "'tensors': {'query': null} | 'tensors.query': null | expected a name",
        "'tensors': {'query': ''} | 'tensors.query' | expected a name",
        "'tensors': {'query': '{block}.q.{expert}'} | 'tensors.query' | [{block}, {layer}]",
        "'tensors': {'query': '{blok}.q'} | 'tensors.query' | [{block}, {layer}]",
        "'tensors': {'query': '{block.q'} | 'tensors.query' | [{block}, {layer}]",
        "'tensors': {'query': 'q}'} | 'tensors.query' | [{block}, {layer}]",
        "'tensors': {'expert_up': '{block}.up'} | 'tensors.expert_up' | a name with {expert}",
        "'tensors': {'block': 'layers'} | 'tensors.block' | ends with {layer}",
        "'tensors': {'block': '{block}.{layer}'} | 'tensors.block' | [{layer}]",
        "'tensors': {'block': {'if': true, 'then': 'a.{layer}', 'else': 'b.{layer}'}}"
            + " | 'tensors.block' | one name",
        "'tensors': {'sinks': {'if': 'a'}} | 'tensors.sinks' | 'if', 'then' and 'else'",
        "'tensors': {'sinks': {'if': '(', 'then': null, 'else': null}} | 'tensors.sinks.if' | at",
        "'tensors': {'sinks': {'if': 'a', 'then': 5, 'else': null}} | 'tensors.sinks.then': 5"
            + " | a name",
        "'tensors': {'up': {'if': 'a', 'then': 'x', 'else': null}} | 'tensors.up' | a name",
        "'extends': 'lama' | 'extends': \"lama\" | did you mean 'llama'?",
        "'extends': 'foo' | 'extends': \"foo\" | a family cannot extend itself",
        "'extends': ['llama', 'qwen2'] | 'extends' | expected a string",
        "'extends': null | 'extends': null | expected a string",
        "'about': 5 | 'about': 5 | expected a string",
        "'model_type': 5 | 'model_type': 5 | expected a string or an array",
        "'model_type': [5] | 'model_type': [5] | expected a string or an array",
        "'members': {'a': 5} | 'members.a': 5 | expected a string or an array",
        "'members': 'a' | 'members': \"a\" | expected an object",
        "'members': {'layer': 'a'} | 'members.layer' | the number of the layer",
        "'defaults': {'layer': 1} | 'defaults.layer' | the number of the layer",
        "'defaults': 1 | 'defaults': 1 | expected an object",
        "'expect': {'a': 5} | 'expect.a': 5 | expected an array",
        "'expect': {'a': []} | 'expect.a': [] | expected an array",
        "'harmless': {} | 'harmless': {} | expected a string or an array",
        "'harmless': [''] | 'harmless' | none of them empty",
        "'rotary': {'thta': 5} | 'rotary.thta' | did you mean 'theta'?",
        "'rotary': {'theta': '5'} | 'rotary.theta': \"5\" | a positive number",
        "'rotary': {'theta': 0} | 'rotary.theta': 0 | a positive number",
        "'rotary': {'theta': 1e999} | 'rotary.theta': 1e999 | a positive number",
        "'rotary': {'theta_member': 5} | 'rotary.theta_member': 5 | the name of a member",
        "'rotary': {'fraction': 1.5} | 'rotary.fraction': 1.5 | at most 1",
        "'rotary': {'fraction_member': 'a'} | 'rotary.fraction_member' | 'rotary.fraction' beside",
        "'rotary': {'channels': 4} | 'rotary.channels' | 'rotary.channels_member' beside it",
        "'rotary': {'channels_member': 'a'} | 'rotary.channels_member' | 'rotary.channels' beside",
        "'rotary': {'channels_member': 'a', 'channels': 3} | 'rotary.channels': 3 | an even",
        "'rotary': {'channels_member': 'a', 'channels': 4, 'fraction': 1} | 'rotary.fraction'"
            + " | nothing beside",
        "'rotary': {'interleaved': 1} | 'rotary.interleaved': 1 | true or false",
        "'rotary': {'alpha': 'yes'} | 'rotary.alpha': \"yes\" | true or false",
        "'rotary': {'windowed_theta_member': 'a'} | 'rotary.windowed_theta_member' | beside it",
      })
  void whatIsMalformedIsRefusedWithItsPlace(String section, String place, String expected) {
    InvalidFamilyException e =
        assertThrows(InvalidFamilyException.class, () -> with(HEAD + ", " + section + "}"));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("family 'foo': "), message);
    assertTrue(message.contains(place), message);
    assertTrue(message.contains(expected), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{", "5", "{'model_type': 'foo'}", "{}", "{'architecture': []}"})
  void whatIsNoDescriptionIsRefused(String text) {
    assertThrows(InvalidFamilyException.class, () -> with(text));
  }

  /** Deep nesting ends in a message too. */
  @Test
  void deepNestingIsRefused() {
    String deep = "(".repeat(100_000) + "1" + ")".repeat(100_000);
    assertThrows(
        InvalidFamilyException.class, () -> with(HEAD + ", 'options': {'heads': '" + deep + "'}}"));
    String arrays = "[".repeat(100_000) + "]".repeat(100_000);
    assertThrows(
        InvalidFamilyException.class, () -> with(HEAD + ", 'defaults': {'a': " + arrays + "}}"));
  }

  /** A description for an architecture that the library knows takes its place. */
  @Test
  void theFilesOwnDescriptionGoesFirst(@TempDir Path directory) throws IOException {
    Files.writeString(
        directory.resolve(Families.FILE),
        """
        {"architecture": "LlamaForCausalLM", "model_type": "llama", "extends": "llama",
         "options": {"logit_factor": 0.25}}
        """);
    JsonValue.Obj config = ChangedConfigurations.changed(ChangedConfigurations.LLAMA, "{}");
    assertEquals(0.25, factor(config, Families.of(directory)));
    assertEquals(1, factor(config, Families.builtIn()));
    Files.writeString(directory.resolve(Families.FILE), "{\"options\": 5}");
    InvalidModelException e =
        assertThrows(InvalidModelException.class, () -> Families.of(directory));
    assertTrue(String.valueOf(e.getMessage()).contains(Families.FILE), e.getMessage());
  }

  private static double factor(JsonValue.Obj config, Families families) {
    return DecoderConfigurationReader.read(config, "config.json", families)
        .configuration()
        .headShape()
        .factor();
  }

  private static final List<JsonValue> REPLACEMENTS =
      List.of(
          new JsonValue.Null(),
          new JsonValue.Bool(true),
          new JsonValue.Num("-1"),
          new JsonValue.Num("1e999"),
          new JsonValue.Str(""),
          new JsonValue.Str("{block}.x"),
          new JsonValue.Str("{"),
          new JsonValue.Str("layer + "),
          new JsonValue.Str("a[layer].b ?? 'x'"),
          new JsonValue.Str("hidden_size"),
          new JsonValue.Arr(List.of()),
          new JsonValue.Arr(List.of(new JsonValue.Str("a"))),
          new JsonValue.Obj(new LinkedHashMap<>()));

  /** Something in it, at any depth, is replaced, renamed or removed. */
  private static JsonValue.Obj damaged(JsonValue.Obj object, SeededRandom random) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object.members());
    List<String> keys = List.copyOf(members.keySet());
    if (keys.isEmpty()) {
      return object;
    }
    String key = keys.get(random.nextInt(0, keys.size()));
    JsonValue old = Objects.requireNonNull(members.get(key));
    if (old instanceof JsonValue.Obj inner && random.nextInt(0, 6) > 0) {
      members.put(key, damaged(inner, random));
    } else if (random.nextInt(0, 5) == 0) {
      members.remove(key);
      members.put(key.substring(random.nextInt(0, key.length())) + "x", old);
    } else if (old instanceof JsonValue.Str(String text) && random.nextInt(0, 2) == 0) {
      int cut = random.nextInt(0, text.length() + 1);
      members.put(
          key, new JsonValue.Str(text.substring(0, cut) + text.substring(text.length() - cut)));
    } else {
      members.put(key, REPLACEMENTS.get(random.nextInt(0, REPLACEMENTS.size())));
    }
    return new JsonValue.Obj(members);
  }

  /** Whatever a description holds, a configuration is read with it or one of two is refused. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void damagedDescriptionsAreRefusedOrRead(long seed) throws IOException {
    SeededRandom random = new SeededRandom(seed);
    List<String> names = new ArrayList<>();
    Families.builtIn().all().forEach(family -> names.add(family.name()));
    JsonValue.Obj config =
        ChangedConfigurations.changed(
            ChangedConfigurations.LLAMA,
            "{'architectures': ['FooForCausalLM'], 'model_type': '-', 'n_head': 8}");
    int read = 0;
    int refused = 0;
    for (int round = 0; round < 500; round++) {
      String name = names.get(random.nextInt(0, names.size()));
      SequencedMap<String, JsonValue> members =
          new LinkedHashMap<>(JsonParser.parseObject(resource(name)).members());
      members.put("architecture", new JsonValue.Str("FooForCausalLM"));
      members.remove("expect");
      JsonValue.Obj damaged = new JsonValue.Obj(members);
      for (int i = random.nextInt(1, 3); i > 0; i--) {
        damaged = damaged(damaged, random);
      }
      String text = JsonWriter.compact(damaged);
      try {
        Families families = Families.builtIn().with("foo", text.getBytes(StandardCharsets.UTF_8));
        read++;
        DecoderConfigurationReader.read(config, "config.json", families);
      } catch (InvalidFamilyException e) {
        refused++;
      } catch (InvalidModelException e) {
        assertEquals(e.problems().stream().distinct().toList(), e.problems(), text);
      } catch (RuntimeException e) {
        throw new AssertionError(random + ": " + name + ": " + text, e);
      }
    }
    assertTrue(read > 50 && refused > 50, random + ": " + read + " read, " + refused + " refused");
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = Families.class.getResourceAsStream("families/" + name + ".json")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }
}
