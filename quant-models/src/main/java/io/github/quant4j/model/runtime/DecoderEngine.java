// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Runs a decoder whose blocks are all in memory: batches for evaluation, and sessions that write.
 * Thread-safe; calls borrow their arrays and allocate next to nothing once warm.
 */
public final class DecoderEngine {
  /** As many tokens as keep the caches busy in a prompt, without large arrays. */
  private static final int TOKENS_AT_ONCE = 512;

  private final DecoderModel model;
  private final int widestInput;
  private final int carried;
  private final List<OpenBlock> blocks = new ArrayList<>();
  private final OpenBlock head;
  private final ScratchPool scratch;

  /** Reads all weights. */
  public DecoderEngine(DecoderModel model) {
    this.model = model;
    this.scratch = model.options().kernels().scratch();
    long count = model.sites().stream().mapToLong(LinearSite::weightCount).sum();
    boolean heap = model.options().placement().isHeap(count, true);
    for (int i = 0; i < model.blocks().size(); i++) {
      blocks.add(model.openBlock(i, heap));
    }
    this.head = model.openHeadBlock(heap);
    this.widestInput =
        model.blocks().stream()
            .flatMap(block -> block.groups().stream())
            .mapToInt(SiteGroup::inFeatures)
            .max()
            .orElseThrow();
    this.carried = model.blocks().stream().mapToInt(BlockLayout::carried).max().orElseThrow();
  }

  private int width() {
    return model.description().hiddenSize();
  }

  private int vocabulary() {
    return model.description().vocabularySize();
  }

  /** Takes embedded tokens through all blocks. */
  private void run(
      SequenceLayout layout,
      float[] hidden,
      @Nullable KeyValueCache cache,
      @Nullable SiteObserver observer) {
    float[] input = scratch.floats(Math.multiplyExact(layout.tokens(), widestInput));
    float[] kept = scratch.floats(Math.multiplyExact(layout.tokens(), carried));
    Activations activations = new Activations(layout, hidden, hidden, input, cache, null, kept);
    for (OpenBlock block : blocks) {
      BlockProgram program = block.program();
      List<SiteGroup> groups = block.layout().groups();
      program.start(activations);
      for (int g = 0; g < groups.size(); g++) {
        if (observer != null) {
          SiteGroup group = groups.get(g);
          observer.observe(group, activations.siteInput(group.inFeatures()));
        }
        program.step(g, activations);
      }
    }
    scratch.release(input);
    scratch.release(kept);
    if (cache != null) {
      cache.advance(layout);
    }
  }

  private void normalize(float[] hidden, int firstRow, int rows, float[] target) {
    ((HeadProgram) head.program()).normalize(hidden, firstRow * width(), rows, target);
  }

  /** The logits after some rows of hidden states. */
  private void logits(float[] hidden, int firstRow, int rows, float[] target) {
    float[] input = scratch.floats(Math.multiplyExact(rows, width()));
    normalize(hidden, firstRow, rows, input);
    ((HeadProgram) head.program()).logits(input, rows, target);
    scratch.release(input);
  }

  int maximumPositions() {
    return model.maximumPositions();
  }

  /** The kernels of all layers, block by block, the head's last. */
  List<LinearKernel> kernels() {
    List<LinearKernel> kernels = new ArrayList<>();
    for (OpenBlock block : blocks) {
      addKernels(block, kernels);
    }
    addKernels(head, kernels);
    return kernels;
  }

  private static void addKernels(OpenBlock block, List<LinearKernel> kernels) {
    for (int g = 0; g < block.layout().groups().size(); g++) {
      kernels.addAll(block.weights().group(g).kernels());
    }
  }

