// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.pretokenizer;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.normalizer.NormalizedText;
import io.github.quant4j.text.regex.SpanConsumer;

/** What becomes of the delimiters where a text is split. */
enum SplitBehavior {
  /** They are dropped. */
  REMOVED("Removed"),
  /** Each is a piece of its own. */
  ISOLATED("Isolated"),
  /** Each goes with what stands before it. */
  MERGED_WITH_PREVIOUS("MergedWithPrevious"),
  /** Each goes with what stands behind it. */
  MERGED_WITH_NEXT("MergedWithNext"),
  /** Neighbours form one piece. */
  CONTIGUOUS("Contiguous");

  private final String fileName;

  SplitBehavior(String fileName) {
    this.fileName = fileName;
  }

  static SplitBehavior read(Section section) {
    String name = section.string("behavior");
    for (SplitBehavior behavior : values()) {
      if (behavior.fileName.equals(name)) {
        return behavior;
      }
    }
    throw section.error(
        "behavior",
        "expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, found '"
            + name
            + "'");
  }

  /** Makes a consumer of spans that sends on the pieces of one text. */
  Splitter splitter(NormalizedText text, PieceConsumer out) {
    return new Splitter(this, text, out);
  }

  /** Forms pieces of spans: each span either joins the piece that is open or starts the next. */
  static final class Splitter implements SpanConsumer {
    private final SplitBehavior behavior;
    private final NormalizedText text;
    private final PieceConsumer out;
    private int start;
    private int end;
    private boolean open;
    private boolean previousMatch;

    private Splitter(SplitBehavior behavior, NormalizedText text, PieceConsumer out) {
      this.behavior = behavior;
      this.text = text;
      this.out = out;
    }

    @Override
    public void accept(int spanStart, int spanEnd, boolean match) {
      boolean joins =
          switch (behavior) {
            case REMOVED, ISOLATED -> false;
            case MERGED_WITH_PREVIOUS -> match && !previousMatch;
            case MERGED_WITH_NEXT -> !match && previousMatch;
            case CONTIGUOUS -> match == previousMatch;
          };
      if (open && joins) {
        end = spanEnd;
      } else {
        finish();
        start = spanStart;
        end = spanEnd;
        open = !(match && behavior == REMOVED);
      }
      previousMatch = match;
    }

    /** Sends the last piece. */
    void finish() {
      if (open && end > start) {
        out.accept(text.slice(start, end));
      }
      open = false;
    }
  }
}
