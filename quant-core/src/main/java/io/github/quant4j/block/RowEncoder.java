// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Encodes the blocks of a row one after the other. */
final class RowEncoder implements BlockEncoder {
  private final BlockFormat format;
  private final Block block;

  /** Writes one block to bytes that are zero. */
  @FunctionalInterface
  interface Block {
    void encode(BlockInput input, byte[] target, int at);
  }

  RowEncoder(BlockFormat format, Block block) {
    this.format = format;
    this.block = block;
  }

  @Override
  public void encode(
      float[] weights,
      int from,
      int count,
      float @Nullable [] importance,
      int importanceFrom,
      MemorySegment target,
      long offset) {
    int rowBytes = Math.toIntExact(format.rowBytes(count));
    Objects.checkFromIndexSize(from, count, weights.length);
    if (importance != null) {
      Objects.checkFromIndexSize(importanceFrom, count, importance.length);
    }
    float squares = 0;
    for (int i = from; i < from + count; i++) {
      squares += weights[i] * weights[i];
    }
    byte[] blocks = new byte[rowBytes];
    int at = 0;
    for (int i = 0; i < count; i += format.blockSize(), at += format.blockBytes()) {
      BlockInput input =
          new BlockInput(
              weights,
              from + i,
              format.blockSize(),
              importance,
              importanceFrom + i,
              squares / count);
      block.encode(input, blocks, at);
    }
    MemorySegment.copy(blocks, 0, target, ValueLayout.JAVA_BYTE, offset, rowBytes);
  }
}
