// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.Arrays;

/**
 * What may be written next, as the Transformers library and OpenAI's program have it: never the
 * suppressed tokens, nor others at the beginning; and if there are time stamps,
 *
 * <ul>
 *   <li>the text begins with one, not later than the configuration says;
 *   <li>they come in pairs, but for the last one before the end;
 *   <li>they do not go back, and a pair's first one goes on from the pair before;
 *   <li>if they are together more probable than any other token, one is written.
 * </ul>
 */
final class TokenRules {
  private final SpeechTokens tokens;
  private final boolean timestamps;
  private final int vocabulary;

  TokenRules(SpeechTokens tokens, boolean timestamps, int vocabulary) {
    this.tokens = tokens;
    this.timestamps = timestamps;
    this.vocabulary = vocabulary;
  }

  /**
   * Excludes tokens by negative infinity.
   *
   * @param written what stands behind the prompt
   * @param count how much of it counts
   * @param scores logits or log probabilities of the next token, changed
   * @param from where they begin
   */
  void apply(int[] written, int count, float[] scores, int from) {
    if (count == 0) {
      tokens.suppressedAtBegin().forEach(token -> exclude(scores, from + token));
    }
    tokens.suppressed().forEach(token -> exclude(scores, from + token));
    if (timestamps) {
      stamp(written, count, scores, from);
    }
  }

  private static void exclude(float[] scores, int at) {
    scores[at] = Float.NEGATIVE_INFINITY;
  }

  private static void exclude(float[] scores, int from, int to) {
    if (from < to) {
      Arrays.fill(scores, from, to, Float.NEGATIVE_INFINITY);
    }
  }

  private void stamp(int[] written, int count, float[] scores, int from) {
    int first = tokens.firstTimestamp();
    exclude(scores, from + tokens.noTimestamps().orElseThrow());
    boolean lastIs = count >= 1 && tokens.isTimestamp(written[count - 1]);
    boolean oneBeforeIs = count < 2 || tokens.isTimestamp(written[count - 2]);
    if (lastIs && oneBeforeIs) {
      exclude(scores, from + first, from + vocabulary);
    } else if (lastIs) {
      exclude(scores, from, from + tokens.end());
    }
    int latest = count - 1;
    while (latest >= 0 && !tokens.isTimestamp(written[latest])) {
      latest--;
    }
    if (latest >= 0) {
      boolean mayRepeat = lastIs && !oneBeforeIs;
      exclude(scores, from + first, from + written[latest] + (mayRepeat ? 0 : 1));
    }
    if (count == 0) {
      exclude(scores, from, from + first);
      if (tokens.maximumInitialTimestamp().isPresent()) {
        int beyond = first + tokens.maximumInitialTimestamp().getAsInt() + 1;
        exclude(scores, from + Math.min(beyond, vocabulary), from + vocabulary);
      }
    }
    preferStamps(scores, from, from + first, from + vocabulary);
  }

  private static void preferStamps(float[] scores, int from, int first, int to) {
    double stamp = LogSoftmax.logSum(scores, first, to);
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < first; i++) {
      largest = Math.max(largest, scores[i]);
    }
    if (stamp > largest) {
      exclude(scores, from, first);
    }
  }
}
