// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.RecognizerModules;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.transcribe.SpokenText;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The decoder of a Whisper model (Radford et al., arXiv:2212.04356) as a chain of blocks, in
 * binary32, as the Transformers library defines it: embeddings and learned positions, then blocks
 * of layer norm and causal self attention, layer norm and attention over the encoder's output, and
 * a GELU MLP behind a third layer norm; then a layer norm and the head, which is tied to the
 * embeddings.
 *
 * <p>An input is a text with the encoder's output for its window. Both are part of the hidden
 * states: every text is two sequences, the frames of its window, which blocks leave as they are,
 * and its tokens. The head's output has rows for tokens only.
 *
 * <p>Every block has seven site groups: q_proj, k_proj and v_proj of the self attention; its
 * out_proj; q_proj of the cross attention; its k_proj and v_proj, whose input are the frames; its
 * out_proj; fc1; fc2. Nothing is read before it is needed. Use {@code SpeechRecognizer} to
 * transcribe; this is the model as calibration sees it.
 */
public final class WhisperDecoderModel implements BlockModel<SpokenText> {
  private final WhisperDecoderConfiguration configuration;
  private final WhisperDecoderLayout layout;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final GroupedAttention selfAttention;
  private final CrossAttention crossAttention;
  private final List<String> warnings;
  private volatile @Nullable Tensor embeddings;
  private volatile @Nullable FloatMatrix positions;

  private WhisperDecoderModel(
      WhisperDecoderConfiguration configuration,
      WhisperDecoderLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    this.configuration = configuration;
    this.layout = layout;
    this.weights = weights;
    this.options = options;
    this.warnings = List.copyOf(warnings);
    this.selfAttention =
        new GroupedAttention(
            configuration.headStructure(),
            true,
            options.kernels().compute().algebra(),
            options.kernels());
    this.crossAttention = new CrossAttention(configuration, options.kernels());
  }

  /**
   * Puts a decoder together.
   *
   * @param configuration its shape
   * @param weights its weights, which must stay open as long as the decoder is used
   * @param options kernels, threads, and where weights are
   * @return the decoder
   * @throws InvalidModelException if tensors are missing, of another shape than the configuration
   *     says, or of a kind that it has no use for; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static WhisperDecoderModel of(
      WhisperDecoderConfiguration configuration, ModelWeights weights, ModelOptions options) {
    WhisperDecoderLayout layout = new WhisperDecoderLayout(configuration, weights.tensors());
    TensorCheck check = layout.check(weights);
    if (!check.problems().isEmpty()) {
      throw new InvalidModelException("the model's tensors", check.problems());
    }
    return new WhisperDecoderModel(configuration, layout, weights, options, check.warnings());
  }

  /**
   * The decoder's shape.
   *
   * @return the configuration
   */
  public WhisperDecoderConfiguration configuration() {
    return configuration;
  }

  public ModelOptions options() {
    return options;
  }

  /** What is noticed about the tensors but does not keep the decoder from running. */
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public String architecture() {
    return "WhisperForConditionalGeneration";
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
    return RecognizerModules.besidesDecoder(weights.tensors());
  }

  /**
   * {@inheritDoc}
   *
   * @return empty: layer norms do not commute with rotations
   */
  @Override
  public Optional<ResidualStream> residualStream() {
    return Optional.empty();
  }

  @Override
  public List<LinearSite> residualWriters() {
    return blocks().stream()
        .flatMap(
            block ->
                List.of(
                        WhisperDecoderLayout.SELF_OUTPUT,
                        WhisperDecoderLayout.CROSS_OUTPUT,
                        WhisperDecoderLayout.MLP_OUTPUT)
                    .stream()
                    .map(group -> block.groups().get(group).sites().getFirst()))
        .toList();
  }

  @Override
  public List<MatrixProduct> embeddingProducts(long tokens) {
    return List.of(
        MatrixProduct.ofLookup("embeddings", configuration.width(), tokens, Operand.FULL));
  }

