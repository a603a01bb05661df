// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.transform.HeadStructure;
import java.util.List;

/**
 * The shape of the encoder of a Whisper model (Radford et al., arXiv:2212.04356), as a Hugging Face
 * config.json gives it. What the file says of the decoder is not read.
 *
 * <p>Where the file is silent, the defaults are those of the Transformers library, which are the
 * sizes of Whisper tiny.
 *
 * @param architecture the class that the model belongs to, for example {@code
 *     WhisperForConditionalGeneration}
 * @param melBins channels of a spectrogram
 * @param width channels of the residual stream
 * @param heads attention heads; divides the width
 * @param intermediateSize width inside the MLP
 * @param layers number of encoder blocks
 * @param positions the most frames that leave the stem, half of those that enter it
 */
public record WhisperConfiguration(
    String architecture,
    int melBins,
    int width,
    int heads,
    int intermediateSize,
    int layers,
    int positions) {

  /** What layer norms add to the variance; no configuration changes it. */
  static final double NORM_EPSILON = 1e-5;

  private static final List<String> ARCHITECTURES =
      List.of("WhisperForConditionalGeneration", "WhisperModel", "WhisperForAudioClassification");
  private static final String MODEL_TYPE = "whisper";
  private static final int MOST_LAYERS = 10_000;
  private static final int WIDEST = 1 << 24;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is less than 1, or the heads do not divide the width
   */
  public WhisperConfiguration {
    if (melBins < 1
        || width < 1
        || heads < 1
        || intermediateSize < 1
        || layers < 1
        || positions < 1
        || width % heads != 0) {
      throw new IllegalArgumentException(
          "configuration: mel bins "
              + melBins
              + ", width "
              + width
              + ", heads "
              + heads
              + ", intermediate size "
              + intermediateSize
              + ", layers "
              + layers
              + ", positions "
              + positions
              + ", expected all to be at least 1, and heads that divide the width");
    }
  }

  /**
   * Reads a configuration.
   *
   * @param json the contents of config.json, UTF-8
   * @param subject what messages call it, for example the file's path
   * @return the configuration
   * @throws InvalidModelException if it is not JSON, not that of a Whisper model, a value is out of
   *     range or contradicts another, or it asks for something that the runtime does not do; all
   *     problems are named together
   */
  public static WhisperConfiguration parse(byte[] json, String subject) {
    try {
      return read(JsonParser.parseObject(json), subject);
    } catch (JsonException e) {
      throw new InvalidModelException(subject, List.of("not a JSON object: " + e.getMessage()));
    }
  }

  /** Whether a config.json is that of a Whisper model. */
  public static boolean describes(JsonValue.Obj json) {
    ConfigurationValues values = new ConfigurationValues(ForeignReaders.restored(json));
    List<String> architectures = values.texts("architectures");
    return architectures.isEmpty()
        ? values.text("model_type").filter(MODEL_TYPE::equals).isPresent()
        : ARCHITECTURES.contains(architectures.getFirst());
  }

  public static WhisperConfiguration read(JsonValue.Obj json, String subject) {
    ConfigurationValues values = new ConfigurationValues(ForeignReaders.restored(json));
    if (!describes(json)) {
      boolean byType = values.texts("architectures").isEmpty() && values.has("model_type");
      values.problem(
          byType ? "model_type" : "architectures",
          "one of " + String.join(", ", ARCHITECTURES) + ", or model_type " + MODEL_TYPE);
      throw new InvalidModelException(subject, values.problems());
    }
    List<String> architectures = values.texts("architectures");
    int width = values.optionalInteger("d_model", 1, WIDEST).orElse(384);
    int heads = values.optionalInteger("encoder_attention_heads", 1, WIDEST).orElse(6);
    if (values.areSound("d_model", "encoder_attention_heads") && width % heads != 0) {
      values.problem("encoder_attention_heads", "a divisor of 'd_model', which is " + width);
    }
    String activation = values.text("activation_function").orElse("gelu");
    if (!activation.equals("gelu")) {
      values.problem("activation_function", "\"gelu\"");
    }
    int melBins = values.optionalInteger("num_mel_bins", 1, WIDEST).orElse(80);
    int inner = values.optionalInteger("encoder_ffn_dim", 1, WIDEST).orElse(1536);
    int layers = values.optionalInteger("encoder_layers", 1, MOST_LAYERS).orElse(4);
    int positions = values.optionalInteger("max_source_positions", 1, WIDEST).orElse(1500);
    if (!values.problems().isEmpty()) {
      throw new InvalidModelException(subject, values.problems());
    }
    return new WhisperConfiguration(
        architectures.isEmpty() ? ARCHITECTURES.getFirst() : architectures.getFirst(),
        melBins,
        width,
        heads,
        inner,
        layers,
        positions);
  }

  /**
   * The longest spectrogram.
   *
   * @return twice the positions: 3000 frames, or 30 seconds, for OpenAI's models
   */
  public int maximumFrames() {
    return 2 * positions;
  }

  HeadStructure headStructure() {
    return new HeadStructure(heads, heads, width / heads);
  }
}
