// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.transform.HeadStructure;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Grouped-query attention: {@code softmax(Q K^T / sqrt(head width)) V} for each query head, over
 * all keys of its sequence, or, if it is causal, over those at its position and before, within a
 * window if there is one.
 *
 * <p>Work is split by sequence, key head and run of queries, which only shapes decide.
 */
public final class GroupedAttention {
  /** Long enough for a matrix product, short enough to leave little above the diagonal. */
  private static final int QUERIES = 32;

  /** Multiply-adds below which another thread would not be awake before the work is done. */
  private static final long SEQUENTIAL_WORK = 1 << 19;

  private final int keyHeads;
  private final int repeats;
  private final int headWidth;
  private final int queryWidth;
  private final boolean causal;
  private final float factor;
  private final LinearAlgebra algebra;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  /**
   * Prepares attention of one shape.
   *
   * @param causal whether a token sees none after it
   */
  public GroupedAttention(
      HeadStructure heads, boolean causal, LinearAlgebra algebra, KernelOptions options) {
    this.keyHeads = heads.keyValueHeads();
    this.repeats = heads.queryHeads() / heads.keyValueHeads();
    this.headWidth = heads.headSize();
    this.queryWidth = heads.outputSize();
    this.causal = causal;
    this.factor = (float) (1 / Math.sqrt(headWidth));
    this.algebra = algebra;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  /** Where keys and values lie. */
  public interface KeyValues {
    float[] keys();

    float[] values();

    /** Position of a sequence's first key in a head. */
    int keyOffset(int sequence, int head);

    /** Position of a sequence's first value in a head. */
    int valueOffset(int sequence, int head);

    /** Distance of consecutive keys, and of consecutive values. */
    int stride();
  }

  /**
   * Computes the attention of a batch.
   *
   * @param queries {@code [tokens, heads * head width]}, dense
   * @param window how many positions a token sees, 0 for all; must be 0 unless causal
   * @param y receives {@code [tokens, heads * head width]}, dense
   * @param received if present, receives the attention that each token receives; all sequences must
   *     then begin at position 0
   */
  public void run(
      SequenceLayout layout,
      float[] queries,
      int queriesFrom,
      KeyValues keyValues,
      int window,
      float[] y,
      float @Nullable [] received) {
    // To trace, a part must own all tokens of its head, so that sums have a fixed order.
    int queriesInPart = received == null ? QUERIES : Integer.MAX_VALUE;
    int[] firstRuns = firstRuns(layout, queriesInPart);
    int tokens = layout.tokens();
    float[] traces = received == null ? null : scratch.floats(keyHeads * tokens);
    if (traces != null) {
      Arrays.fill(traces, 0, keyHeads * tokens, 0f);
    }
    WorkerTeam threads = work(layout) < SEQUENTIAL_WORK ? WorkerTeam.sequential() : team;
    threads.run(
        firstRuns[layout.count()] * keyHeads,
        part -> {
          int run = part / keyHeads;
          int sequence = sequence(firstRuns, run);
          HeadJob job =
              new HeadJob(
                  layout,
                  sequence,
                  part % keyHeads,
                  queries,
                  queriesFrom,
                  keyValues,
                  window,
                  y,
                  traces);
          long from = (long) (run - firstRuns[sequence]) * queriesInPart;
          int to = (int) Math.min(layout.length(sequence), from + queriesInPart);
          for (int i = (int) from; i < to; i += QUERIES) {
            job.attend(i, Math.min(to, i + QUERIES));
          }
        });
    if (traces != null && received != null) {
      Arrays.fill(received, 0, tokens, 0f);
      for (int head = 0; head < keyHeads; head++) {
        Elementwise.add(traces, head * tokens, received, 0, tokens);
      }
      scratch.release(traces);
    }
  }

  /** Multiply-adds of both products, without those that a window saves. */
  private long work(SequenceLayout layout) {
    long pairs = 0;
    for (int s = 0; s < layout.count(); s++) {
      long queries = layout.length(s);
      pairs += queries * (layout.firstPosition(s) + queries);
    }
    return 2L * queryWidth * pairs;
  }

  /** The number of runs of queries before each sequence. */
  private static int[] firstRuns(SequenceLayout layout, int queriesInPart) {
    int[] first = new int[layout.count() + 1];
    for (int s = 0; s < layout.count(); s++) {
      first[s + 1] = first[s] + Math.ceilDiv(layout.length(s), queriesInPart);
    }
    return first;
  }

  /** The sequence that a run belongs to. */
  private static int sequence(int[] firstRuns, int run) {
    int low = 0;
    int high = firstRuns.length - 1;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (firstRuns[middle] <= run) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** One key head of one sequence, with all the query heads that share it. */
  private final class HeadJob {
    private final SequenceLayout layout;
    private final int sequence;
    private final int head;
    private final float[] queries;
    private final int queriesFrom;
    private final KeyValues keyValues;
    private final int window;
    private final float[] y;
    private final float @Nullable [] traces;

    HeadJob(
        SequenceLayout layout,
        int sequence,
        int head,
        float[] queries,
        int queriesFrom,
        KeyValues keyValues,
        int window,
        float[] y,
        float @Nullable [] traces) {
      this.layout = layout;
      this.sequence = sequence;
      this.head = head;
      this.queries = queries;
      this.queriesFrom = queriesFrom;
      this.keyValues = keyValues;
      this.window = window;
      this.y = y;
      this.traces = traces;
    }

    /** Queries {@code from} to {@code to} of the sequence. */
    void attend(int from, int to) {
      int first = layout.firstPosition(sequence);
      int end = first + (causal ? to : layout.length(sequence));
      int begin = window == 0 ? 0 : Math.max(0, first + from - window + 1);
      float[] scores = scratch.floats(Math.max(to - from, repeats) * (end - begin));
      int column = head * repeats * headWidth;
      int row = (layout.start(sequence) + from) * queryWidth + column;
      if (to - from == 1) {
        // The query heads of one token lie one after the other: rows of a small matrix.
        attend(scores, repeats, row, headWidth, begin, end, first + from, 0);
      } else {
        for (int repeat = 0; repeat < repeats; repeat++) {
          int at = row + repeat * headWidth;
          attend(scores, to - from, at, queryWidth, begin, end, first + from, 1);
        }
      }
      scratch.release(scores);
    }

    /**
     * Some rows of queries, whose positions begin at {@code position} and grow by {@code step},
     * over the keys from {@code begin} to {@code end}.
     */
    private void attend(
        float[] scores,
        int rows,
        int at,
        int rowStride,
        int begin,
        int end,
        int position,
        int step) {
      int count = end - begin;
      int stride = keyValues.stride();
      int keysFrom = keyValues.keyOffset(sequence, head) + begin * stride;
      int valuesFrom = keyValues.valueOffset(sequence, head) + begin * stride;
      WorkerTeam alone = WorkerTeam.sequential();
      MatrixView weights = MatrixView.dense(scores, rows, count);
      algebra.multiplyTransposed(
          new MatrixView(queries, queriesFrom + at, rows, headWidth, rowStride),
          new MatrixView(keyValues.keys(), keysFrom, count, headWidth, stride),
          false,
          weights,
          alone);
      for (int r = 0; r < rows; r++) {
        int last = causal ? position + r * step + 1 : end;
        int earliest = window == 0 ? begin : Math.max(begin, last - window);
        softmax(scores, r * count, earliest - begin, last - begin, count);
        Arrays.fill(y, at + r * rowStride, at + r * rowStride + headWidth, 0f);
      }
      trace(scores, rows, begin, count);
      algebra.multiplyAdd(
          1,
          weights,
          new MatrixView(keyValues.values(), valuesFrom, count, headWidth, stride),
          new MatrixView(y, at, rows, headWidth, rowStride),
          alone);
    }

    private void softmax(float[] scores, int row, int from, int to, int count) {
      float largest = Elementwise.maximum(scores, row + from, row + to);
      Elementwise.exponentials(scores, row + from, row + to, largest, factor);
      double sum = Elementwise.sum(scores, row + from, row + to);
      Elementwise.scale((float) (1 / sum), scores, row + from, row + to);
      Arrays.fill(scores, row, row + from, 0f);
      Arrays.fill(scores, row + to, row + count, 0f);
    }

    private void trace(float[] scores, int rows, int begin, int count) {
      if (traces != null) {
        int target = head * layout.tokens() + layout.start(sequence) + begin;
        for (int r = 0; r < rows; r++) {
          Elementwise.add(scores, r * count, traces, target, count);
        }
      }
    }
  }
}