  /**
   * Looks up the embeddings of the tokens and adds the positions; the features stay as they are.
   *
   * @param inputs one or more texts with the features of their windows
   * @return the hidden states, for each text one sequence: the frames of its window and then its
   *     tokens
   * @throws IllegalArgumentException if a token is not in the vocabulary, a text is empty or longer
   *     than the model has positions, or features are not those of a window
   */
  @Override
  public HiddenStates embed(List<? extends SpokenText> inputs) {
    int frames = configuration.windowFrames();
    for (SpokenText input : inputs) {
      requireFeatures(input.features());
      requireTokens(input.tokens(), 0);
      if (input.tokens().length == 0) {
        throw new IllegalArgumentException("tokens: none, expected at least one");
      }
    }
    SequenceLayout sequences =
        SequenceLayout.of(
            inputs.stream().mapToInt(input -> frames + input.tokens().length).toArray());
    int width = configuration.width();
    FloatMatrix hidden = FloatMatrix.zeros(sequences.tokens(), width);
    for (int i = 0; i < inputs.size(); i++) {
      float[] features = inputs.get(i).features().data();
      int first = sequences.start(i);
      System.arraycopy(features, 0, hidden.data(), first * width, frames * width);
      embed(inputs.get(i).tokens(), 0, hidden.data(), first + frames);
    }
    return new HiddenStates(hidden, sequences);
  }

  @Override
  public int tokens(SpokenText input) {
    return input.features().rows() + input.tokens().length;
  }

  void requireFeatures(FloatMatrix features) {
    if (features.rows() != configuration.windowFrames()
        || features.columns() != configuration.width()) {
      throw new IllegalArgumentException(
          "features: "
              + features
              + ", expected those of a window, ["
              + configuration.windowFrames()
              + ", "
              + configuration.width()
              + "]");
    }
  }

  /** Refuses tokens that are not in the vocabulary, or too many behind those before them. */
  void requireTokens(int[] tokens, int before) {
    if (tokens.length > configuration.positions() - before) {
      throw new IllegalArgumentException(
          "tokens: "
              + tokens.length
              + " after "
              + before
              + ", expected at most "
              + configuration.positions()
              + " in all, the model's 'max_target_positions'");
    }
    for (int token : tokens) {
      if (token < 0 || token >= configuration.vocabularySize()) {
        throw new IllegalArgumentException(
            "tokens: " + token + ", expected 0 to " + (configuration.vocabularySize() - 1));
      }
    }
  }

  /** Puts the embeddings of tokens, whose positions begin at one, into rows. */
  void embed(int[] tokens, int position, float[] hidden, int firstRow) {
    int width = configuration.width();
    Tensor table = embeddings();
    float[] learned = positions().data();
    for (int i = 0; i < tokens.length; i++) {
      int row = (firstRow + i) * width;
      table.readFloats((long) tokens[i] * width, width, hidden, row);
      for (int c = 0; c < width; c++) {
        hidden[row + c] += learned[(position + i) * width + c];
      }
    }
  }

  private Tensor embeddings() {
    Tensor known = embeddings;
    if (known == null) {
      known = IntactTensors.require(weights.tensors(), layout.embeddings());
      embeddings = known;
    }
    return known;
  }

  private FloatMatrix positions() {
    FloatMatrix known = positions;
    if (known == null) {
      known = IntactTensors.require(weights.tensors(), layout.positions()).toMatrix();
      positions = known;
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
    return openHeadBlock(BlockWeights.fitsHeap(layout.head(), options));
  }

  TextBlock openBlock(int index, boolean heap) {
    WhisperDecoderLayout.Norms norms = layout.norms(index);
    BlockWeights opened =
        new BlockWeights(
            layout.blocks().get(index), norms.vectors(), weights, options.kernels(), heap);
    return new TextBlock(
        configuration,
        opened,
        new TextBlockProgram(
            index, configuration, norms, opened, selfAttention, crossAttention, options.kernels()));
  }

  TextHead openHeadBlock(boolean heap) {
    BlockWeights opened =
        new BlockWeights(
            layout.head(),
            List.of(layout.finalNorm().weight(), layout.finalNorm().bias().orElseThrow()),
            weights,
            options.kernels(),
            heap);
    return new TextHead(
        configuration.windowFrames(), layout.finalNorm(), opened, options.kernels().team());
  }
}
