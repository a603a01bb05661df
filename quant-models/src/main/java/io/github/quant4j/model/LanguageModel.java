// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.generate.AutoregressiveModel;
import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.GeneratedText;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TextGenerator;
import io.github.quant4j.generate.TextListener;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelDescription;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.DecoderNetwork;
import io.github.quant4j.model.family.DecoderConfigurationReader;
import io.github.quant4j.model.family.ModelFiles;
import io.github.quant4j.model.runtime.DecoderEngine;
import io.github.quant4j.model.runtime.DecoderModel;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.model.runtime.WarmUp;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A language model that predicts, writes and can be quantized.
 *
 * <p>Opening checks the configuration and the tensors, and maps the files. All weights are brought
 * into memory on the first prediction; to calibrate only, use {@link #graph()}, which brings in one
 * block at a time. Thread-safe; results do not depend on the number of threads.
 */
@Stable
public final class LanguageModel implements AutoregressiveModel, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LanguageModel.class);

  private final DecoderModel graph;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final SourceTokenizer tokenizer;
  private final List<String> warnings;
  private volatile @Nullable DecoderEngine engine;
  private boolean closed;

  private LanguageModel(
      DecoderModel graph,
      ModelWeights weights,
      ModelOptions options,
      SourceTokenizer tokenizer,
      List<String> warnings) {
    this.graph = graph;
    this.warnings = Stream.concat(warnings.stream(), graph.warnings().stream()).toList();
    this.weights = weights;
    this.options = options;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a model, full precision or quantized, with the best kernels on all processors.
   *
   * @param directory a directory with config.json and the weights, or a GGUF file
   * @return the model; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configuration or the tensors are not those of a model that
   *     the runtime knows; all problems are named together
   */
  public static LanguageModel open(Path directory) throws IOException {
    return open(directory, ModelOptions.defaults());
  }

  /**
   * Opens a model, full precision or quantized.
   *
   * @param directory a directory with config.json and the weights, or a GGUF file
   * @param options kernels, threads, and where weights are
   * @return the model; the caller closes it
   * @throws io.github.quant4j.io.TensorFileException if a file is missing or malformed
   * @throws IOException if reading fails
   * @throws InvalidModelException if the configuration or the tensors are not those of a model that
   *     the runtime knows; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static LanguageModel open(Path directory, ModelOptions options) throws IOException {
    ModelSource files = ModelFormats.open(directory);
    try {
      DecoderConfigurationReader.Reading reading = ModelFiles.configuration(files);
      LanguageModel model =
          of(
              reading.configuration(),
              new StoredWeights(files),
              options,
              new SourceTokenizer(files),
              ModelFiles.warnings(directory, reading.warnings()));
      model.warnings().forEach(warning -> LOG.warn("{}: {}", directory, warning));
      return model;
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  /**
   * Puts a model together.
   *
   * @param configuration its shape, as the contents of a config.json
   * @param weights its weights; closed with the model
   * @param options kernels, threads, and where weights are
   * @return the model; the caller closes it
   * @throws InvalidModelException if the configuration is not that of a model that the runtime
   *     knows, or tensors are missing or of another shape than it says; all problems are named
   *     together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static LanguageModel of(String configuration, ModelWeights weights, ModelOptions options) {
    byte[] json = configuration.getBytes(StandardCharsets.UTF_8);
    return of(
        DecoderConfigurationReader.parse(json, "configuration").configuration(), weights, options);
  }

  static LanguageModel of(
      DecoderConfiguration configuration, ModelWeights weights, ModelOptions options) {
    return of(configuration, weights, options, new SourceTokenizer(null), List.of());
  }

  private static LanguageModel of(
      DecoderConfiguration configuration,
      ModelWeights weights,
      ModelOptions options,
      SourceTokenizer tokenizer,
      List<String> warnings) {
    return new LanguageModel(
        DecoderNetwork.of(configuration, weights, options), weights, options, tokenizer, warnings);
  }

  private DecoderEngine engine() {
    DecoderEngine present = engine;
    return present != null ? present : load();
  }

  private synchronized DecoderEngine load() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    DecoderEngine loaded = engine;
    if (loaded == null) {
      loaded = new DecoderEngine(graph);
      engine = loaded;
    }
    return loaded;
  }

  /**
   * The model's shape.
   *
   * @return the configuration
   */
  public ModelDescription configuration() {
    return graph.description();
  }

  /**
   * What the model runs with.
   *
   * @return kernels, threads, and where weights are
   */
  public ModelOptions options() {
    return options;
  }

  /**
   * The model as calibration sees it: blocks that are opened one at a time.
   *
   * @return a view of this model, usable until the model is closed
   */
  public BlockModel<int[]> graph() {
    return graph;
  }

  /**
   * Where the model is stored.
   *
   * @return the directory or file that it was opened from; empty if it was put together otherwise
   */
  public Optional<Path> directory() {
    return tokenizer.path();
  }

  /**
   * The linear layers.
   *
   * @return in the order in which they run, the head last
   */
  public List<LinearSite> sites() {
    return graph.sites();
  }

  /**
   * What was noticed when the model was opened and may matter: members of the configuration that
   * are not known, tensors that are not used, files that are not what was written. Also logged.
   *
   * @return one line for each; usually none
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * {@inheritDoc}
   *
   * @return the configuration's {@code max_position_embeddings}, unless the options allow more
   */
  @Override
  public int maximumPositions() {
    return graph.maximumPositions();
  }

  @Override
  public int vocabularySize() {
    return configuration().vocabularySize();
  }

  @Override
  public OptionalInt beginToken() {
    return configuration().beginToken();
  }

  @Override
  public List<Integer> endTokens() {
    return configuration().endTokens();
  }

  /**
   * The model's tokenizer, read from the model's directory on the first call.
   *
   * @return the tokenizer
   * @throws io.github.quant4j.text.InvalidTokenizerException if {@code tokenizer.json} is missing,
   *     malformed or not supported
   * @throws java.io.UncheckedIOException if reading fails
   * @throws IllegalStateException if the model was not opened from a directory
   */
  public Tokenizer tokenizer() {
    return tokenizer.get();
  }

  /**
   * Continues a text until the model ends it or the limit is reached.
   *
   * @param prompt the text so far; if empty, the model begins one
   * @param sampling how tokens are drawn, and how many at most
   * @return the new text, which is also what the result prints as, and the speed
   * @throws io.github.quant4j.text.InvalidTokenizerException as {@link #tokenizer()} does
   * @throws IllegalArgumentException if the prompt is empty and the model has no begin token, the
   *     prompt is longer than the model has positions, or the tokenizer is not the model's
   * @throws ArithmeticException if a prediction is not finite
   * @throws IllegalStateException if the model is closed or was not opened from a directory
   */
  public GeneratedText generate(String prompt, Sampling sampling) {
    return generate(prompt, sampling, TextListener.none());
  }

  /**
   * Continues a text until the model ends it, the limit is reached or the listener has enough.
   *
   * @param prompt the text so far; if empty, the model begins one
   * @param sampling how tokens are drawn, and how many at most
   * @param listener hears of the text while it is written, on the calling thread
   * @return the new text and the speed
   * @throws io.github.quant4j.text.InvalidTokenizerException as {@link #tokenizer()} does
   * @throws IllegalArgumentException if the prompt is empty and the model has no begin token, or
   *     the tokenizer is not the model's
   * @throws ArithmeticException if a prediction is not finite
   * @throws IllegalStateException if the model is closed or was not opened from a directory
   */
  public GeneratedText generate(String prompt, Sampling sampling, TextListener listener) {
    return TextGenerator.generate(this, tokenizer(), prompt, sampling, listener);
  }

  /**
   * Predicts what follows each token of a text.
   *
   * @param tokens the text, at least one token
   * @return the logits, {@code [tokens, vocabulary]}
   * @throws IllegalArgumentException if there are no tokens, more than the model has positions, one
   *     is not in the vocabulary, or the logits do not fit an array
   * @throws IllegalStateException if the model is closed
   */
  public FloatMatrix logits(int[] tokens) {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("tokens: none, expected at least one");
    }
    try (BatchPrediction prediction = predict(List.of(tokens))) {
      FloatMatrix logits = FloatMatrix.zeros(tokens.length, vocabularySize());
      prediction.logits(0, tokens.length, logits.data());
      return logits;
    }
  }

  /**
   * Takes several texts through the model in one batch; they do not see each other.
   *
   * <p>Memory: about {@code tokens (hidden size + intermediate size)} floats, some of them twice.
   *
   * @param sequences the texts
   * @return gives the logits on demand; the caller closes it
   * @throws IllegalArgumentException if a token is not in the vocabulary, or a text is longer than
   *     the model has positions
   * @throws ArithmeticException if the batch is too large for arrays
   * @throws IllegalStateException if the model is closed
   */
  public BatchPrediction predict(List<int[]> sequences) {
    return engine().predict(sequences, null);
  }

  /**
   * Takes several texts through the model and shows what goes into its sites.
   *
   * @param sequences the texts
   * @param observer sees the input of each site group, the head's last
   * @throws IllegalArgumentException if a token is not in the vocabulary, or a text is longer than
   *     the model has positions
   * @throws ArithmeticException if the batch is too large for arrays
   * @throws IllegalStateException if the model is closed
   */
  public void observe(List<int[]> sequences, SiteObserver observer) {
    engine().predict(sequences, observer).close();
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException also if the capacity is more than the model has positions
   * @throws IllegalStateException if the model is closed
   */
  @Override
  public DecodingSession decode(int sequences, int capacity) {
    return engine().decode(sequences, capacity);
  }

  /**
   * Brings all weights into memory and runs the model until the JVM has compiled what generation
   * takes.
   *
   * <p>In a JVM that has just started, first tokens take many times as long as later ones: kernels
   * on the Vector API are slower than scalar code until the JIT compiler has turned them into
   * vector instructions, which takes seconds. Call this before serving. It does not pay for a
   * single short text, which takes about as long as warming up: for some dozens of tokens in a JVM
   * of their own, {@code ModelOptions.withKernels("scalar")} takes about a third of the CPU time of
   * kernels on the Vector API. Results are the same with and without warming up.
   *
   * @param limit how long it may take, without the time to read the weights
   * @return whether the time was enough; if not, the next tokens may still be slow
   * @throws IllegalStateException if the model is closed
   */
  public boolean warmUp(Duration limit) {
    return new WarmUp(engine(), limit).run();
  }

  /** Closes the weights. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      engine = null;
      weights.close();
    }
  }

  /** Architecture and numbers. */
  @Override
  public String toString() {
    return graph.architecture()
        + " ("
        + configuration().layers()
        + " layers of "
        + configuration().hiddenSize()
        + ", vocabulary "
        + vocabularySize()
        + ")";
  }
}
