// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.ModelCheck;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestRecognizer;
import io.github.quant4j.transcribe.SpeechTokens;
import io.github.quant4j.transcribe.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of files of a recognizer that do not go together. */
class DecoderFilesTest {
  private static final ModelOptions SCALAR =
      ModelOptions.defaults().withKernels("scalar").withThreads(1);

  private static JsonValue.Obj read(String name) {
    try {
      return JsonParser.parseObject(Files.readAllBytes(TestRecognizer.directory().resolve(name)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static JsonValue.Obj parse(String json) {
    return JsonParser.parseObject(json.getBytes(StandardCharsets.UTF_8));
  }

  private static JsonValue.Obj with(JsonValue.Obj object, String changes) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(object.members());
    members.putAll(parse(changes).members());
    return new JsonValue.Obj(members);
  }

  private static WhisperDecoderConfiguration.Reading config(String changes) {
    return WhisperDecoderConfiguration.read(with(read("config.json"), changes), "config.json");
  }

  private static List<String> configProblems(String changes) {
    return assertThrows(InvalidModelException.class, () -> config(changes)).problems();
  }

  private static SpeechTokens tokens(String changes) {
    return GenerationFile.read(
        with(read("generation_config.json"), changes),
        read("config.json"),
        config("{}").configuration(),
        "generation_config.json");
  }

  private static List<String> tokenProblems(String changes) {
    return assertThrows(InvalidModelException.class, () -> tokens(changes)).problems();
  }

  @Test
  void configurationsAreRead() {
    assertEquals(
        new WhisperDecoderConfiguration(76, 32, 2, 56, 2, 40, 24, true),
        config("{}").configuration());
    assertEquals(List.of(), config("{}").warnings());
    assertEquals(
        new WhisperDecoderConfiguration(51865, 384, 6, 1536, 4, 448, 1500, true),
        WhisperDecoderConfiguration.read(parse("{\"model_type\": \"whisper\"}"), "x")
            .configuration());
  }

  @Test
  void membersThatChangeNumbersAreRefusedByName() {
    assertEquals(
        List.of(
            "'decoder_attention_heads': 5, expected a divisor of 'd_model', which is 32",
            "'decoder_layers': 0, expected a whole number from 1 to 10000",
            "'scale_embedding': true, expected nothing: the runtime does not do what it asks for in"
                + " a model of Whisper"),
        configProblems(
            "{\"decoder_attention_heads\": 5, \"decoder_layers\": 0, \"scale_embedding\": true}"));
    for (String member :
        List.of(
            "\"layer_norm_eps\": 1e-6",
            "\"position_embedding_type\": \"relative\"",
            "\"is_encoder_decoder\": false",
            "\"num_key_value_heads\": 1",
            "\"hidden_act\": \"relu\"",
            "\"architectures\": [\"WhisperForAudioClassification\"]")) {
      List<String> problems = configProblems("{" + member + "}");
      assertEquals(1, problems.size(), problems.toString());
      assertTrue(problems.getFirst().startsWith("'" + member.split("\"", 3)[1] + "'"));
    }
    assertEquals(List.of(), config("{\"layer_norm_eps\": 1e-5}").warnings());
    List<String> warnings = config("{\"something_new\": 3, \"something_else\": null}").warnings();
    assertEquals(1, warnings.size());
    assertTrue(warnings.getFirst().contains("'something_new': 3"), warnings.toString());
  }

  @Test
  void activationsAreRefusedByName(@TempDir Path directory) throws IOException {
    copy(directory, "config.json", "{\"activation_function\": \"relu\"}");
    InvalidModelException problem =
        assertThrows(InvalidModelException.class, () -> SpeechRecognizer.open(directory, SCALAR));
    assertEquals(List.of("'activation_function': \"relu\", expected \"gelu\""), problem.problems());
    assertTrue(problem.getMessage().contains("config.json"), problem.getMessage());
  }

  /** The check of a stored model looks at both halves. */
  @Test
  void storedModelsAreVerified(@TempDir Path directory) throws IOException {
    assertEquals(List.of(), ModelCheck.verify(TestRecognizer.directory()));
    copy(directory, "config.json", "{\"decoder_layers\": 1}");
    List<?> problems = ModelCheck.verify(directory);
    assertTrue(problems.toString().contains("'decoder_layers' is 1"), problems.toString());
    Files.writeString(
        directory.resolve("config.json"), JsonWriter.compact(with(read("config.json"), "{}")));
    assertEquals(List.of(), ModelCheck.verify(directory));
    Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\": 500}");
    problems = ModelCheck.verify(directory);
    assertTrue(problems.toString().contains("'eos_token_id': 500"), problems.toString());
  }

  private static void copy(Path directory, String changedFile, String changes) throws IOException {
    for (String name :
        List.of("config.json", "generation_config.json", "tokenizer.json", "model.safetensors")) {
      Files.copy(TestRecognizer.directory().resolve(name), directory.resolve(name));
    }
    Files.writeString(
        directory.resolve(changedFile), JsonWriter.compact(with(read(changedFile), changes)));
  }

  @Test
  void tensorsThatAreMissingOrWrongAreNamed() {
    assertEquals(
        List.of(
            "tensor 'model.decoder.embed_positions.weight': [3, 32], expected [40, 32]",
            "tensor 'model.decoder.layers.1.encoder_attn_layer_norm.bias' is missing, expected"
                + " [32]",
            "tensor 'model.decoder.layers.0.encoder_attn.v_proj.weight' is missing, expected [32,"
                + " 32]"),
        tensorProblems(
                tensors -> {
                  tensors.remove("model.decoder.layers.0.encoder_attn.v_proj.weight");
                  tensors.remove("model.decoder.layers.1.encoder_attn_layer_norm.bias");
                  tensors.put("model.decoder.embed_positions.weight", zeros(3, 32));
                })
            .stream()
            .sorted(java.util.Comparator.comparing(line -> line.contains("v_proj")))
            .toList());
    assertEquals(
        List.of(
            "tensor 'proj_out.weight': differs from 'model.decoder.embed_tokens.weight', though"
                + " 'tie_word_embeddings' is true; expected the same weights, or false"),
        tensorProblems(tensors -> tensors.put("proj_out.weight", zeros(76, 32))));
    String beyond =
        tensorProblems(tensors -> tensors.put("model.decoder.layers.2.fc1.weight", zeros(56, 32)))
            .getFirst();
    assertTrue(beyond.contains("'decoder_layers' is 2"), beyond);
    String unknown =
        tensorProblems(
                tensors ->
                    tensors.put("model.decoder.layers.0.self_attn.q_norm.weight", zeros(1, 16)))
            .getFirst();
    assertTrue(unknown.contains("q_norm"), unknown);
  }

  private static Tensor zeros(int rows, int columns) {
    return Tensor.ofFloats(Shape.of(rows, columns), new float[rows * columns]);
  }

  private static List<String> tensorProblems(Consumer<Map<String, Tensor>> change) {
    try (ModelWeights weights = TestModels.weights(TestRecognizer.directory())) {
      Map<String, Tensor> tensors = TestModels.copy(weights.tensors());
      change.accept(tensors);
      return assertThrows(
              InvalidModelException.class,
              () ->
                  WhisperDecoderModel.of(
                      config("{}").configuration(),
                      ModelWeights.of(TestModels.tensors(tensors)),
                      SCALAR))
          .problems();
    }
  }

  @Test
  void tokensAreRead() {
    SpeechTokens tokens = tokens("{}");
    assertEquals(41, tokens.start());
    assertEquals(40, tokens.end());
    assertEquals(OptionalInt.of(50), tokens.noTimestamps());
    assertEquals(OptionalInt.of(48), tokens.previous());
    assertEquals(Map.of("en", 42, "de", 43, "fr", 44), tokens.languages());
    assertEquals(Map.of(Task.TRANSCRIBE, 46, Task.TRANSLATE, 45), tokens.tasks());
    assertEquals(List.of(0, 40), tokens.suppressedAtBegin());
    assertEquals(OptionalInt.of(8), tokens.maximumInitialTimestamp());
    assertEquals(51, tokens.firstTimestamp());
    SpeechTokens forced =
        tokens("{\"forced_decoder_ids\": [[1, null], [2, 46]], \"language\": \"de\"}");
    assertEquals(List.of(OptionalInt.empty(), OptionalInt.of(46)), forced.forced());
    assertEquals(Optional.of("de"), forced.language());
  }

  /** What generation_config.json does not say is taken from config.json. */
  @Test
  void oldModelsSayItInTheirConfiguration(@TempDir Path directory) throws IOException {
    JsonValue.Obj config =
        with(read("config.json"), "{\"suppress_tokens\": [2], \"begin_suppress_tokens\": [3]}");
    SpeechTokens tokens = GenerationFile.read(directory, config, config("{}").configuration());
    assertEquals(41, tokens.start());
    assertEquals(40, tokens.end());
    assertEquals(List.of(2), tokens.suppressed());
    assertEquals(List.of(3), tokens.suppressedAtBegin());
    assertEquals(OptionalInt.empty(), tokens.noTimestamps());
    assertEquals(40, tokens.maximumLength());
  }

  @Test
  void whatIsNotDoneToTextsIsRefusedByName() {
    for (String member :
        List.of(
            "\"repetition_penalty\": 1.2",
            "\"no_repeat_ngram_size\": 3",
            "\"do_sample\": true",
            "\"bad_words_ids\": [[1]]",
            "\"eos_token_id\": 76",
            "\"no_timestamps_token_id\": \"x\"",
            "\"lang_to_id\": {\"<|en|>\": 900}",
            "\"lang_to_id\": 3",
            "\"task_to_id\": {\"transcribe\": -5}",
            "\"task\": \"sing\"",
            "\"suppress_tokens\": [100]",
            "\"forced_decoder_ids\": [[2, 46]]",
            "\"forced_decoder_ids\": [[1, 46], [3, 50]]",
            "\"forced_decoder_ids\": [[1, 460]]",
            "\"max_length\": 0",
            "\"max_initial_timestamp_index\": -1")) {
      String name = member.split("\"", 3)[1];
      List<String> problems = tokenProblems("{" + member + "}");
      assertEquals(1, problems.size(), problems.toString());
      assertTrue(problems.getFirst().contains(name), member + ": " + problems);
    }
    assertTrue(tokenProblems("{\"eos_token_id\": [40, 41]}").getFirst().contains("eos_token_id"));
  }

  /** Any bytes in the place of the file give a message, and nothing else. */
  @Test
  void damagedFilesAreRefused(@TempDir Path directory) throws IOException {
    SeededRandom random = new SeededRandom(17);
    byte[] whole = Files.readAllBytes(TestRecognizer.directory().resolve("generation_config.json"));
    JsonValue.Obj config = read("config.json");
    WhisperDecoderConfiguration decoder = config("{}").configuration();
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = whole.clone();
      int changes = random.nextInt(1, 4);
      for (int c = 0; c < changes; c++) {
        bytes[random.nextInt(0, bytes.length)] = (byte) random.nextInt(32, 127);
      }
      Files.write(directory.resolve("generation_config.json"), bytes);
      try {
        GenerationFile.read(directory, config, decoder);
      } catch (InvalidModelException e) {
        refused++;
        assertTrue(e.getMessage().contains("generation_config.json"), e.getMessage());
      }
    }
    assertTrue(refused > 500, String.valueOf(refused));
  }
}
