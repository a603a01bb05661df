// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Transcribes recordings of any length, as section 4.5 of Radford et al. (arXiv:2212.04356)
 * describes and the Transformers library does: a window is encoded and decoded, the time stamps in
 * its text divide it into segments, and the next window begins at the last of them.
 *
 * <p>Immutable and thread-safe, if the encoder is.
 *
 * @param encoder turns windows into features
 * @param decoder writes
 * @param tokens the decoder's special tokens
 * @param tokenizer turns tokens into text
 * @param windowFrames rows of a window of a spectrogram, two for each step of a time stamp
 */
public record Transcriber(
    WindowEncoder encoder,
    TokenDecoder decoder,
    SpeechTokens tokens,
    Tokenizer tokenizer,
    int windowFrames) {
  /** Below this temperature a text is reliable enough to stand in the prompt of the next one. */
  private static final double RELIABLE = 0.5;

  /** Turns windows into features. */
  @FunctionalInterface
  public interface WindowEncoder {

    /**
     * Encodes a window.
     *
     * @param window a log-mel spectrogram {@code [frames, mel bins]} of full length
     * @return the features, {@code [frames / 2, width]}
     */
    FloatMatrix encode(FloatMatrix window);
  }

  /**
   * Transcribes a recording.
   *
   * @param logMel its spectrogram, {@code [rows, mel bins]}: a row for each 10 ms; what a window
   *     lacks at the end is filled with zeros
   * @param frames how many rows are of the recording, at least 1; those behind them are silence
   * @param options how
   * @param progress is told of the frames that are done
   * @param cancellation asked before each window
   * @return the text
   * @throws IllegalArgumentException if the model cannot do what the options ask for
   * @throws ArithmeticException if logits are not finite
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Transcription run(
      FloatMatrix logMel,
      int frames,
      TranscriptionOptions options,
      ProgressListener progress,
      Cancellation cancellation) {
    if (frames < 1 || frames > logMel.rows()) {
      throw new IllegalArgumentException(
          "frames: " + frames + ", expected 1 to " + logMel.rows() + ", the rows of " + logMel);
    }
    boolean timestamps = options.timestamps() || frames > windowFrames;
    PromptTokens prompts = new PromptTokens(tokens);
    prompts.requirePossible(options, timestamps);
    WindowDecoder windows = new WindowDecoder(decoder, tokens, tokenizer, options, timestamps);
    SegmentCutter cutter = new SegmentCutter(tokens, timestamps);
    List<TranscriptionSegment> segments = new ArrayList<>();
    PromptTokens.Prompt prompt = null;
    boolean goesOn = false;
    int seek = 0;
    while (seek < frames) {
      cancellation.check();
      TokenDecoder.Window window = decoder.listen(encoder.encode(window(logMel, seek)));
      if (prompt == null) {
        prompt =
            prompts.of(options, timestamps, () -> WindowDecoder.language(decoder, tokens, window));
      }
      List<Integer> earlier =
          goesOn
              ? windows.earlier(segments.stream().map(TranscriptionSegment::tokens).toList())
              : List.of();
      WindowDecoder.Result result = windows.run(window, earlier, prompt.all());
      int length = Math.min(windowFrames, frames - seek);
      if (result.isSilence()) {
        seek += length;
      } else {
        SegmentCutter.Cut cut = cutter.cut(result.tokens(), seek, length);
        for (SegmentCutter.Piece piece : cut.pieces()) {
          segments.add(segment(piece, windows.text(piece.tokens()), result));
        }
        seek += cut.advance();
      }
      goesOn = options.conditionOnPrevious() && result.temperature() < RELIABLE;
      progress.progressed("transcribe", Math.min(seek, frames), frames);
    }
    String text =
        segments.stream().map(TranscriptionSegment::text).collect(Collectors.joining()).strip();
    return new Transcription(text, prompt == null ? Optional.empty() : prompt.language(), segments);
  }

  /**
   * What the model itself writes about a window, as calibration of the decoder wants it.
   *
   * @param logMel a log-mel spectrogram {@code [frames, mel bins]} of one window at most; what it
   *     lacks is filled with zeros
   * @param options how
   * @return the features with the prompt, the text and the token that ends it
   * @throws IllegalArgumentException if the spectrogram is longer than a window, or the model
   *     cannot do what the options ask for
   * @throws ArithmeticException if logits are not finite
   */
  public SpokenText spokenText(FloatMatrix logMel, TranscriptionOptions options) {
    if (logMel.rows() < 1 || logMel.rows() > windowFrames) {
      throw new IllegalArgumentException(
          "spectrogram: " + logMel + ", expected 1 to " + windowFrames + " rows");
    }
    PromptTokens prompts = new PromptTokens(tokens);
    prompts.requirePossible(options, options.timestamps());
    FloatMatrix features = encoder.encode(window(logMel, 0));
    TokenDecoder.Window window = decoder.listen(features);
    PromptTokens.Prompt prompt =
        prompts.of(
            options, options.timestamps(), () -> WindowDecoder.language(decoder, tokens, window));
    List<Integer> written =
        new WindowDecoder(decoder, tokens, tokenizer, options, options.timestamps())
            .run(window, List.of(), prompt.all())
            .tokens();
    int[] text =
        Stream.of(prompt.all(), written, List.of(tokens.end()))
            .flatMap(List::stream)
            .limit(decoder.maximumPositions())
            .mapToInt(Integer::intValue)
            .toArray();
    return new SpokenText(features, text);
  }

  private static TranscriptionSegment segment(
      SegmentCutter.Piece piece, String text, WindowDecoder.Result result) {
    return new TranscriptionSegment(
        piece.start(),
        piece.end(),
        text,
        piece.tokens(),
        result.temperature(),
        result.averageLogProbability(),
        result.compressionRatio(),
        result.noSpeechProbability());
  }

  /** The window that begins at a row. */
  private FloatMatrix window(FloatMatrix logMel, int seek) {
    FloatMatrix window = FloatMatrix.zeros(windowFrames, logMel.columns());
    int rows = Math.min(windowFrames, logMel.rows() - seek);
    System.arraycopy(
        logMel.data(), seek * logMel.columns(), window.data(), 0, rows * logMel.columns());
    return window;
  }
}
