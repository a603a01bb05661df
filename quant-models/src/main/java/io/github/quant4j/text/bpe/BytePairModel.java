// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.text.file.Section;

/**
 * A model of type BPE: byte-pair encoding (Sennrich, Haddow and Birch 2016, "Neural machine
 * translation of rare words with subword units") as Hugging Face's tokenizers do it. Immutable but
 * for a bounded cache, and thread-safe; each thread takes an {@linkplain #encoder encoder} of its
 * own.
 */
public final class BytePairModel {
  private final Vocabulary vocabulary;
  private final BytePairOptions options;
  private final SymbolReader symbols;
  private final MergeTable merges;
  private final Seams seams;
  private final SegmentCache cache = new SegmentCache();

  private BytePairModel(Vocabulary vocabulary, BytePairOptions options, MergeTable merges) {
    this.vocabulary = vocabulary;
    this.options = options;
    this.merges = merges;
    this.symbols = new SymbolReader(vocabulary, options);
    this.seams = new Seams(vocabulary, symbols, merges);
  }

  /**
   * Reads a model. Old files do not state its type; then a model with merges is taken for one of
   * type BPE.
   *
   * @param section the section {@code model}
   * @return the model
   * @throws IllegalArgumentException if it is malformed, of another type, or uses what is not
   *     supported
   */
  public static BytePairModel read(Section section) {
    String type = section.optionalString("type").orElse("BPE");
    if (!type.equals("BPE")) {
      throw section.error("type", "the model '" + type + "' is not supported; supported is BPE");
    }
    BytePairOptions options = BytePairOptions.read(section);
    Vocabulary vocabulary = Vocabulary.read(section);
    return new BytePairModel(
        vocabulary, options, MergeTable.read(section, vocabulary, options.continuingPrefix()));
  }

  /**
   * The tokens of the model.
   *
   * @return the vocabulary
   */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Makes an encoder for one thread.
   *
   * @param ids receives the ids of the words
   * @return the encoder
   */
  public Encoder encoder(IntList ids) {
    return new Encoder(ids);
  }

  /** Encodes words one after the other. Not thread-safe. */
  public final class Encoder {
    private final IntList ids;
    private final IntList word = new IntList(64);
    private final Merger merger = new Merger(merges);

    private Encoder(IntList ids) {
      this.ids = ids;
    }

    /**
     * Encodes a word. Costs O(n log n) for n characters at most, less where the word is known or
     * falls apart.
     *
     * @param text the word, not empty
     * @throws IllegalArgumentException if a character has no token, and neither has the unknown one
     */
    public void encode(String text) {
      if (options.ignoreMerges()) {
        int id = vocabulary.find(text);
        if (id >= 0) {
          ids.add(id);
          return;
        }
      }
      word.clear();
      symbols.read(text, word);
      int count = word.size();
      if (count <= SegmentCache.MAXIMUM_SYMBOLS) {
        segment(0, count);
        return;
      }
      int[] array = word.array();
      int start = 0;
      for (int i = 1; i < count; i++) {
        if (seams.between(array[i - 1], array[i])) {
          segment(start, i);
          start = i;
        }
      }
      segment(start, count);
    }

    private void segment(int from, int to) {
      int[] array = word.array();
      if (to - from < 2) {
        if (to > from) {
          ids.add(array[from]);
        }
        return;
      }
      if (to - from > SegmentCache.MAXIMUM_SYMBOLS) {
        merger.merge(array, from, to, ids);
        return;
      }
      int hash = SegmentCache.hash(array, from, to);
      int[] known = cache.get(array, from, to, hash);
      if (known != null) {
        ids.addAll(known);
        return;
      }
      int before = ids.size();
      merger.merge(array, from, to, ids);
      cache.put(array, from, to, hash, ids.copyOfRange(before, ids.size()));
    }
  }
}
