// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.family.ModelFiles;
import io.github.quant4j.model.moonshine.MoonshineConfiguration;
import io.github.quant4j.model.moonshine.MoonshineEncoderModel;
import io.github.quant4j.model.moonshine.PreprocessorFile;
import io.github.quant4j.model.runtime.AudioEncoder;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.model.whisper.WhisperConfiguration;
import io.github.quant4j.model.whisper.WhisperEncoderModel;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The encoder of a Whisper or Moonshine model, which turns speech into features and can be
 * quantized.
 *
 * <pre>{@code
 * try (SpeechEncoder encoder = SpeechEncoder.open(Path.of("whisper-base"))) {
 *   FloatMatrix features = encoder.encode(encoder.spectrogram(WaveFile.read(Path.of("a.wav"))));
 * }
 * }</pre>
 *
 * <p>Opening checks the configuration and the tensors, and maps the files. All weights are brought
 * into memory on the first use; to calibrate only, use {@link #graph()}, which brings in one block
 * at a time. Thread-safe; results do not depend on the number of threads.
 */
@Stable
public final class SpeechEncoder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpeechEncoder.class);

  private final AudioEncoder graph;
  private final ModelWeights weights;
  private final Optional<Path> directory;
  private final List<String> warnings;
  private @Nullable List<Block> blocks;
  private boolean closed;

  private SpeechEncoder(
      AudioEncoder graph, ModelWeights weights, Optional<Path> directory, List<String> warnings) {
    this.graph = graph;
    this.warnings = warnings;
    this.weights = weights;
    this.directory = directory;
  }

  /**
   * Whether a model directory holds a speech encoder, as its configuration says.
   *
   * @param directory holds config.json
   * @return true if {@link #open} is for it; false for any other network
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   */
  public static boolean isIn(Path directory) throws IOException {
    try (ModelSource files = ModelFormats.open(directory)) {
      return WhisperConfiguration.describes(files.config())
          || MoonshineConfiguration.describes(files.config());
    }
  }

  /**
   * Opens a model directory, full precision or quantized, with the best kernels on all processors.
   *
   * @param directory holds config.json and the weights; a decoder in it is not read
   * @return the encoder; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configuration or the tensors are not those of a Whisper
   *     model; all problems are named together
   */
  public static SpeechEncoder open(Path directory) throws IOException {
    return open(directory, ModelOptions.defaults());
  }

  /**
   * Opens a model directory, full precision or quantized.
   *
   * @param directory holds config.json and the weights; a decoder in it is not read
   * @param options kernels, threads, and where weights are
   * @return the encoder; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configuration or the tensors are not those of a Whisper
   *     model; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static SpeechEncoder open(Path directory, ModelOptions options) throws IOException {
    ModelDirectory files = ModelDirectory.open(directory);
    try {
      String config = directory.resolve(ModelDirectory.CONFIG).toString();
      ModelWeights weights = new StoredWeights(ModelSource.of(files));
      AudioEncoder graph;
      if (MoonshineConfiguration.describes(files.config())) {
        MoonshineConfiguration.Reading reading =
            MoonshineConfiguration.read(files.config(), config);
        PreprocessorFile.requirePlain(directory);
        graph = MoonshineEncoderModel.of(reading, weights, options);
      } else {
        graph =
            WhisperEncoderModel.of(
                WhisperConfiguration.read(files.config(), config), weights, options);
      }
      SpeechEncoder encoder =
          new SpeechEncoder(
              graph,
              weights,
              Optional.of(directory),
              ModelFiles.warnings(directory, graph.warnings()));
      encoder.warnings().forEach(warning -> LOG.warn("{}: {}", directory, warning));
      return encoder;
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  /**
   * Puts an encoder together.
   *
   * @param configuration its shape, as the contents of a config.json
   * @param weights its weights; closed with the encoder
   * @param options kernels, threads, and where weights are
   * @return the encoder; the caller closes it
   * @throws InvalidModelException if the configuration is not that of a Whisper model, or tensors
   *     are missing or of another shape than it says; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static SpeechEncoder of(String configuration, ModelWeights weights, ModelOptions options) {
    byte[] json = configuration.getBytes(StandardCharsets.UTF_8);
    return of(WhisperConfiguration.parse(json, "configuration"), weights, options);
  }

  static SpeechEncoder of(
      WhisperConfiguration configuration, ModelWeights weights, ModelOptions options) {
    WhisperEncoderModel graph = WhisperEncoderModel.of(configuration, weights, options);
    return new SpeechEncoder(graph, weights, Optional.empty(), graph.warnings());
  }

  /**
   * The longest segment that the encoder takes.
   *
   * @return rows of an input: frames of a spectrogram, or samples if the encoder takes those
   */
  public int maximumFrames() {
    return graph.maximumRows();
  }

  /**
   * The longest segment that the encoder takes.
   *
   * @return seconds
   */
  public double maximumSeconds() {
    return (double) graph.maximumRows() / graph.rowsPerSecond();
  }

  /** Channels of its spectrograms. */
  int melBins() {
    return graph.inputWidth();
  }

  /**
   * What was noticed when the encoder was opened and may matter: tensors that are not used, files
   * that are not what was written. Also logged.
   *
   * @return one line for each; usually none
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * What the encoder runs with.
   *
   * @return kernels, threads, and where weights are
   */
  public ModelOptions options() {
    return graph.options();
  }

  /**
   * The encoder as calibration sees it: blocks that are opened one at a time.
   *
   * @return a view of this encoder, usable until it is closed
   */
  public BlockModel<FloatMatrix> graph() {
    return graph;
  }

  /**
   * Where the encoder is stored.
   *
   * @return the directory that it was opened from; empty if it was put together otherwise
   */
  public Optional<Path> directory() {
    return directory;
  }

  /**
   * The linear layers.
   *
   * @return in the order in which they run
   */
  public List<LinearSite> sites() {
    return graph.sites();
  }

  /**
   * The input for speech. Of Moonshine, which hears samples, {@code [samples, 1]}, without what is
   * longer than the longest segment. Of Whisper, the spectrogram as it was trained on it: of the
   * longest length, with silence after what is shorter, and without what is longer.
   *
   * @param speech the speech, resampled if it has not 16,000 samples a second
   * @return an input of {@link #encode}, {@code [maximum frames, mel bins]}
   */
  public FloatMatrix spectrogram(Waveform speech) {
    return graph.input(speech);
  }

  /**
   * The spectrogram of speech as long as it is, for features of a word by itself: without silence
   * up to the longest length, and without what is longer than that.
   *
   * @param speech the speech, at least one sample, resampled if it has not 16,000 samples a second
   * @return an input of {@link #encode}, {@code [frames, mel bins]}: a row for each 10 ms that have
   *     begun
   * @throws IllegalArgumentException if there is no sample
   */
  public FloatMatrix spectrogramAsLong(Waveform speech) {
    return graph.inputAsLong(speech);
  }

  /**
   * Encodes a spectrogram.
   *
   * <p>Memory: about {@code frames (width + intermediate size)} floats.
   *
   * @param logMel the log-mel spectrogram {@code [frames, mel bins]}, see {@link #spectrogram} and
   *     {@link io.github.quant4j.speech.LogMelSpectrogram}
   * @return the features, {@code [frames / 2 rounded up, width]}: a row for each 20 ms
   * @throws IllegalArgumentException if the spectrogram has no frames, too many of them, another
   *     number of mel bins, or values that are not finite
   * @throws IllegalStateException if the encoder is closed
   */
  public FloatMatrix encode(FloatMatrix logMel) {
    return run(List.of(logMel), SiteObserver.none()).values();
  }

  /**
   * Takes several spectrograms through the encoder in one batch and shows what goes into its sites;
   * they do not see each other.
   *
   * @param logMels log-mel spectrograms {@code [frames, mel bins]}
   * @param observer sees the input of each site group
   * @return the features, spectrogram after spectrogram
   * @throws IllegalArgumentException as {@link #encode} does
   * @throws IllegalStateException if the encoder is closed
   */
  public HiddenStates run(List<FloatMatrix> logMels, SiteObserver observer) {
    List<Block> present = blocks();
    HiddenStates states = graph.embed(logMels);
    for (Block block : present) {
      states = block.run(states, observer);
    }
    return states;
  }

  /** All blocks and the head. */
  private synchronized List<Block> blocks() {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
    List<Block> present = blocks;
    if (present == null) {
      long count = sites().stream().mapToLong(LinearSite::weightCount).sum();
      boolean heap = options().placement().isHeap(count, true);
      present = new ArrayList<>();
      for (int i = 0; i < graph.blocks().size(); i++) {
        present.add(graph.openBlock(i, heap));
      }
      present.add(graph.openHead());
      blocks = present;
    }
    return present;
  }

  /** Closes the weights. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      blocks = null;
      weights.close();
    }
  }

  /** Architecture and numbers. */
  @Override
  public String toString() {
    return graph.architecture() + " encoder (" + graph.shape() + ")";
  }
}
