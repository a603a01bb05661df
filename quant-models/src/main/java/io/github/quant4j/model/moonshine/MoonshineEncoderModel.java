// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

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
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The encoder of a Moonshine model (Jeffries et al., arXiv:2410.15608) as a chain of blocks, in
 * binary32, as the Transformers library (5.24) defines it: three convolutions of the samples, then
 * blocks of layer norm, bidirectional attention with rotated positions and a GELU MLP, then a layer
 * norm.
 *
 * <p>An input is {@code [samples, 1]}, 16,000 a second: from 895 samples, which make one hidden
 * state, to 30 seconds. A longer recording takes several inputs.
 *
 * <p>Every block has four site groups: q_proj, k_proj and v_proj; o_proj; fc1; fc2. The head is the
 * final norm and has no site. Convolutions stay as they are. Nothing is read before it is needed.
 */
public final class MoonshineEncoderModel extends LayeredEncoder {
  private static final int SAMPLE_RATE = 16_000;

  /** 30 seconds. */
  private static final int MOST_SAMPLES = 30 * SAMPLE_RATE;

  private final MoonshineConfiguration configuration;
  private final MoonshineLayout layout;
  private volatile @Nullable WaveformStem stem;

  private MoonshineEncoderModel(
      MoonshineConfiguration configuration,
      MoonshineLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    super(
        layout,
        configuration.headStructure(),
        new RotaryTable(configuration.rotary()),
        weights,
        options,
        warnings);
    this.configuration = configuration;
    this.layout = layout;
  }

  /**
   * Puts an encoder together.
   *
   * @param reading its shape, and what was noticed about the configuration
   * @param weights its weights, which must stay open as long as the encoder is used
   * @param options kernels, threads, and where weights are
   * @return the encoder
   * @throws InvalidModelException if tensors are missing, of another shape than the configuration
   *     says, or of a kind that it has no use for; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static MoonshineEncoderModel of(
      MoonshineConfiguration.Reading reading, ModelWeights weights, ModelOptions options) {
    MoonshineConfiguration configuration = reading.configuration();
    MoonshineLayout layout = new MoonshineLayout(configuration, weights.tensors());
    TensorCheck check = layout.check(weights);
    if (!check.problems().isEmpty()) {
      throw new InvalidModelException("the model's tensors", check.problems());
    }
    List<String> warnings = new ArrayList<>(reading.warnings());
    warnings.addAll(check.warnings());
    return new MoonshineEncoderModel(configuration, layout, weights, options, warnings);
  }

  /**
   * The encoder's shape.
   *
   * @return the configuration
   */
  public MoonshineConfiguration configuration() {
    return configuration;
  }

  @Override
  public String architecture() {
    return configuration.architecture();
  }

  @Override
  public int maximumRows() {
    return MOST_SAMPLES;
  }

  @Override
  public int inputWidth() {
    return 1;
  }

  @Override
  public int rowsPerSecond() {
    return SAMPLE_RATE;
  }

  /** {@inheritDoc} As long as it is, with silence only behind what is too short for a state. */
  @Override
  public FloatMatrix input(Waveform speech) {
    return inputAsLong(speech);
  }

  @Override
  public FloatMatrix inputAsLong(Waveform speech) {
    float[] heard = speech.resampled(SAMPLE_RATE).samples();
    if (heard.length == 0) {
      throw new IllegalArgumentException("speech: " + speech + ", expected at least one sample");
    }
    int rows = Math.clamp(heard.length, WaveformStem.LEAST_SAMPLES, MOST_SAMPLES);
    return FloatMatrix.wrap(rows, 1, Arrays.copyOf(heard, rows));
  }

  @Override
  public String shape() {
    return configuration.layers() + " layers of " + configuration.width();
  }

  /** The three convolutions, whose steps are 64, 3 and 2. */
  @Override
  public List<MatrixProduct> embeddingProducts(long tokens) {
    int width = configuration.width();
    long second = 2 * tokens + 1;
    return List.of(
        convolution(1, width, 1, 3 * second + 4),
        convolution(2, 2 * width, width, second),
        convolution(3, width, 2 * width, tokens));
  }

  private MatrixProduct convolution(int number, int out, int in, long frames) {
    return MatrixProduct.ofLayer(
        layout.convolution(number),
        ProductRole.FIRST_LAYER,
        LayerShape.Convolution.line(out, in, WaveformStem.KERNELS.get(number - 1), frames),
        Operand.FULL,
        Operand.FULL);
  }

  /**
   * Runs the convolutions.
   *
   * @param inputs one or more {@code [samples, 1]}
   * @return the hidden states of all of them, about one for each 384 samples
   * @throws IllegalArgumentException if an input has too few samples or too many, another number of
   *     columns, or values that are not finite
   */
  @Override
  public HiddenStates embed(List<? extends FloatMatrix> inputs) {
    SequenceLayout sequences = SequenceLayout.of(inputs.stream().mapToInt(this::tokens).toArray());
    FloatMatrix hidden = FloatMatrix.zeros(sequences.tokens(), configuration.width());
    for (int s = 0; s < inputs.size(); s++) {
      stem().run(inputs.get(s).data(), hidden, sequences.start(s));
    }
    return new HiddenStates(hidden, sequences);
  }

  @Override
  public int tokens(FloatMatrix input) {
    if (input.rows() < WaveformStem.LEAST_SAMPLES
        || input.rows() > MOST_SAMPLES
        || input.columns() != 1) {
      throw new IllegalArgumentException(
          "speech: "
              + input
              + ", expected [samples, 1] with "
              + WaveformStem.LEAST_SAMPLES
              + " to "
              + MOST_SAMPLES
              + " samples");
    }
    if (!input.isFinite()) {
      throw new IllegalArgumentException(
          "speech: " + input + " has values that are not finite, expected finite ones");
    }
    return WaveformStem.frames(input.rows());
  }

  private WaveformStem stem() {
    WaveformStem known = stem;
    if (known == null) {
      known = new WaveformStem(layout, weights().tensors(), options().kernels());
      stem = known;
    }
    return known;
  }
}
