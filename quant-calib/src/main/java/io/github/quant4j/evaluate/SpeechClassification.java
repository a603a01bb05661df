// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;

/**
 * How well recordings can be told apart by the features of a speech encoder: a {@link
 * RidgeClassifier} on the mean of the features over time is fitted to those of the original, and
 * applied to those of a quantized encoder, which it has never seen.
 *
 * <pre>{@code
 * try (SpeechEncoder original = SpeechEncoder.open(Path.of("whisper-base"));
 *     SpeechEncoder quantized = SpeechEncoder.open(Path.of("whisper-base-int4"))) {
 *   SpeechClassification.Result result =
 *       SpeechClassification.of(original, LabeledSounds.read(Path.of("digits/train")))
 *           .run(quantized, LabeledSounds.read(Path.of("digits/test")));
 * }
 * }</pre>
 *
 * <p>A recording is encoded by itself and as long as it is: without the silence up to 30 seconds,
 * which would fill most of the mean. What is longer than the encoder takes is cut off. Instances
 * are immutable.
 */
public final class SpeechClassification {
  private static final double DEFAULT_REGULARIZATION = 0.1;

  private final SpeechEncoder original;
  private final List<LabeledSound> training;
  private final double regularization;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What becomes of a recording.
   *
   * @param sound the recording with its right label
   * @param label by the features of the quantized encoder
   * @param originalLabel by those of the original
   */
  public record Prediction(LabeledSound sound, String label, String originalLabel) {}

  /**
   * What becomes of all recordings.
   *
   * @param predictions one for each, at least one
   */
  public record Result(List<Prediction> predictions) {

    /** Copies the list. */
    public Result {
      predictions = List.copyOf(predictions);
    }

    /**
     * How often the label is right with the quantized encoder.
     *
     * @return a share of the recordings, from 0 to 1
     */
    public double accuracy() {
      return share(predictions.stream().filter(p -> p.label.equals(p.sound.label())).count());
    }

    /**
     * How often it is right with the original.
     *
     * @return a share of the recordings, from 0 to 1
     */
    public double originalAccuracy() {
      return share(
          predictions.stream().filter(p -> p.originalLabel.equals(p.sound.label())).count());
    }

    /**
     * How often both give the same label, right or not.
     *
     * @return a share of the recordings, from 0 to 1
     */
    public double agreement() {
      return share(predictions.stream().filter(p -> p.label.equals(p.originalLabel)).count());
    }

    private double share(long count) {
      return (double) count / predictions.size();
    }
  }

  private SpeechClassification(
      SpeechEncoder original,
      List<LabeledSound> training,
      double regularization,
      ProgressListener progress,
      Cancellation cancellation) {
    this.original = original;
    this.training = List.copyOf(training);
    this.regularization = regularization;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares a task.
   *
   * @param original the encoder in full precision; stays open
   * @param training recordings of at least two labels that the classifier is fitted to
   * @return the task, not yet run
   * @throws IllegalArgumentException if there are not two different labels
   */
  public static SpeechClassification of(SpeechEncoder original, List<LabeledSound> training) {
    long labels = training.stream().map(LabeledSound::label).distinct().count();
    if (labels < 2) {
      throw new IllegalArgumentException(
          "training: " + labels + " different labels, expected at least two");
    }
    return new SpeechClassification(
        original,
        training,
        DEFAULT_REGULARIZATION,
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  /**
   * The same with another strength of the ridge.
   *
   * @param strength above 0, see {@link RidgeClassifier#fit}; by default 0.1
   * @return the changed task
   */
  public SpeechClassification regularization(double strength) {
    return new SpeechClassification(original, training, strength, progress, cancellation);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of recordings
   * @return the changed task
   */
  public SpeechClassification progress(ProgressListener listener) {
    return new SpeechClassification(original, training, regularization, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each recording, by default whether the calling thread is
   *     interrupted
   * @return the changed task
   */
  public SpeechClassification cancellation(Cancellation changed) {
    return new SpeechClassification(original, training, regularization, progress, changed);
  }

  /**
   * Fits the classifier to the training recordings, and has it label others.
   *
   * @param quantized the encoder to be judged; the original itself to judge that
   * @param sounds recordings, at least one, of labels that training has
   * @return the labels
   * @throws io.github.quant4j.speech.AudioFileException if a recording is missing or cannot be read
   * @throws IOException if reading fails
   * @throws IllegalArgumentException if there is no recording, one has a label that training has
   *     not or is empty, the widths of the encoders differ, or the ridge is too weak
   * @throws ArithmeticException if features are not finite
   * @throws CancellationException if it was stopped
   */
  public Result run(SpeechEncoder quantized, List<LabeledSound> sounds) throws IOException {
    if (sounds.isEmpty()) {
      throw new IllegalArgumentException("sounds: none, expected at least one");
    }
    TreeSet<String> known = new TreeSet<>();
    training.forEach(sound -> known.add(sound.label()));
    for (LabeledSound sound : sounds) {
      if (!known.contains(sound.label())) {
        throw new IllegalArgumentException(
            sound.file() + ": label '" + sound.label() + "', expected one of " + known);
      }
    }
    int width = original.graph().head().outFeatures();
    if (quantized.graph().head().outFeatures() != width) {
      throw new IllegalArgumentException(
          "quantized: features of "
              + quantized.graph().head().outFeatures()
              + " columns, expected "
              + width
              + " as the original");
    }
    boolean isSame = quantized == original;
    int steps = training.size() + sounds.size() * (isSame ? 1 : 2);
    FloatMatrix features = FloatMatrix.zeros(training.size(), width);
    for (int i = 0; i < training.size(); i++) {
      float[] row = features(original, training.get(i));
      System.arraycopy(row, 0, features.data(), i * width, width);
      progress.progressed("encode", i + 1, steps);
    }
    RidgeClassifier classifier =
        RidgeClassifier.fit(
            features,
            training.stream().map(LabeledSound::label).toList(),
            regularization,
            original.options().kernels().compute());
    int done = training.size();
    List<Prediction> predictions = new ArrayList<>();
    for (LabeledSound sound : sounds) {
      String expected = classifier.classify(features(original, sound));
      progress.progressed("encode", ++done, steps);
      String label = expected;
      if (!isSame) {
        label = classifier.classify(features(quantized, sound));
        progress.progressed("encode", ++done, steps);
      }
      predictions.add(new Prediction(sound, label, expected));
    }
    return new Result(predictions);
  }

  /** The mean over time of what an encoder makes of a recording. */
  private float[] features(SpeechEncoder encoder, LabeledSound sound) throws IOException {
    cancellation.check();
    Waveform wave = WaveFile.read(sound.file());
    if (wave.samples().length == 0) {
      throw new IllegalArgumentException(
          sound.file() + ": no sound in it, expected at least one sample");
    }
    FloatMatrix states = encoder.encode(encoder.spectrogramAsLong(wave));
    double[] sums = new double[states.columns()];
    for (int i = 0; i < states.data().length; i++) {
      sums[i % sums.length] += states.data()[i];
    }
    float[] mean = new float[sums.length];
    for (int j = 0; j < mean.length; j++) {
      mean[j] = (float) (sums[j] / states.rows());
      if (!Float.isFinite(mean[j])) {
        throw new ArithmeticException("the features of " + sound.file() + " are not finite");
      }
    }
    return mean;
  }
}
