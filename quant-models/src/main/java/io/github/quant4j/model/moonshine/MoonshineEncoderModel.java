// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.metric.LayerShape;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.AudioEncoder;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.EncoderHeadProgram;
import io.github.quant4j.model.runtime.EncoderProgram;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.OpenBlock;
import io.github.quant4j.model.runtime.RecognizerModules;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
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
public final class MoonshineEncoderModel implements AudioEncoder {
  private static final int SAMPLE_RATE = 16_000;

  /** 30 seconds. */
  private static final int MOST_SAMPLES = 30 * SAMPLE_RATE;

  private final MoonshineConfiguration configuration;
  private final MoonshineLayout layout;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final GroupedAttention attention;
  private final RotaryTable rotary;
  private final List<String> warnings;
  private volatile @Nullable WaveformStem stem;

  private MoonshineEncoderModel(
      MoonshineConfiguration configuration,
      MoonshineLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    this.configuration = configuration;
    this.rotary = new RotaryTable(configuration.rotary());
    this.warnings = List.copyOf(warnings);
    this.layout = layout;
    this.weights = weights;
    this.options = options;
    this.attention =
        new GroupedAttention(
            configuration.headStructure(),
            false,
            options.kernels().compute().algebra(),
            options.kernels());
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
  public ModelOptions options() {
    return options;
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public String architecture() {
    return configuration.architecture();
  }

  @Override
  public List<BlockLayout> blocks() {
    return layout.blocks();
  }

  @Override
  public BlockLayout head() {
    return layout.head();
  }

  @Override
  public List<String> otherLinearModules() {
    return RecognizerModules.besidesEncoder(weights.tensors());
  }

  /**
   * {@inheritDoc}
   *
   * @return empty: the convolutions write to the stream, and layer norms do not commute with
   *     rotations
   */
  @Override
  public Optional<ResidualStream> residualStream() {
    return Optional.empty();
  }

  @Override
  public List<LinearSite> residualWriters() {
    return blocks().stream()
        .flatMap(block -> block.groups().stream())
        .filter(group -> !(group.origin() instanceof InputOrigin.Normalization))
        .flatMap(group -> group.sites().stream())
        .toList();
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
      known = new WaveformStem(layout, weights.tensors(), options.kernels());
      stem = known;
    }
    return known;
  }

  @Override
  public Block open(int index) {
    Objects.checkIndex(index, configuration.layers());
    return openBlock(index, BlockWeights.fitsHeap(layout.blocks().get(index), options));
  }

  @Override
  public Block openHead() {
    BlockWeights opened =
        new BlockWeights(
            layout.head(),
            Stream.concat(
                    Stream.of(layout.finalNorm().weight()), layout.finalNorm().bias().stream())
                .toList(),
            weights,
            options.kernels(),
            true);
    return new OpenBlock(
        configuration.width(),
        opened,
        new EncoderHeadProgram(opened, layout.finalNorm(), options.kernels().team()));
  }

  @Override
  public Block openBlock(int index, boolean heap) {
    EncoderProgram.Norms norms = layout.norms(index);
    BlockWeights opened =
        new BlockWeights(
            layout.blocks().get(index), norms.vectors(), weights, options.kernels(), heap);
    return new OpenBlock(
        configuration.width(),
        opened,
        new EncoderProgram(
            configuration.headStructure(), norms, opened, attention, rotary, options.kernels()));
  }
}