  public BatchPrediction predict(List<int[]> sequences, @Nullable SiteObserver observer) {
    sequences.forEach(model::requireTokens);
    SequenceLayout layout =
        SequenceLayout.of(sequences.stream().mapToInt(tokens -> tokens.length).toArray());
    float[] hidden = scratch.floats(Math.multiplyExact(layout.tokens(), width()));
    for (int s = 0; s < layout.count(); s++) {
      int[] tokens = sequences.get(s);
      model.embed(tokens, 0, tokens.length, 0, hidden, layout.start(s));
    }
    run(layout, hidden, null, observer);
    if (observer != null) {
      float[] input = scratch.floats(layout.tokens() * width());
      normalize(hidden, 0, layout.tokens(), input);
      SiteGroup group = head.layout().groups().getFirst();
      observer.observe(group, new SiteInput(input, 0, group.inFeatures(), layout));
      scratch.release(input);
    }
    return new Prediction(layout.tokens(), hidden);
  }

  private final class Prediction implements BatchPrediction {
    private final int tokens;
    private final AtomicReference<float @Nullable []> hidden;

    Prediction(int tokens, float[] hidden) {
      this.tokens = tokens;
      this.hidden = new AtomicReference<>(hidden);
    }

    @Override
    public int tokens() {
      return tokens;
    }

    @Override
    public void logits(int firstRow, int rows, float[] target) {
      float[] states = hidden.get();
      if (states == null) {
        throw new IllegalStateException("the prediction is closed");
      }
      Objects.checkFromIndexSize(firstRow, rows, tokens);
      Objects.checkFromIndexSize(0, (long) rows * vocabulary(), target.length);
      DecoderEngine.this.logits(states, firstRow, rows, target);
    }

    @Override
    public void close() {
      // Two closes at once must not lend one array to two callers.
      float[] states = hidden.getAndSet(null);
      if (states != null) {
        scratch.release(states);
      }
    }
  }

  public DecodingSession decode(int sequences, int capacity) {
    if (sequences < 1 || capacity < 1) {
      throw new IllegalArgumentException(
          "sequences and capacity: "
              + sequences
              + " and "
              + capacity
              + ", expected at least 1 of both");
    }
    model.requirePositions("capacity", capacity);
    return new Session(model.newCache(sequences, capacity, Math.min(capacity, atOnce(sequences))));
  }

  /** How many tokens of each sequence go through the model together. */
  private static int atOnce(int sequences) {
    return Math.max(1, TOKENS_AT_ONCE / sequences);
  }

  private final class Session implements DecodingSession {
    private final KeyValueCache cache;
    private final float[] last;
    private final float[] logits;

    Session(KeyValueCache cache) {
      this.cache = cache;
      this.last = new float[Math.multiplyExact(cache.sequences(), width())];
      this.logits = new float[Math.multiplyExact(cache.sequences(), vocabulary())];
    }

    @Override
    public int sequences() {
      return cache.sequences();
    }

    @Override
    public int length(int sequence) {
      return cache.length(sequence);
    }

    @Override
    public float[] append(int[][] tokens) {
      cache.requireRoom(tokens);
      for (int[] sequence : tokens) {
        model.requireTokens(sequence);
      }
      int atOnce = atOnce(tokens.length);
      int longest = 0;
      for (int[] sequence : tokens) {
        longest = Math.max(longest, sequence.length);
      }
      for (int from = 0; from < longest; from += atOnce) {
        appendSome(tokens, from, atOnce);
      }
      DecoderEngine.this.logits(last, 0, tokens.length, logits);
      return logits;
    }

    /** Appends the tokens of each sequence that lie in a window, and keeps the last states. */
    private void appendSome(int[][] tokens, int from, int atOnce) {
      int[] lengths = new int[tokens.length];
      for (int s = 0; s < tokens.length; s++) {
        lengths[s] = Math.clamp((long) tokens[s].length - from, 0, atOnce);
      }
      SequenceLayout layout = cache.next(lengths);
      int width = width();
      float[] hidden = scratch.floats(Math.multiplyExact(layout.tokens(), width));
      for (int s = 0; s < tokens.length; s++) {
        model.embed(tokens[s], from, lengths[s], layout.firstPosition(s), hidden, layout.start(s));
      }
      run(layout, hidden, cache, null);
      for (int s = 0; s < tokens.length; s++) {
        if (lengths[s] > 0) {
          int row = layout.start(s) + lengths[s] - 1;
          System.arraycopy(hidden, row * width, last, s * width, width);
        }
      }
      scratch.release(hidden);
    }
  }
}
