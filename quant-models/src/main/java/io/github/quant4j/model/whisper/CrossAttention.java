// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.GroupedAttention;

/** Attention of the tokens of a text over all frames of its window. */
final class CrossAttention {
  /** As many queries as are worth a matrix product. */
  private static final int QUERIES = 32;

  private final GroupedAttention attention;

  CrossAttention(WhisperDecoderConfiguration configuration, KernelOptions options) {
    this.attention =
        new GroupedAttention(
            configuration.headStructure(), false, options.compute().algebra(), options);
  }

  /**
   * Computes the attention of a batch.
   *
   * @param tokens how the queries fall into texts
   * @param memory what is attended to: a window for each text, or one for all
   * @param queries {@code [tokens, width]}
   * @param y receives {@code [tokens, width]}
   */
  void run(SequenceLayout tokens, CrossMemory memory, float[] queries, float[] y) {
    Pieces pieces = Pieces.of(tokens, memory);
    attention.run(pieces.layout(), queries, 0, new Windows(pieces, memory), null, y, null);
  }

  private static int window(CrossMemory memory, int text) {
    return memory.windows() == 1 ? 0 : text;
  }

  /**
   * Runs of queries of one text. To attention without causality a sequence has as many keys as its
   * first position and length make together, so a piece stands at the end of its window; it must
   * not be longer than that.
   *
   * @param windows the window of each piece
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Pieces(SequenceLayout layout, int[] windows) {

    static Pieces of(SequenceLayout tokens, CrossMemory memory) {
      int count = 0;
      for (int text = 0; text < tokens.count(); text++) {
        count += Math.ceilDiv(tokens.length(text), most(memory, text));
      }
      int[] lengths = new int[count];
      int[] firstPositions = new int[count];
      int[] windows = new int[count];
      int piece = 0;
      for (int text = 0; text < tokens.count(); text++) {
        int most = most(memory, text);
        for (int from = 0; from < tokens.length(text); from += most) {
          lengths[piece] = Math.min(most, tokens.length(text) - from);
          windows[piece] = window(memory, text);
          firstPositions[piece] = memory.frames(windows[piece]) - lengths[piece];
          piece++;
        }
      }
      return new Pieces(SequenceLayout.continuing(lengths, firstPositions), windows);
    }

    private static int most(CrossMemory memory, int text) {
      return Math.min(QUERIES, memory.frames(window(memory, text)));
    }
  }

  private record Windows(Pieces pieces, CrossMemory memory) implements GroupedAttention.KeyValues {
    @Override
    public float[] keys() {
      return memory.keys();
    }

    @Override
    public float[] values() {
      return memory.values();
    }

    @Override
    public int keyOffset(int sequence, int head) {
      return memory.offset(pieces.windows()[sequence], head);
    }

    @Override
    public int valueOffset(int sequence, int head) {
      return memory.offset(pieces.windows()[sequence], head);
    }

    @Override
    public int stride() {
      return memory.headWidth();
    }
  }
}
