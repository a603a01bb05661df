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
 * Grouped-query attention: {@code softmax(factor Q K^T) V} for each query head, over all keys of
 * its sequence, or, if it is causal, over those at its position and before that {@link
 * AttentionForm.Span} lets it see; with caps, biases by distance and sinks as {@link AttentionForm}
 * says.
 *
 * <p>Work is split by sequence, key head and run of queries, which only shapes decide.
 */
public final class GroupedAttention {
  /** Long enough for a matrix product, short enough to leave little above the diagonal. */
  private static final int QUERIES = 32;

  /** Multiply-adds below which another thread would not be awake before the work is done. */
  private static final long SEQUENTIAL_WORK = 1 << 19;

  private final AttentionForm form;
  private final int keyHeads;
  private final int repeats;
  private final int headWidth;
  private final int valueWidth;
  private final int queryWidth;
  private final int outputWidth;
  private final boolean causal;
  private final boolean plain;
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
    this(AttentionForm.of(heads), causal, algebra, options);
  }

  /**
   * Prepares attention of one form.
   *
   * @param causal whether a token sees none after it
   */
  public GroupedAttention(
      AttentionForm form, boolean causal, LinearAlgebra algebra, KernelOptions options) {
    this.form = form;
    this.keyHeads = form.keyValueHeads();
    this.repeats = form.heads() / form.keyValueHeads();
    this.headWidth = form.headWidth();
    this.valueWidth = form.valueWidth();
    this.queryWidth = form.heads() * form.headWidth();
    this.outputWidth = form.heads() * form.valueWidth();
    this.causal = causal;
    this.plain = form.isPlain();
    this.factor = (float) form.factor();
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

    /** Distance of consecutive keys. */
    int stride();

    /** Distance of consecutive values. */
    default int valueStride() {
      return stride();
    }
  }

  /**
   * Computes the attention of a batch.
   *
   * @param queries {@code [tokens, heads * head width]}, dense
   * @param sinks for each query head the score of a key without a value; null if there are none
   * @param y receives {@code [tokens, heads * value width]}, dense
   * @param received if present, receives the attention that each token receives; all sequences must
   *     then begin at position 0
   */
  public void run(
      SequenceLayout layout,
      float[] queries,
      int queriesFrom,
      KeyValues keyValues,
      float @Nullable [] sinks,
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
                  sinks,
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

  /**
   * Rows of a small matrix of queries: consecutive tokens of one head, or heads of one token.
   *
   * @param token row of the first token
   * @param firstHead query head of the first row
   * @param rowStep by how many tokens rows follow each other, 1 or 0
   * @param headStep by how many heads they do, 0 or 1
   */
  private record Rows(int token, int firstHead, int count, int rowStep, int headStep) {
    int head(int row) {
      return firstHead + row * headStep;
    }

    int offset(int row, int width, int headWidth) {
      return (token + row * rowStep) * width + head(row) * headWidth;
    }

    MatrixView view(float[] data, int from, int width, int headWidth) {
      return new MatrixView(
          data,
          from + offset(0, width, headWidth),
          count,
          headWidth,
          rowStep * width + headStep * headWidth);
    }
  }

  /** One key head of one sequence, with all the query heads that share it. */
  private final class HeadJob {
    private final SequenceLayout layout;
    private final int sequence;
    private final int head;
    private final float[] queries;
    private final int queriesFrom;
    private final KeyValues keyValues;
    private final float @Nullable [] sinks;
    private final float[] y;
    private final float @Nullable [] traces;

    HeadJob(
        SequenceLayout layout,
        int sequence,
        int head,
        float[] queries,
        int queriesFrom,
        KeyValues keyValues,
        float @Nullable [] sinks,
        float[] y,
        float @Nullable [] traces) {
      this.layout = layout;
      this.sequence = sequence;
      this.head = head;
      this.queries = queries;
      this.queriesFrom = queriesFrom;
      this.keyValues = keyValues;
      this.sinks = sinks;
      this.y = y;
      this.traces = traces;
    }

    /** Queries {@code from} to {@code to} of the sequence. */
    void attend(int from, int to) {
      int first = layout.firstPosition(sequence);
      int end = first + (causal ? to : layout.length(sequence));
      int begin = causal ? form.span().earliest(first + from) : 0;
      float[] scores = scratch.floats(Math.max(to - from, repeats) * (end - begin));
      int row = layout.start(sequence) + from;
      int position = first + from;
      if (to - from == 1) {
        // The query heads of one token lie one after the other: rows of a small matrix.
        attend(new Rows(row, head * repeats, repeats, 0, 1), scores, begin, end, position);
      } else {
        for (int repeat = 0; repeat < repeats; repeat++) {
          Rows rows = new Rows(row, head * repeats + repeat, to - from, 1, 0);
          attend(rows, scores, begin, end, position);
        }
      }
      scratch.release(scores);
    }

    /** Some rows of queries over the keys from {@code begin} to {@code end}. */
    private void attend(Rows rows, float[] scores, int begin, int end, int position) {
      int count = end - begin;
      int stride = keyValues.stride();
      int valueStride = keyValues.valueStride();
      int keysFrom = keyValues.keyOffset(sequence, head) + begin * stride;
      int valuesFrom = keyValues.valueOffset(sequence, head) + begin * valueStride;
      WorkerTeam alone = WorkerTeam.sequential();
      MatrixView weights = MatrixView.dense(scores, rows.count, count);
      algebra.multiplyTransposed(
          rows.view(queries, queriesFrom, queryWidth, headWidth),
          new MatrixView(keyValues.keys(), keysFrom, count, headWidth, stride),
          false,
          weights,
          alone);
      for (int r = 0; r < rows.count; r++) {
        int at = position + r * rows.rowStep;
        int last = causal ? at + 1 : end;
        int earliest = causal ? Math.max(begin, form.span().earliest(at)) : begin;
        softmax(scores, r * count, earliest - begin, last - begin, count, rows.head(r), begin - at);
        int to = rows.offset(r, outputWidth, valueWidth);
        Arrays.fill(y, to, to + valueWidth, 0f);
      }
      trace(scores, rows.count, begin, count);
      algebra.multiplyAdd(
          1,
          weights,
          new MatrixView(keyValues.values(), valuesFrom, count, valueWidth, valueStride),
          rows.view(y, 0, outputWidth, valueWidth),
          alone);
    }

    /**
     * @param queryHead the head that the row belongs to
     * @param distance of the first key from the query, at most 0
     */
    private void softmax(
        float[] scores, int row, int from, int to, int count, int queryHead, int distance) {
      float stretch = factor;
      if (!plain) {
        form.adjust(scores, row, from, to, queryHead, distance);
        stretch = 1;
      }
      float largest = Elementwise.maximum(scores, row + from, row + to);
      double sink = 0;
      if (sinks != null) {
        largest = Math.max(largest, sinks[queryHead] / stretch);
        sink = Math.exp(sinks[queryHead] - stretch * largest);
      }
      Elementwise.exponentials(scores, row + from, row + to, largest, stretch);
      double sum = Elementwise.sum(scores, row + from, row + to) + sink;
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
