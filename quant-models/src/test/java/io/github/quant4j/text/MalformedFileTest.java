// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that are broken or ask for too much are refused with one kind of exception. */
class MalformedFileTest {
  private static final String MODEL =
      "'model':{'type':'BPE','vocab':{'a':0,'b':1,'ab':2},'merges':['a b']}";

  private static final List<JsonValue> STRANGE =
      List.of(
          new JsonValue.Bool(true),
          new JsonValue.Num("-1"),
          new JsonValue.Num("0.5"),
          new JsonValue.Num("2147483647"),
          new JsonValue.Num("1e400"),
          new JsonValue.Str(""),
          new JsonValue.Str("\uD800"),
          new JsonValue.Str("(((a+)+)+"),
          new JsonValue.Str("Sequence"),
          new JsonValue.Str("x".repeat(5000)),
          new JsonValue.Arr(List.of()),
          new JsonValue.Obj(new LinkedHashMap<>()));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "[]|expected",
        "{}|model: expected a value",
        "{'model':{'type':'Unigram'}}|model.type: the model 'Unigram' is not supported; supported are BPE and WordPiece",
        "{'model':{'vocab':{'a':-1},'merges':[]}}|model.vocab['a']: expected a whole number",
        "{'model':{'vocab':{'a':0},'merges':['a b']}}|model.merges[0]: 'b' is not",
        "{'model':{'vocab':{'a':0},'merges':['ab']}}|model.merges[0]: expected two tokens",
        "{'model':{'vocab':{'a':0},'merges':[['a']]}}|model.merges[0]: expected an array of two",
        "{'version':'2.0',MODEL}|version: expected 1.0, found '2.0'",
        "{'normalizer':{'type':'Precompiled'},MODEL}|normalizer.type: the normalizer 'Precompiled'",
        "{'pre_tokenizer':{'type':'Split','pattern':{'Regex':'(a'},'behavior':'Isolated',"
            + "'invert':false},MODEL}|pre_tokenizer.pattern",
        "{'pre_tokenizer':{'type':'Split','pattern':{'Regex':'a'},'behavior':'Odd',"
            + "'invert':false},MODEL}|pre_tokenizer.behavior",
        "{'decoder':{'type':'CTC'},MODEL}|decoder.type: the decoder 'CTC'",
        "{'post_processor':{'type':'BertProcessing','cls':['a'],'sep':['b',1]},MODEL}"
            + "|post_processor.cls: expected a token and its id",
        "{'added_tokens':[{'id':3}],MODEL}|added_tokens[0].content: expected a value",
      })
  void theMessageNamesTheElement(String json, String expected) {
    byte[] file = json.replace("MODEL", MODEL).replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    InvalidTokenizerException e =
        assertThrows(InvalidTokenizerException.class, () -> TokenizerFile.parse(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(expected), message + " lacks " + expected);
  }

  @Test
  void deepNestingIsRefused() {
    String nested =
        "{\"normalizer\":"
            + "{\"type\":\"Sequence\",\"normalizers\":[".repeat(5000)
            + "]}".repeat(5000)
            + "}";
    assertThrows(
        InvalidTokenizerException.class,
        () -> TokenizerFile.parse(nested.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void longMessagesAreCut() {
    byte[] file =
        ("{\"model\":{\"type\":\"" + "x".repeat(100_000) + "\"}}").getBytes(StandardCharsets.UTF_8);
    InvalidTokenizerException e =
        assertThrows(InvalidTokenizerException.class, () -> TokenizerFile.parse(file));
    assertTrue(String.valueOf(e.getMessage()).length() < 1100);
  }

  @Test
  void theMessageNamesTheFile(@TempDir Path folder) throws IOException {
    assertThrows(NoSuchFileException.class, () -> TokenizerFile.load(folder));
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{");
    InvalidTokenizerException e =
        assertThrows(InvalidTokenizerException.class, () -> TokenizerFile.load(folder));
    assertTrue(String.valueOf(e.getMessage()).startsWith(file + ": "), e.getMessage());
    Files.write(file, Families.GPT2.bytes());
    assertEquals(
        TokenizerFile.parse(Families.GPT2.bytes()).vocabularySize(),
        TokenizerFile.load(file).vocabularySize());
    Path inner = Files.createDirectories(folder.resolve("model/tokenizer.json"));
    assertThrows(FileSystemException.class, () -> TokenizerFile.load(inner.getParent()));
  }

  @ParameterizedTest
  @EnumSource
  void damagedBytesAreRefusedOrRead(Families family) {
    SeededRandom random = new SeededRandom(20261122L + family.name().hashCode());
    byte[] whole = family.bytes();
    for (int i = 0; i < 40; i++) {
      byte[] damaged =
          i % 4 == 0 ? Arrays.copyOf(whole, random.nextInt(0, whole.length)) : whole.clone();
      for (int j = random.nextInt(1, 6); j > 0 && damaged.length > 0; j--) {
        damaged[random.nextInt(0, damaged.length)] = (byte) random.nextInt(0, 256);
      }
      refuseOrUse(damaged, family + ", " + random + ", case " + i);
    }
  }

  @ParameterizedTest
  @EnumSource
  void strangeValuesAreRefusedOrRead(Families family) {
    SeededRandom random = new SeededRandom(1122L + family.name().hashCode());
    JsonValue whole = JsonParser.parse(family.bytes());
    int refused = 0;
    for (int i = 0; i < 100; i++) {
      JsonValue changed = change(whole, random);
      byte[] file = JsonWriter.compact(changed).getBytes(StandardCharsets.UTF_8);
      refused += refuseOrUse(file, family + ", " + random + ", case " + i) ? 1 : 0;
    }
    assertTrue(refused > 10, "refused " + refused);
  }

  /** The value with one of the values in it removed or replaced. */
  private static JsonValue change(JsonValue value, SeededRandom random) {
    boolean here = random.nextInt(0, 5) == 0;
    if (!here && value instanceof JsonValue.Obj object && !object.members().isEmpty()) {
      SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object.members());
      List<String> names = List.copyOf(members.keySet());
      String name = names.get(random.nextInt(0, names.size()));
      JsonValue member = members.remove(name);
      if (member != null && random.nextInt(0, 6) != 0) {
        members.put(name, change(member, random));
      }
      return new JsonValue.Obj(members);
    }
    if (!here && value instanceof JsonValue.Arr array && !array.elements().isEmpty()) {
      List<JsonValue> elements = new ArrayList<>(array.elements());
      int index = random.nextInt(0, elements.size());
      elements.set(index, change(elements.get(index), random));
      return new JsonValue.Arr(elements);
    }
    return STRANGE.get(random.nextInt(0, STRANGE.size()));
  }

  /** Says whether the file was refused; where it was not, its tokenizer must work. */
  private static boolean refuseOrUse(byte[] file, String message) {
    Tokenizer tokenizer;
    try {
      tokenizer = TokenizerFile.parse(file);
    } catch (InvalidTokenizerException e) {
      assertTrue(String.valueOf(e.getMessage()).length() < 1100, message);
      return true;
    } catch (RuntimeException | StackOverflowError e) {
      throw new AssertionError(message, e);
    }
    for (String text : List.of("", "The old harbour's 12 é漢<mask> \uD800")) {
      try {
        int[] ids = tokenizer.encode(text, true);
        assertEquals(
            tokenizer.decode(ids, false).isEmpty(),
            OracleComparison.stream(tokenizer, ids, false).isEmpty(),
            message);
      } catch (IllegalArgumentException e) {
        assertTrue(String.valueOf(e.getMessage()).startsWith("text: "), message + ": " + e);
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError(message, e);
      }
    }
    return false;
  }
}
