// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Standard output in UTF-8, the encoding of JSON, whatever the locale. It remembers why it could
 * not be written, of which {@link PrintStream} only tells that it was so.
 */
final class ResultStream extends PrintStream {
  private final Remembering target;

  /**
   * Begins to write.
   *
   * @param target what is written to
   */
  ResultStream(OutputStream target) {
    this(new Remembering(target));
  }

  private ResultStream(Remembering target) {
    super(target, true, StandardCharsets.UTF_8);
    this.target = target;
  }

  /** Why it could not be written. */
  String reason() {
    @Nullable IOException problem = target.problem;
    return problem == null || problem.getMessage() == null ? "closed" : problem.getMessage();
  }

  private static final class Remembering extends FilterOutputStream {
    private @Nullable IOException problem;

    Remembering(OutputStream target) {
      super(target);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        problem = e;
        throw e;
      }
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }
  }
}
