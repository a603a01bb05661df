// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.family.ModelFiles;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.model.whisper.GenerationFile;
import io.github.quant4j.model.whisper.WhisperConfiguration;
import io.github.quant4j.model.whisper.WhisperDecoder;
import io.github.quant4j.model.whisper.WhisperDecoderConfiguration;
import io.github.quant4j.model.whisper.WhisperDecoderModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.speech.LogMelSpectrogram;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.transcribe.SpeechTokens;
import io.github.quant4j.transcribe.SpokenText;
import io.github.quant4j.transcribe.TokenDecoder;
import io.github.quant4j.transcribe.Transcriber;
import io.github.quant4j.transcribe.Transcription;
import io.github.quant4j.transcribe.TranscriptionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Whisper model with its encoder and its decoder, which writes down what is said.
 *
 * <pre>{@code
 * try (SpeechRecognizer recognizer = SpeechRecognizer.open(Path.of("whisper-base"))) {
 *   Waveform speech = WaveFile.read(Path.of("speech.wav"));
 *   System.out.println(recognizer.transcribe(speech, TranscriptionOptions.defaults()).text());
 * }
 * }</pre>
 *
 * <p>Opening checks the configurations and the tensors, and maps the files. All weights are brought
 * into memory on the first use. Layers of the encoder and of the decoder may be quantized, each by
 * itself. Thread-safe; results do not depend on the number of threads.
 */
