// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.DecoderModel;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.OpenBlock;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of the Llama family as a chain of blocks, in binary32, as the Transformers library
 * defines it: RMSNorm, rotary embeddings, causal grouped-query attention, SwiGLU.
 *
 * <p>Every block has four site groups: q_proj, k_proj and v_proj; o_proj; gate_proj and up_proj;
 * down_proj. The head is the final norm and lm_head. Nothing is read before it is needed. {@code
 * LanguageModel} generates and evaluates; this is the model as calibration sees it.
 */
public final class LlamaModel implements DecoderModel {
  private final LlamaConfiguration configuration;
  private final LlamaLayout layout;
  private final ModelWeights weights;
  private final ModelOptions options;
  private final DecoderProgram.Resources resources;
  private final List<String> warnings;
  private volatile @Nullable Tensor embeddings;

  private LlamaModel(
      LlamaConfiguration configuration,
      LlamaLayout layout,
      ModelWeights weights,
      ModelOptions options,
      List<String> warnings) {
    this.configuration = configuration;
    this.warnings = List.copyOf(warnings);
    this.layout = layout;
    this.weights = weights;
    this.options = options;
    this.resources =
        new DecoderProgram.Resources(
            new RotaryTable(
                new Rotary(
                    configuration.attention().headWidth(),
                    configuration.rotary().theta(),
                    configuration.rotary().scaling(),
                    Rotary.Pairing.HALVES)),
            new GroupedAttention(
                layout.heads(), true, options.kernels().compute().algebra(), options.kernels()),
            options.kernels());
  }

  @Override
  public ModelOptions options() {
    return options;
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  /** The longest sequence that is read. */
  @Override
  public int maximumPositions() {
    return options.positionsBeyondTraining() ? Integer.MAX_VALUE : configuration.maximumPositions();
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
              + " allows more");
    }
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
  public static LlamaModel of(
      LlamaConfiguration configuration, ModelWeights weights, ModelOptions options) {
    LlamaLayout layout = new LlamaLayout(configuration);
    TensorCheck check = LlamaTensors.check(configuration, layout, weights);
    if (!check.problems().isEmpty()) {
      throw new InvalidModelException("the model's tensors", check.problems());
    }
    return new LlamaModel(configuration, layout, weights, options, check.warnings());
  }

  /**
   * The model's shape.
   *
   * @return the configuration
   */
  public LlamaConfiguration configuration() {
    return configuration;
  }

  @Override
  public LlamaConfiguration description() {
    return configuration;
  }

  @Override
  public KeyValueCache newCache(int sequences, int capacity) {
    LlamaConfiguration.Attention attention = configuration.attention();
    return new KeyValueCache(
        configuration.layers(),
        attention.keyValueHeads(),
        attention.headWidth(),
        sequences,
        capacity);
  }

  @Override
  public String architecture() {
    return configuration.family().architecture();
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
    return Optional.of(layout.residualStream());
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
      embed(tokens, 0, tokens.length, hidden.data(), sequences.start(s));
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

  private Tensor embeddings() {
    Tensor known = embeddings;
    if (known == null) {
      known = IntactTensors.require(weights.tensors(), LlamaLayout.EMBEDDINGS);
      embeddings = known;
    }
    return known;
  }

  @Override
  public void embed(int[] tokens, int from, int count, float[] hidden, int firstRow) {
    int width = configuration.hiddenSize();
    Tensor table = embeddings();
    for (int i = 0; i < count; i++) {
      table.readFloats((long) tokens[from + i] * width, width, hidden, (firstRow + i) * width);
    }
  }

  @Override
  public Block open(int index) {
    Objects.checkIndex(index, configuration.layers());
    return openBlock(index, fitsHeap(layout.blocks().get(index)));
  }

  @Override
  public Block openHead() {
    return openHeadBlock(fitsHeap(layout.head()));
  }

  private boolean fitsHeap(BlockLayout block) {
    long count = block.sites().stream().mapToLong(LinearSite::weightCount).sum();
    return options.placement().isHeap(count, false);
  }

  @Override
  public OpenBlock openBlock(int index, boolean heap) {
    LlamaLayout.DecoderNames names = layout.names(index);
    BlockWeights opened =
        new BlockWeights(layout.blocks().get(index), names.all(), weights, options.kernels(), heap);
    return new OpenBlock(
        configuration.hiddenSize(),
        opened,
        new DecoderProgram(configuration, names, index, opened, resources));
  }

  @Override
  public OpenBlock openHeadBlock(boolean heap) {
    BlockWeights opened =
        new BlockWeights(
            layout.head(), List.of(LlamaLayout.FINAL_NORM), weights, options.kernels(), heap);
    return new OpenBlock(
        configuration.hiddenSize(),
        opened,
        new LlamaHeadProgram(configuration, opened, options.kernels().team()));
  }
}
