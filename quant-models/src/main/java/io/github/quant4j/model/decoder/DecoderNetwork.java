// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.DecoderModel;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.OpenBlock;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of any family as a chain of blocks, in binary32, as the Transformers library defines
 * it. What it computes is said by its {@link DecoderConfiguration} alone.
 *
 * <p>Nothing is read before it is needed. {@code LanguageModel} generates and evaluates; this is
 * the model as calibration sees it.
 */
public final class DecoderNetwork implements DecoderModel {
  private final DecoderConfiguration configuration;
  private final DecoderLayout layout;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final DecoderResources resources;
  private final List<String> warnings;
  private volatile @Nullable DecoderEmbedding embedding;

  private DecoderNetwork(
      DecoderConfiguration configuration,
      DecoderLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    this.configuration = configuration;
    this.warnings = List.copyOf(warnings);
    this.layout = layout;
    this.weights = weights;
    this.options = options;
    this.resources = new DecoderResources(options.kernels());
  }

  /**
   * Puts a model together.
   *
   * @param configuration its shape
   * @param weights its weights, which must stay open as long as the model is used
   * @param options kernels, threads, and where weights are
   * @return the model
   * @throws InvalidModelException if tensors are missing, of another shape than the configuration
   *     says, or of a kind that it has no use for; all problems are named together
   * @throws IllegalArgumentException if the options name a kernel provider that is not available
   */
  public static DecoderNetwork of(
      DecoderConfiguration configuration, ModelWeights weights, ModelOptions options) {
    DecoderLayout layout = new DecoderLayout(configuration);
    ModelWeights arranged = ArrangedWeights.of(configuration, layout, weights);
    TensorCheck check = DecoderTensors.check(configuration, layout, arranged);
    if (!check.problems().isEmpty()) {
      throw new InvalidModelException("the model's tensors", check.problems());
    }
    return new DecoderNetwork(configuration, layout, arranged, options, check.warnings());
  }

