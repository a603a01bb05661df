// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A network as a chain: an embedding that turns inputs into hidden states, blocks that run one
 * after the other, and a head. Describing it costs nothing; weights are read block by block, when a
 * block is opened, so that a network larger than the heap can be calibrated and run.
 *
 * <p>A decoder takes token numbers ({@code int[]}) and ends in logits; a speech encoder takes
 * spectrograms and ends in features. Calibration is the same for both:
 *
 * <pre>{@code
 * HiddenStates states = model.embed(batch);
 * for (int i = 0; i < model.blocks().size(); i++) {
 *   try (Block block = model.open(i)) {
 *     states = block.run(states, (group, input) -> gram(group).add(input));
 *   }
 * }
 * }</pre>
 *
 * <p>Implementations are thread-safe.
 *
 * @param <I> one input sequence
 */
public interface BlockModel<I> {

  /**
   * The kind of network.
   *
   * @return the architecture's name, for example {@code LlamaForCausalLM}
   */
  String architecture();

  /**
   * The blocks, without the head.
   *
   * @return in the order in which they run
   */
  List<BlockLayout> blocks();

  /**
   * What follows the last block: a final normalization, and a linear site if the network ends in
   * one.
   *
   * @return its layout; its groups are empty if there is no site
   */
  BlockLayout head();

  /**
   * All sites, those of the head last.
   *
   * @return in the order in which they run
   */
  default List<LinearSite> sites() {
    List<LinearSite> sites = new ArrayList<>();
    blocks().forEach(block -> sites.addAll(block.sites()));
    sites.addAll(head().sites());
    return List.copyOf(sites);
  }

  /**
   * Linear layers in the same files that are no sites of this network, such as those of a decoder
   * beside an encoder. They stay as they are when this network is quantized, which other tools must
   * be told.
   *
   * @return their names
   */
  default List<String> otherLinearModules() {
    return List.of();
  }

  /**
   * What writes to and reads from the residual stream.
   *
   * @return empty if the stream cannot be rotated exactly, because something else writes to it
   */
  Optional<ResidualStream> residualStream();

  /**
   * Sites whose outputs are added to the residual stream, whether or not the stream can be rotated;
   * each the only one of its group.
   *
   * @return those of {@link #residualStream()} if nothing else is known
   */
  default List<LinearSite> residualWriters() {
    return residualStream().map(ResidualStream::writers).orElse(List.of());
  }

  /**
   * Sites that are kept as they are unless a recipe names them: the head's, and those that choose
   * among experts, where a small error sends a token elsewhere.
   *
   * @return the head's sites if nothing else is known
   */
  default Set<LinearSite> keptUnlessNamed() {
    return Set.copyOf(head().sites());
  }

  /**
   * Sites that choose among the experts of a mixture, each the only one of its group, which runs
   * before those of its experts.
   *
   * @return none if nothing else is known
   */
  default Set<LinearSite> routers() {
    return Set.of();
  }

  /**
   * The weights of sites under the names that sites have for them, {@code [out, in]}, whatever form
   * a checkpoint stores them in.
   *
   * @return empty if the checkpoint has them under these names in this form
   */
  default Optional<TensorSource> arrangedTensors() {
    return Optional.empty();
  }

  /**
   * Tensors of a checkpoint that nothing reads once some sites are stored otherwise, beside those
   * that are named after the sites: stacks of the weights of several.
   *
   * @param sites names of the sites that are stored otherwise
   * @return names of tensors; usually none
   */
  default List<String> supersededTensors(Set<String> sites) {
    return List.of();
  }

  /**
   * The form in which a checkpoint stores the weights of a site.
   *
   * @param site the name of a site
   * @param weights its weights, {@code [out, in]}
   * @return the same or, if they are stored as {@code [in, out]}, the transpose
   */
  default Tensor stored(String site, Tensor weights) {
    return weights;
  }

  /**
   * What embedding multiplies and looks up, for the cost of a pass.
   *
   * @param tokens rows of the hidden states
   * @return the products, none if nothing is known of them
   */
  default List<MatrixProduct> embeddingProducts(long tokens) {
    return List.of();
  }

  /**
   * How the tokens of a block see each other, for the cost of a pass.
   *
   * @param block its number
   * @return empty if no more is known than the {@link InputOrigin origins} of its groups tell
   * @throws IndexOutOfBoundsException if there is no such block
   */
  default Optional<TokenMixer> mixer(int block) {
    return Optional.empty();
  }

  /**
   * Turns inputs into the first block's input.
   *
   * @param inputs one or more sequences
   * @return the hidden states of all of them, sequence after sequence
   * @throws IllegalArgumentException if an input is not one of this network
   */
  HiddenStates embed(List<? extends I> inputs);

  /**
   * The length of a sequence, which embedding it would tell as well.
   *
   * @param input a sequence
   * @return rows of its hidden states
   * @throws IllegalArgumentException if the input is not one of this network
   */
  default int tokens(I input) {
    return embed(List.of(input)).layout().tokens();
  }

  /**
   * Reads a block's weights.
   *
   * @param index from 0 to the number of blocks less one
   * @return the open block; the caller closes it
   * @throws IndexOutOfBoundsException if there is no such block
   */
  Block open(int index);

  /**
   * Reads the head's weights.
   *
   * @return the open head, whose output has {@code head().outFeatures()} columns; the caller closes
   *     it
   */
  Block openHead();
}
