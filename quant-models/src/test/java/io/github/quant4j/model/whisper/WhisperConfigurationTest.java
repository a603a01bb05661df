// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.config.InvalidModelException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class WhisperConfigurationTest {

  private static WhisperConfiguration parse(String json) {
    return WhisperConfiguration.parse(json.getBytes(StandardCharsets.UTF_8), "config.json");
  }

  private static List<String> problems(String json) {
    return assertThrows(InvalidModelException.class, () -> parse(json)).problems();
  }

  @Test
  void whatIsSilentIsThatOfTheSmallestModel() {
    assertEquals(
        new WhisperConfiguration("WhisperForConditionalGeneration", 80, 384, 6, 1536, 4, 1500),
        parse("{\"model_type\": \"whisper\"}"));
    assertEquals(3000, parse("{\"architectures\": [\"WhisperModel\"]}").maximumFrames());
  }

  @Test
  void valuesAreRead() {
    WhisperConfiguration large =
        parse(
            """
            {"architectures": ["WhisperModel"], "d_model": 1280, "encoder_attention_heads": 20,
             "encoder_ffn_dim": 5120, "encoder_layers": 32, "num_mel_bins": 128,
             "max_source_positions": 1500, "activation_function": "gelu"}""");
    assertEquals(new WhisperConfiguration("WhisperModel", 128, 1280, 20, 5120, 32, 1500), large);
    assertEquals(64, large.headStructure().headSize());
  }

  @Test
  void allProblemsAreToldTogether() {
    assertEquals(
        List.of(
            "'encoder_attention_heads': 7, expected a divisor of 'd_model', which is 32",
            "'activation_function': \"relu\", expected \"gelu\"",
            "'num_mel_bins': 0, expected a whole number from 1 to 16777216"),
        problems(
            """
            {"model_type": "whisper", "d_model": 32, "encoder_attention_heads": 7,
             "activation_function": "relu", "num_mel_bins": 0}"""));
  }

  @Test
  void otherFilesAreRefused() {
    assertTrue(problems("[1]").getFirst().contains("not a JSON object"));
    assertTrue(problems("{}").getFirst().contains("'architectures': missing"));
    assertTrue(problems("{\"model_type\": \"bart\"}").getFirst().contains("bart"));
    assertTrue(
        problems("{\"architectures\": [\"BartModel\"], \"model_type\": \"whisper\"}")
            .getFirst()
            .contains("BartModel"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new WhisperConfiguration("WhisperModel", 80, 30, 4, 64, 1, 10));
  }
}
