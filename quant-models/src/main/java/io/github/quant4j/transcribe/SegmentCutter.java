// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.ArrayList;
import java.util.List;

/** Divides the text of a window by its time stamps, and tells where the next window begins. */
final class SegmentCutter {
  /** Seconds of a step of a time stamp. */
  private static final double STEP = 0.02;

  /** Frames of a spectrogram in it. */
  private static final int FRAMES = 2;

  private final SpeechTokens tokens;
  private final boolean timestamps;

  SegmentCutter(SpeechTokens tokens, boolean timestamps) {
    this.tokens = tokens;
    this.timestamps = timestamps;
  }

  /** A segment, in seconds of the recording. */
  record Piece(double start, double end, List<Integer> tokens) {}

  /**
   * The segments of a window.
   *
   * @param advance by how many frames the next window begins later
   */
  record Cut(List<Piece> pieces, int advance) {}

  /**
   * Cuts.
   *
   * @param written the text
   * @param seek the frame at which the window begins
   * @param length how many frames of the window are of the recording
   */
  Cut cut(List<Integer> written, int seek, int length) {
    double begin = seek * STEP / FRAMES;
    List<Integer> ends = ends(written);
    if (ends.isEmpty()) {
      return whole(written, begin, length);
    }
    int size = written.size();
    boolean endsWithOne =
        size >= 2 && isStamp(written.get(size - 1)) && !isStamp(written.get(size - 2));
    if (endsWithOne) {
      ends.add(size);
    } else {
      // The stamp that would begin an unfinished segment stays with the last one.
      ends.set(ends.size() - 1, ends.getLast() + 1);
    }
    List<Piece> pieces = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < ends.size(); i++) {
      List<Integer> piece = written.subList(from, ends.get(i));
      boolean hasBoth = i == ends.size() - 1 && !endsWithOne;
      pieces.add(
          new Piece(
              begin + position(piece.getFirst()) * STEP,
              begin + position(piece.get(piece.size() - (hasBoth ? 2 : 1))) * STEP,
              List.copyOf(piece)));
      from = ends.get(i);
    }
    int last = position(written.get(from - 2)) * FRAMES;
    // A stamp at the very beginning would lead to the same window again.
    return new Cut(pieces, endsWithOne || last <= 0 ? length : last);
  }

  /** For each pair of time stamps the index of the second one. */
  private List<Integer> ends(List<Integer> written) {
    List<Integer> ends = new ArrayList<>();
    for (int i = 0; timestamps && i < written.size() - 1; i++) {
      if (isStamp(written.get(i)) && isStamp(written.get(i + 1))) {
        ends.add(i + 1);
      }
    }
    return ends;
  }

  private Cut whole(List<Integer> written, double begin, int length) {
    int steps = length / FRAMES;
    double end = steps * STEP;
    for (int i = written.size() - 1; timestamps && i >= 0; i--) {
      if (isStamp(written.get(i))) {
        end = position(written.get(i)) == 0 ? end : position(written.get(i)) * STEP;
        break;
      }
    }
    return new Cut(List.of(new Piece(begin, begin + end, written)), length);
  }

  private boolean isStamp(int token) {
    return tokens.isTimestamp(token);
  }

  /** Steps since the beginning of the window. */
  private int position(int stamp) {
    return stamp - tokens.firstTimestamp();
  }
}
