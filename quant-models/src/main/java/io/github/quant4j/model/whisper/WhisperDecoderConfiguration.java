// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.transform.HeadStructure;
import java.util.List;

/**
 * The shape of the decoder of a Whisper model (Radford et al., arXiv:2212.04356), as a Hugging Face
 * config.json gives it.
 *
 * <p>Where the file is silent, the defaults are those of the Transformers library, which are the
 * sizes of Whisper tiny.
 *
 * @param vocabularySize number of tokens
 * @param width channels of the residual stream, those of the encoder
 * @param heads attention heads; divides the width
 * @param intermediateSize width inside the MLP
 * @param layers number of decoder blocks
 * @param positions the most tokens that a text may have
 * @param windowFrames rows of the encoder's output for a window
 * @param tied whether the head uses the embeddings as its weights
 */
public record WhisperDecoderConfiguration(
    int vocabularySize,
    int width,
    int heads,
    int intermediateSize,
    int layers,
    int positions,
    int windowFrames,
    boolean tied) {
  private static final String ARCHITECTURE = "WhisperForConditionalGeneration";
  private static final int MOST_LAYERS = 10_000;
  private static final int WIDEST = 1 << 24;

  /** What is read, with one line for each member that is not known. */
  public record Reading(WhisperDecoderConfiguration configuration, List<String> warnings) {}

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is less than 1, or the heads do not divide the width
   */
  public WhisperDecoderConfiguration {
    if (vocabularySize < 1
        || width < 1
        || heads < 1
        || intermediateSize < 1
        || layers < 1
        || positions < 1
        || windowFrames < 1
        || width % heads != 0) {
      throw new IllegalArgumentException(
          "configuration: vocabulary "
              + vocabularySize
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
              + ", frames of a window "
              + windowFrames
              + ", expected all to be at least 1, and heads that divide the width");
    }
  }

  /** Whether a config.json of a Whisper model is that of one with a decoder. */
  public static boolean describes(JsonValue.Obj json) {
    List<String> architectures =
        new ConfigurationValues(ForeignReaders.restored(json)).texts("architectures");
    return architectures.isEmpty() || architectures.getFirst().equals(ARCHITECTURE);
  }

  /**
   * Reads the configuration of a model that has a decoder.
   *
   * @param json the contents of config.json, which {@link WhisperConfiguration#read} has accepted
   * @param subject what messages call it, for example the file's path
   * @return the configuration
   * @throws InvalidModelException if the model is of an architecture without a decoder, a value is
   *     out of range or contradicts another, or a member asks for something that the runtime does
   *     not do; all problems are named together
   */
  public static Reading read(JsonValue.Obj json, String subject) {
    ConfigurationValues values = new ConfigurationValues(ForeignReaders.restored(json));
    List<String> architectures = values.texts("architectures");
    if (!architectures.isEmpty() && !architectures.getFirst().equals(ARCHITECTURE)) {
      values.problem("architectures", ARCHITECTURE + ", which has a decoder");
    }
    int width = values.optionalInteger("d_model", 1, WIDEST).orElse(384);
    int heads = values.optionalInteger("decoder_attention_heads", 1, WIDEST).orElse(6);
    if (values.areSound("d_model", "decoder_attention_heads") && width % heads != 0) {
      values.problem("decoder_attention_heads", "a divisor of 'd_model', which is " + width);
    }
    int vocabulary = values.optionalInteger("vocab_size", 1, WIDEST).orElse(51865);
    int inner = values.optionalInteger("decoder_ffn_dim", 1, WIDEST).orElse(1536);
    int layers = values.optionalInteger("decoder_layers", 1, MOST_LAYERS).orElse(4);
    int positions = values.optionalInteger("max_target_positions", 1, WIDEST).orElse(448);
    int frames = values.optionalInteger("max_source_positions", 1, WIDEST).orElse(1500);
    boolean tied = values.flag("tie_word_embeddings", true);
    List<String> warnings = WhisperMembers.check(values);
    if (!values.problems().isEmpty()) {
      throw new InvalidModelException(subject, values.problems());
    }
    return new Reading(
        new WhisperDecoderConfiguration(
            vocabulary, width, heads, inner, layers, positions, frames, tied),
        warnings);
  }

  HeadStructure headStructure() {
    return new HeadStructure(heads, heads, width / heads);
  }
}
