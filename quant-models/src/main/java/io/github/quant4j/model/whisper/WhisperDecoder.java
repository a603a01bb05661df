// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transcribe.SpokenText;
import io.github.quant4j.transcribe.TokenDecoder;
import java.util.ArrayList;
import java.util.List;

/** Runs a decoder whose blocks are all in memory. Thread-safe. */
public final class WhisperDecoder implements TokenDecoder {
  private final WhisperDecoderModel model;
  private final WhisperDecoderConfiguration configuration;
  private final List<TextBlock> blocks = new ArrayList<>();
  private final TextHead head;
  private final int widestInput;
  private final ScratchPool scratch;

  /** Reads all weights. */
  public WhisperDecoder(WhisperDecoderModel model) {
    this.model = model;
    this.configuration = model.configuration();
    this.scratch = model.options().kernels().scratch();
    long count = model.sites().stream().mapToLong(LinearSite::weightCount).sum();
    boolean heap = model.options().placement().isHeap(count, true);
    for (int i = 0; i < configuration.layers(); i++) {
      blocks.add(model.openBlock(i, heap));
    }
    this.head = model.openHeadBlock(heap);
    this.widestInput =
        model.blocks().stream()
            .flatMap(block -> block.groups().stream())
            .mapToInt(SiteGroup::inFeatures)
            .max()
            .orElseThrow();
  }

  @Override
  public int vocabularySize() {
    return configuration.vocabularySize();
  }

  @Override
  public int maximumPositions() {
    return configuration.positions();
  }

  @Override
  public FloatMatrix predict(SpokenText text) {
    HiddenStates states = model.embed(List.of(text));
    for (Block block : blocks) {
      states = block.run(states, SiteObserver.none());
    }
    return head.run(states, SiteObserver.none()).values();
  }

  @Override
  public Window listen(FloatMatrix features) {
    model.requireFeatures(features);
    List<CrossMemory> memories = new ArrayList<>();
    for (TextBlock block : blocks) {
      memories.add(block.program().remember(features.data(), new int[] {features.rows()}));
    }
    return texts -> begin(memories, texts);
  }

  private Session begin(List<CrossMemory> memories, int texts) {
    if (texts < 1) {
      throw new IllegalArgumentException("texts: " + texts + ", expected at least 1");
    }
    return new Texts(memories, new TextCache(configuration, texts, configuration.positions()));
  }

  private final class Texts implements Session {
    private final List<CrossMemory> memories;
    private final TextCache cache;
    private final float[] last;
    private final float[] logits;

    Texts(List<CrossMemory> memories, TextCache cache) {
      this.memories = memories;
      this.cache = cache;
      this.last = new float[Math.multiplyExact(cache.texts(), configuration.width())];
      this.logits = new float[Math.multiplyExact(cache.texts(), vocabularySize())];
    }

    @Override
    public float[] append(int[][] tokens) {
      requireTexts(tokens.length);
      int[] lengths = new int[tokens.length];
      for (int text = 0; text < tokens.length; text++) {
        model.requireTokens(tokens[text], cache.length(text));
        lengths[text] = tokens[text].length;
      }
      SequenceLayout layout = cache.next(lengths);
      int width = configuration.width();
      float[] hidden = scratch.floats(Math.multiplyExact(layout.tokens(), width));
      for (int text = 0; text < tokens.length; text++) {
        model.embed(tokens[text], cache.length(text), hidden, layout.start(text));
      }
      float[] input = scratch.floats(Math.multiplyExact(layout.tokens(), widestInput));
      TextActivations texts = new TextActivations(layout, hidden, input, cache);
      for (int i = 0; i < blocks.size(); i++) {
        TextBlockProgram program = blocks.get(i).program();
        texts.setMemory(memories.get(i));
        program.start(texts);
        for (int group = 0; group < blocks.get(i).layout().groups().size(); group++) {
          program.step(group, texts);
        }
      }
      cache.advance(layout);
      for (int text = 0; text < tokens.length; text++) {
        if (lengths[text] > 0) {
          int row = layout.start(text) + lengths[text] - 1;
          System.arraycopy(hidden, row * width, last, text * width, width);
        }
      }
      scratch.release(hidden);
      scratch.release(input);
      predict();
      return logits;
    }

    private void predict() {
      int rows = cache.texts();
      float[] normalized = scratch.floats(rows * configuration.width());
      head.program().normalize(last, rows, normalized);
      head.program().multiply(normalized, rows, logits);
      scratch.release(normalized);
    }

    @Override
    public void reorder(int[] parents) {
      requireTexts(parents.length);
      for (int parent : parents) {
        if (parent < 0 || parent >= cache.texts()) {
          throw new IllegalArgumentException(
              "parents: " + parent + ", expected 0 to " + (cache.texts() - 1));
        }
      }
      cache.reorder(parents);
      int width = configuration.width();
      float[] before = last.clone();
      for (int text = 0; text < parents.length; text++) {
        System.arraycopy(before, parents[text] * width, last, text * width, width);
      }
    }

    private void requireTexts(int count) {
      if (count != cache.texts()) {
        throw new IllegalArgumentException(
            "texts: " + count + ", expected " + cache.texts() + " as the session has");
      }
    }
  }
}
