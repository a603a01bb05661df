// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.transcribe.Transcription;
import io.github.quant4j.transcribe.TranscriptionOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * How well a recognizer writes down recordings: the word error rate and the character error rate,
 * over all recordings together.
 *
 * <pre>{@code
 * try (SpeechRecognizer recognizer = SpeechRecognizer.open(Path.of("whisper-base-int4"))) {
 *   RecognitionEvaluation.Result result =
 *       RecognitionEvaluation.of(recognizer)
 *           .normalizer(TextNormalizer.basic())
 *           .run(TranscribedSounds.read(Path.of("dev-clean")));
 *   System.out.println(result.words().rate());
 * }
 * }</pre>
 *
 * <p>Instances are immutable.
 */
public final class RecognitionEvaluation {
  private final SpeechRecognizer recognizer;
  private final TranscriptionOptions options;
  private final TextNormalizer normalizer;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What becomes of a recording.
   *
   * @param sound the recording with what is said in it
   * @param text what was written
   * @param words errors of words, both texts normalized
   * @param characters errors of characters, likewise
   */
  public record Utterance(
      TranscribedSound sound, String text, EditCounts words, EditCounts characters) {}

  /**
   * What becomes of all recordings.
   *
   * @param utterances one for each
   * @param audioSeconds how long all recordings are
   * @param seconds how long it took to write them down
   */
  public record Result(List<Utterance> utterances, double audioSeconds, double seconds) {

    /** Copies the list. */
    public Result {
      utterances = List.copyOf(utterances);
    }

    /**
     * The errors of words of all recordings; their rate is the word error rate.
     *
     * @return the sum
     */
    public EditCounts words() {
      return utterances.stream().map(Utterance::words).reduce(EditCounts.NONE, EditCounts::plus);
    }

    /**
     * The errors of characters of all recordings; their rate is the character error rate.
     *
     * @return the sum
     */
    public EditCounts characters() {
      return utterances.stream()
          .map(Utterance::characters)
          .reduce(EditCounts.NONE, EditCounts::plus);
    }
  }

  private RecognitionEvaluation(
      SpeechRecognizer recognizer,
      TranscriptionOptions options,
      TextNormalizer normalizer,
      ProgressListener progress,
      Cancellation cancellation) {
    this.recognizer = recognizer;
    this.options = options;
    this.normalizer = normalizer;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares an evaluation with the default options and {@link TextNormalizer#basic}.
   *
   * @param recognizer stays open
   * @return the evaluation, not yet run
   */
  public static RecognitionEvaluation of(SpeechRecognizer recognizer) {
    return new RecognitionEvaluation(
        recognizer,
        TranscriptionOptions.defaults(),
        TextNormalizer.basic(),
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  /**
   * The same with other options.
   *
   * @param changed how recordings are transcribed
   * @return the changed evaluation
   */
  public RecognitionEvaluation options(TranscriptionOptions changed) {
    return new RecognitionEvaluation(recognizer, changed, normalizer, progress, cancellation);
  }

  /**
   * The same with another normalization.
   *
   * @param changed applied to both texts before they are compared
   * @return the changed evaluation
   */
  public RecognitionEvaluation normalizer(TextNormalizer changed) {
    return new RecognitionEvaluation(recognizer, options, changed, progress, cancellation);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of recordings
   * @return the changed evaluation
   */
  public RecognitionEvaluation progress(ProgressListener listener) {
    return new RecognitionEvaluation(recognizer, options, normalizer, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each window, by default whether the calling thread is interrupted
   * @return the changed evaluation
   */
  public RecognitionEvaluation cancellation(Cancellation changed) {
    return new RecognitionEvaluation(recognizer, options, normalizer, progress, changed);
  }

  /**
   * Transcribes recordings and counts the errors.
   *
   * @param sounds at least one
   * @return the errors
   * @throws io.github.quant4j.speech.AudioFileException if a recording is missing or cannot be read
   * @throws IOException if reading fails
   * @throws IllegalArgumentException if there is no recording, one is empty, no word is said in any
   *     of them, or the model cannot do what the options ask for
   * @throws ArithmeticException if logits are not finite
   * @throws CancellationException if it was stopped
   */
  public Result run(List<TranscribedSound> sounds) throws IOException {
    String said = "";
    for (TranscribedSound sound : sounds) {
      said = said.isBlank() ? normalizer.normalize(sound.text()) : said;
    }
    if (said.isBlank()) {
      throw new IllegalArgumentException(
          "sounds: "
              + sounds.size()
              + " without a word, expected at least one word in their texts");
    }
    List<Utterance> utterances = new ArrayList<>();
    double audioSeconds = 0;
    long nanos = 0;
    for (TranscribedSound sound : sounds) {
      Waveform wave = WaveFile.read(sound.file());
      if (wave.samples().length == 0) {
        throw new IllegalArgumentException(
            sound.file() + ": no sound in it, expected at least one sample");
      }
      long start = System.nanoTime();
      Transcription written =
          recognizer.transcribe(wave, options, ProgressListener.none(), cancellation);
      nanos += System.nanoTime() - start;
      audioSeconds += wave.seconds();
      String right = normalizer.normalize(sound.text());
      String found = normalizer.normalize(written.text());
      utterances.add(
          new Utterance(
              sound,
              written.text(),
              EditCounts.ofWords(right, found),
              EditCounts.ofCharacters(right, found)));
      progress.progressed("transcribe", utterances.size(), sounds.size());
    }
    return new Result(utterances, audioSeconds, nanos / 1e9);
  }
}