  @Override
  public ModelOptions options() {
    return options;
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  /** The longest sequence that is read; one with learned positions has no more than their rows. */
  @Override
  public int maximumPositions() {
    EmbeddingShape shape = configuration.embedding();
    int learned =
        shape.positions() == null
            ? Integer.MAX_VALUE
            : shape.positionRows() - shape.positionOffset();
    return options.positionsBeyondTraining()
        ? learned
        : Math.min(learned, configuration.maximumPositions());
  }

  @Override
  public void requirePositions(String what, int positions) {
    if (positions > maximumPositions()) {
      throw new IllegalArgumentException(
          what
              + ": "
              + positions
              + " tokens, expected at most "
              + maximumPositions()
              + ", the model's 'max_position_embeddings'; ModelOptions.withPositionsBeyondTraining"
              + " allows more"
              + (configuration.embedding().positions() == null
                  ? ""
                  : ", but not beyond the rows of learned positions"));
    }
  }

  @Override
  public DecoderConfiguration description() {
    return configuration;
  }

  @Override
  public KeyValueCache newCache(int sequences, int capacity, int most) {
    return new KeyValueCache(
        configuration.layerShapes().stream().map(layer -> layer.attention().cached()).toList(),
        sequences,
        capacity,
        most);
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
  public Optional<ResidualStream> residualStream() {
    return layout.residualStream();
  }

  @Override
  public Set<LinearSite> keptUnlessNamed() {
    Set<LinearSite> kept = new HashSet<>(head().sites());
    for (LayerShape layer : configuration.layerShapes()) {
      if (layer.mlp() instanceof MlpShape.Mixture mixture) {
        kept.add(mixture.router());
        if (mixture.sharedGate() != null) {
          kept.add(mixture.sharedGate());
        }
      }
    }
    return kept;
  }

  @Override
  public Optional<TokenMixer> mixer(int block) {
    return Optional.of(configuration.layerShapes().get(block).attention().mixer());
  }

  @Override
  public Set<LinearSite> routers() {
    Set<LinearSite> routers = new HashSet<>();
    for (LayerShape layer : configuration.layerShapes()) {
      if (layer.mlp() instanceof MlpShape.Mixture mixture) {
        routers.add(mixture.router());
      }
    }
    return routers;
  }

  @Override
  public Optional<TensorSource> arrangedTensors() {
    return weights instanceof ArrangedWeights arranged
        ? Optional.of(arranged.tensors())
        : Optional.empty();
  }

  @Override
  public List<String> supersededTensors(Set<String> sites) {
    return weights instanceof ArrangedWeights arranged ? arranged.superseded(sites) : List.of();
  }

  @Override
  public Tensor stored(String site, Tensor matrix) {
    return configuration.stored().transposed()
            && !site.equals(configuration.headShape().site().name())
        ? ArrangedWeights.transposed(matrix)
        : matrix;
  }

  @Override
  public List<LinearSite> residualWriters() {
    return layout.residualWriters();
  }

  /**
   * Looks up the embeddings of token numbers.
   *
   * @param inputs one or more sequences of token numbers
   * @return the hidden states of all of them, {@code [tokens, hidden size]}
   * @throws IllegalArgumentException if a token is not in the vocabulary, a sequence is longer than
   *     the model has positions, or the tokens are too many for one batch
   */
  @Override
  public HiddenStates embed(List<? extends int[]> inputs) {
    SequenceLayout sequences =
        SequenceLayout.of(inputs.stream().mapToInt(tokens -> tokens.length).toArray());
    FloatMatrix hidden = FloatMatrix.zeros(sequences.tokens(), configuration.hiddenSize());
    for (int s = 0; s < inputs.size(); s++) {
      int[] tokens = inputs.get(s);
      requireTokens(tokens);
      embed(tokens, 0, tokens.length, 0, hidden.data(), sequences.start(s));
    }
    return new HiddenStates(hidden, sequences);
  }

  @Override
  public int tokens(int[] input) {
    requireTokens(input);
    return input.length;
  }

  @Override
  public void requireTokens(int[] tokens) {
    requirePositions("tokens", tokens.length);
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= configuration.vocabularySize()) {
        throw new IllegalArgumentException(
            "tokens: "
                + tokens[i]
                + " at position "
                + i
                + ", expected 0 to "
                + (configuration.vocabularySize() - 1));
      }
    }
  }

  private DecoderEmbedding embedding() {
    DecoderEmbedding known = embedding;
    if (known == null) {
      known = new DecoderEmbedding(configuration.embedding(), configuration.hiddenSize(), weights);
      embedding = known;
    }
    return known;
  }

  @Override
  public void embed(int[] tokens, int from, int count, int position, float[] hidden, int firstRow) {
    embedding().embed(tokens, from, count, position, hidden, firstRow);
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

  @Override
  public OpenBlock openBlock(int index, boolean heap) {
    LayerShape shape = configuration.layerShapes().get(index);
    List<String> vectors = shape.vectors().stream().map(VectorShape::name).toList();
    BlockWeights opened =
        new BlockWeights(layout.blocks().get(index), vectors, weights, options.kernels(), heap);
    return new OpenBlock(
        configuration.hiddenSize(), opened, new DecoderProgram(shape, index, opened, resources));
  }

  @Override
  public OpenBlock openHeadBlock(boolean heap) {
    HeadShape shape = configuration.headShape();
    List<String> vectors =
        shape.norm() == null
            ? List.of()
            : shape.norm().vectors().stream().map(VectorShape::name).toList();
    BlockWeights opened =
        new BlockWeights(layout.head(), vectors, weights, options.kernels(), heap);
    FloatMatrix projection =
        shape.projection() == null
            ? null
            : IntactTensors.require(weights.tensors(), shape.projection()).toMatrix();
    return new OpenBlock(
        configuration.hiddenSize(),
        opened,
        new DecoderHeadProgram(
            shape, configuration.hiddenSize(), projection, opened, options.kernels()));
  }
}
