// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.vocabulary.IntList;
import io.github.quant4j.text.vocabulary.Vocabulary;
import io.github.quant4j.text.vocabulary.WordEncoder;
import io.github.quant4j.text.vocabulary.WordModel;

/**
 * A model of type BPE: byte-pair encoding (Sennrich, Haddow and Birch 2016, "Neural machine
 * translation of rare words with subword units") as Hugging Face's tokenizers do it. Immutable but
 * for a bounded cache, and thread-safe; each thread takes an {@linkplain #encoder encoder} of its
 * own.
 */
public final class BytePairModel implements WordModel {
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
   * Reads a model.
   *
   * @param section the section {@code model}
   * @return the model
   * @throws IllegalArgumentException if it is malformed, or uses what is not supported
   */
  public static BytePairModel read(Section section) {
    BytePairOptions options = BytePairOptions.read(section);
    Vocabulary vocabulary = Vocabulary.read(section);
    return new BytePairModel(
        vocabulary, options, MergeTable.read(section, vocabulary, options.continuingPrefix()));
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Makes an encoder.
   *
   * <p>To encode a word of n characters costs O(n log n) at most, less where the word is known or
   * falls apart.
   */
  @Override
  public WordEncoder encoder(IntList ids) {
    return new Encoder(ids);
  }

  private final class Encoder implements WordEncoder {
    private final IntList ids;
    private final IntList word = new IntList(64);
    private final Merger merger = new Merger(merges);

    private Encoder(IntList ids) {
      this.ids = ids;
    }

    @Override
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
