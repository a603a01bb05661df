// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.metric.LayerShape;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.LayeredEncoder;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.speech.LogMelSpectrogram;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The encoder of a Whisper model (Radford et al., arXiv:2212.04356) as a chain of blocks, in
 * binary32, as the Transformers library defines it: two convolutions and learned positions, then
 * blocks of layer norm, bidirectional attention and a GELU MLP, then a layer norm.
 *
 * <p>An input is a log-mel spectrogram {@code [frames, mel bins]}: a row for each 10 ms, see {@link
 * io.github.quant4j.speech.LogMelSpectrogram}. It may have from 1 frame to {@link
 * WhisperConfiguration#maximumFrames()}. Whisper was trained on spectrograms of 30 seconds, with
 * silence after what is shorter; shorter inputs take less time and give other features.
 *
 * <p>Every block has four site groups: q_proj, k_proj and v_proj; out_proj; fc1; fc2. The head is
 * the final norm and has no site. Convolutions and positions stay as they are. Nothing is read
 * before it is needed. Use {@code SpeechEncoder} to run the encoder; this is the model as
 * calibration sees it.
 */
public final class WhisperEncoderModel extends LayeredEncoder {
  private final WhisperConfiguration configuration;
  private final WhisperLayout layout;
  private volatile @Nullable ConvolutionStem stem;

  private WhisperEncoderModel(
      WhisperConfiguration configuration,
      WhisperLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    super(layout, configuration.headStructure(), null, weights, options, warnings);
    this.configuration = configuration;
    this.layout = layout;
  }

  /**
   * Puts an encoder together.
   *
   * @param configuration its shape
   * @param weights its weights, which must stay open as long as the encoder is used
   * @param options kernels, threads, and where weights are
   * @return the encoder
   * @throws InvalidModelException if tensors are missing, of another shape than the configuration
   *     says, or of a kind that it has no use for; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static WhisperEncoderModel of(
      WhisperConfiguration configuration, ModelWeights weights, ModelOptions options) {
    WhisperLayout layout = new WhisperLayout(configuration, weights.tensors());
    TensorCheck check = layout.check(weights);
    if (!check.problems().isEmpty()) {
      throw new InvalidModelException("the model's tensors", check.problems());
    }
    return new WhisperEncoderModel(configuration, layout, weights, options, check.warnings());
  }

  /**
   * The encoder's shape.
   *
   * @return the configuration
   */
  public WhisperConfiguration configuration() {
    return configuration;
  }

  @Override
  public String architecture() {
    return configuration.architecture();
  }

  @Override
  public int maximumRows() {
    return configuration.maximumFrames();
  }

  @Override
  public int inputWidth() {
    return configuration.melBins();
  }

  @Override
  public int rowsPerSecond() {
    return LogMelSpectrogram.SAMPLE_RATE / LogMelSpectrogram.HOP;
  }

  /** {@inheritDoc} With silence after what is shorter than the longest. */
  @Override
  public FloatMatrix input(Waveform speech) {
    return spectrogram().of(speech, configuration.maximumFrames());
  }

  @Override
  public FloatMatrix inputAsLong(Waveform speech) {
    Waveform heard = speech.resampled(LogMelSpectrogram.SAMPLE_RATE);
    int frames = Math.ceilDiv(heard.samples().length, LogMelSpectrogram.HOP);
    return spectrogram().of(heard, Math.min(frames, configuration.maximumFrames()));
  }

  private LogMelSpectrogram spectrogram() {
    return LogMelSpectrogram.ofBins(configuration.melBins());
  }

  @Override
  public String shape() {
    return configuration.layers()
        + " layers of "
        + configuration.width()
        + ", "
        + configuration.melBins()
        + " mel bins";
  }

  /** The two convolutions; the second one has a stride of 2. */
  @Override
  public List<MatrixProduct> embeddingProducts(long tokens) {
    int width = configuration.width();
    return List.of(
        MatrixProduct.ofLayer(
            layout.convolution(1),
            ProductRole.FIRST_LAYER,
            LayerShape.Convolution.line(
                width, configuration.melBins(), ConvolutionStem.TAPS, 2 * tokens),
            Operand.FULL,
            Operand.FULL),
        MatrixProduct.ofLayer(
            layout.convolution(2),
            ProductRole.FIRST_LAYER,
            LayerShape.Convolution.line(width, width, ConvolutionStem.TAPS, tokens),
            Operand.FULL,
            Operand.FULL));
  }

  /**
   * Runs the convolutions and adds the positions.
   *
   * @param inputs one or more log-mel spectrograms {@code [frames, mel bins]}
   * @return the hidden states of all of them, half as many rows as frames, rounded up, for each
   * @throws IllegalArgumentException if a spectrogram has no frames, too many of them, another
   *     number of mel bins, or values that are not finite
   */
  @Override
  public HiddenStates embed(List<? extends FloatMatrix> inputs) {
    inputs.forEach(this::requireSpectrogram);
    SequenceLayout sequences =
        SequenceLayout.of(
            inputs.stream().mapToInt(input -> ConvolutionStem.frames(input.rows())).toArray());
    FloatMatrix hidden = FloatMatrix.zeros(sequences.tokens(), configuration.width());
    for (int s = 0; s < inputs.size(); s++) {
      stem().run(inputs.get(s), hidden.data(), sequences.start(s));
    }
    return new HiddenStates(hidden, sequences);
  }

  @Override
  public int tokens(FloatMatrix input) {
    requireSpectrogram(input);
    return ConvolutionStem.frames(input.rows());
  }

  private void requireSpectrogram(FloatMatrix input) {
    if (input.rows() < 1
        || input.rows() > configuration.maximumFrames()
        || input.columns() != configuration.melBins()) {
      throw new IllegalArgumentException(
          "spectrogram: "
              + input
              + ", expected [frames, mel bins] with 1 to "
              + configuration.maximumFrames()
              + " frames and "
              + configuration.melBins()
              + " mel bins");
    }
    if (!input.isFinite()) {
      throw new IllegalArgumentException(
          "spectrogram: " + input + " has values that are not finite, expected finite ones");
    }
  }

  private ConvolutionStem stem() {
    ConvolutionStem known = stem;
    if (known == null) {
      known = new ConvolutionStem(layout, weights().tensors(), options().kernels());
      stem = known;
    }
    return known;
  }
}