public final class SpeechRecognizer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SpeechRecognizer.class);

  private final SpeechEncoder encoder;
  private final WhisperDecoderModel graph;
  private final SpeechTokens tokens;
  private final SourceTokenizer tokenizer;
  private final List<String> warnings;
  private @Nullable WhisperDecoder decoder;
  private boolean closed;

  private SpeechRecognizer(
      SpeechEncoder encoder,
      WhisperDecoderModel graph,
      SpeechTokens tokens,
      SourceTokenizer tokenizer,
      List<String> warnings) {
    this.encoder = encoder;
    this.graph = graph;
    this.tokens = tokens;
    this.tokenizer = tokenizer;
    this.warnings = List.copyOf(warnings);
  }

  /**
   * Whether a model directory holds a decoder that writes, as its configuration and the names of
   * its tensors say.
   *
   * @param directory holds config.json
   * @return true if {@link #open} is for it; false for an encoder by itself and any other network
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   */
  public static boolean isIn(Path directory) throws IOException {
    try (ModelSource files = ModelFormats.open(directory)) {
      return WhisperConfiguration.describes(files.config())
          && WhisperDecoderConfiguration.describes(files.config())
          && Stream.of("model.decoder.embed_tokens.weight", "decoder.embed_tokens.weight")
              .anyMatch(name -> files.find(name).isPresent());
    }
  }

  /**
   * Opens a model directory, full precision or quantized, with the best kernels on all processors.
   *
   * @param directory holds config.json, generation_config.json, tokenizer.json and the weights
   * @return the recognizer; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configurations or the tensors are not those of a Whisper
   *     model with a decoder; all problems of a file are named together
   */
  public static SpeechRecognizer open(Path directory) throws IOException {
    return open(directory, ModelOptions.defaults());
  }

  /**
   * Opens a model directory, full precision or quantized.
   *
   * @param directory holds config.json, generation_config.json, tokenizer.json and the weights
   * @param options kernels, threads, and where weights are
   * @return the recognizer; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configurations or the tensors are not those of a Whisper
   *     model with a decoder; all problems of a file are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static SpeechRecognizer open(Path directory, ModelOptions options) throws IOException {
    ModelDirectory files = ModelDirectory.open(directory);
    try {
      String config = directory.resolve(ModelDirectory.CONFIG).toString();
      WhisperConfiguration shape = WhisperConfiguration.read(files.config(), config);
      WhisperDecoderConfiguration.Reading reading =
          WhisperDecoderConfiguration.read(files.config(), config);
      SpeechTokens tokens = GenerationFile.read(directory, files.config(), reading.configuration());
      ModelWeights weights = new StoredWeights(ModelSource.of(files));
      SpeechEncoder encoder = SpeechEncoder.of(shape, weights, options);
      WhisperDecoderModel graph = WhisperDecoderModel.of(reading.configuration(), weights, options);
      List<String> noticed = new ArrayList<>(reading.warnings());
      noticed.addAll(encoder.warnings());
      graph.warnings().stream().filter(line -> !noticed.contains(line)).forEach(noticed::add);
      SpeechRecognizer recognizer =
          new SpeechRecognizer(
              encoder,
              graph,
              tokens,
              new SourceTokenizer(ModelSource.of(files)),
              ModelFiles.warnings(directory, noticed));
      recognizer.warnings().forEach(warning -> LOG.warn("{}: {}", directory, warning));
      return recognizer;
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  /**
   * What was noticed when the model was opened and may matter: tensors that are not used, members
   * of the configuration that are not known, files that are not what was written. Also logged.
   *
   * @return one line for each; usually none
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * What the model runs with.
   *
   * @return kernels, threads, and where weights are
   */
  public ModelOptions options() {
    return graph.options();
  }

  /**
   * The encoder by itself.
   *
   * @return a view, usable until the recognizer is closed; not to be closed
   */
  public SpeechEncoder encoder() {
    return encoder;
  }

  /**
   * The decoder as calibration sees it: blocks that are opened one at a time.
   *
   * @return a view, usable until the recognizer is closed
   */
  public BlockModel<SpokenText> decoderGraph() {
    return graph;
  }

  /**
   * The decoder by itself, with all its weights in memory.
   *
   * @return a view, usable until the recognizer is closed
   * @throws IllegalStateException if the recognizer is closed
   */
  public synchronized TokenDecoder decoder() {
    if (closed) {
      throw new IllegalStateException("the recognizer is closed");
    }
    WhisperDecoder present = decoder;
    if (present == null) {
      present = new WhisperDecoder(graph);
      decoder = present;
    }
    return present;
  }

  /**
   * Where the model is stored.
   *
   * @return the directory that it was opened from
   */
  public Path directory() {
    return tokenizer.path().orElseThrow();
  }

  /**
   * The special tokens, as the configurations name them.
   *
   * @return those of this model
   */
  public SpeechTokens tokens() {
    return tokens;
  }

  /**
   * The tokenizer, read on first use.
   *
   * @return that of the model's directory
   * @throws io.github.quant4j.text.InvalidTokenizerException if there is none, or it is malformed
   *     or not supported
   * @throws java.io.UncheckedIOException if reading fails
   */
  public Tokenizer tokenizer() {
    return tokenizer.get();
  }

  /**
   * Writes down what is said.
   *
   * @param speech a recording of any length, resampled if it has not 16,000 samples a second
   * @param options how
   * @return the text
   * @throws IllegalArgumentException if there is no sample, or the model cannot do what the options
   *     ask for
   * @throws ArithmeticException if logits are not finite
   * @throws IllegalStateException if the recognizer is closed
   */
  public Transcription transcribe(Waveform speech, TranscriptionOptions options) {
    return transcribe(speech, options, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * Writes down what is said.
   *
   * @param speech a recording of any length, resampled if it has not 16,000 samples a second
   * @param options how
   * @param progress is told of the frames of 10 ms that are done
   * @param cancellation asked before each window
   * @return the text
   * @throws IllegalArgumentException if there is no sample, or the model cannot do what the options
   *     ask for
   * @throws ArithmeticException if logits are not finite
   * @throws IllegalStateException if the recognizer is closed
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Transcription transcribe(
      Waveform speech,
      TranscriptionOptions options,
      ProgressListener progress,
      Cancellation cancellation) {
    Waveform heard = speech.resampled(LogMelSpectrogram.SAMPLE_RATE);
    if (heard.samples().length == 0) {
      throw new IllegalArgumentException("speech: " + speech + ", expected at least one sample");
    }
    int frames = Math.ceilDiv(heard.samples().length, LogMelSpectrogram.HOP);
    FloatMatrix logMel =
        LogMelSpectrogram.ofBins(encoder.melBins())
            .of(heard, Math.max(frames, encoder.maximumFrames()));
    return transcribe(logMel, frames, options, progress, cancellation);
  }

  /**
   * Writes down what is said in a spectrogram.
   *
   * @param logMel {@code [rows, mel bins]}, a row for each 10 ms, see {@link LogMelSpectrogram}
   * @param frames how many rows are of the recording, at least 1; those behind them are silence
   * @param options how
   * @param progress is told of the frames that are done
   * @param cancellation asked before each window
   * @return the text
   * @throws IllegalArgumentException if the spectrogram has another number of mel bins or values
   *     that are not finite, the frames are not among its rows, or the model cannot do what the
   *     options ask for
   * @throws ArithmeticException if logits are not finite
   * @throws IllegalStateException if the recognizer is closed
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Transcription transcribe(
      FloatMatrix logMel,
      int frames,
      TranscriptionOptions options,
      ProgressListener progress,
      Cancellation cancellation) {
    return new Transcriber(encoder::encode, decoder(), tokens, tokenizer(), encoder.maximumFrames())
        .run(logMel, frames, options, progress, cancellation);
  }

  private Transcriber transcriber() {
    return new Transcriber(
        encoder::encode, decoder(), tokens, tokenizer(), encoder.maximumFrames());
  }

  /**
   * What the model itself writes about a window, on which its decoder can be calibrated.
   *
   * @param logMel a log-mel spectrogram {@code [frames, mel bins]} of one window at most
   * @param options how
   * @return an input of {@link #decoderGraph()}: the features with the prompt, the text and the
   *     token that ends it
   * @throws IllegalArgumentException if the spectrogram is longer than a window, has another number
   *     of mel bins or values that are not finite, or the model cannot do what the options ask for
   * @throws ArithmeticException if logits are not finite
   * @throws IllegalStateException if the recognizer is closed
   */
  public SpokenText spokenText(FloatMatrix logMel, TranscriptionOptions options) {
    return transcriber().spokenText(logMel, options);
  }

  /** Closes the weights. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    closed = true;
    decoder = null;
    encoder.close();
  }

  /** Architecture and numbers. */
  @Override
  public String toString() {
    WhisperDecoderConfiguration shape = graph.configuration();
    return encoder
        + ", decoder ("
        + shape.layers()
        + " layers of "
        + shape.width()
        + ", "
        + shape.vocabularySize()
        + " tokens)";
  }
}
