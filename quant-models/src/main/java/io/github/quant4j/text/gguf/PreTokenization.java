// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import java.util.List;

/**
 * How llama.cpp splits a text into words before merging, for the values of {@code
 * tokenizer.ggml.pre} that mean the same.
 *
 * @param names these values, the most usual first
 * @param split regular expressions; each isolates its matches in what the one before it left
 * @param known lists of expressions that tokenizer files state where this is meant. Some do not
 *     mean quite the same
 * @param ignoreMerges whether a word that is a token needs no merges
 * @param addBos whether a text begins with a token for its beginning, unless the file denies it
 * @param characters whether words consist of characters, with {@code ▁} for the space and tokens
 *     for bytes, rather than of bytes that are spelled as characters
 * @param approximate whether what is known is split a little otherwise by {@code split}
 */
record PreTokenization(
    List<String> names,
    List<String> split,
    List<List<String>> known,
    boolean ignoreMerges,
    boolean addBos,
    boolean characters,
    boolean approximate) {
  /** Copies the lists. */
  PreTokenization {
    names = List.copyOf(names);
    split = List.copyOf(split);
    known = List.copyOf(known);
  }

  /** Whether a list of expressions stands for this but splits some texts otherwise. */
  boolean differsFrom(List<String> expressions) {
    return approximate && !split.equals(expressions);
  }

  /** Whether a list of expressions stands for this. */
  boolean isWritten(List<String> expressions) {
    return split.equals(expressions) || known.contains(expressions);
  }
}
