// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.TensorFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * An importance matrix of llama.cpp, an "imatrix": for weights by name, how large the inputs of
 * each channel were over some text, as sums of squares and counts of tokens.
 *
 * <p>Files have one of two forms, which are told apart by their first bytes: GGUF with the sums and
 * counts as they are, and the older one, usually named {@code .dat}, which has means multiplied by
 * the number of chunks of text. Of an older file the counts are those of chunks, so its {@link
 * #chunkSize()} is 1; the means are the same.
 *
 * <p>Immutable. Weights are in the order of their names.
 */
public final class ImportanceMatrix {
  /** The tokens of a chunk where nothing else is said, as llama.cpp has it. */
  public static final int DEFAULT_CHUNK_SIZE = 512;

  private final SequencedMap<String, Entry> entries;
  private final List<String> datasets;
  private final long chunkCount;
  private final int chunkSize;

  private ImportanceMatrix(
      SequencedMap<String, Entry> entries, List<String> datasets, long chunkCount, int chunkSize) {
    this.entries = Collections.unmodifiableSequencedMap(entries);
    this.datasets = List.copyOf(datasets);
    this.chunkCount = chunkCount;
    this.chunkSize = chunkSize;
  }

  /** The inputs of one weight, or of several that lie together as those of experts do. */
  public static final class Entry {
    private final float[] sums;
    private final long[] counts;

    /**
     * Checks and copies sums and counts.
     *
     * @param sums for each matrix the sums of squares of its channels, one matrix after the other
     * @param counts how many tokens each matrix has seen; a single number stands for all of them
     * @throws IllegalArgumentException if there are no sums, they are not a multiple of the counts,
     *     a sum is negative or not finite, or a count is negative
     */
    public Entry(float[] sums, long[] counts) {
      if (counts.length == 0 || sums.length == 0 || sums.length % counts.length != 0) {
        throw new IllegalArgumentException(
            sums.length
                + " sums and "
                + counts.length
                + " counts, expected at least one, and as many sums for each count");
      }
      for (int i = 0; i < sums.length; i++) {
        if (!(sums[i] >= 0) || sums[i] == Float.POSITIVE_INFINITY) {
          throw new IllegalArgumentException(
              "sum " + i + " is " + sums[i] + ", expected a finite number, not negative");
        }
      }
      for (long count : counts) {
        if (count < 0) {
          throw new IllegalArgumentException("a count is " + count + ", expected none negative");
        }
      }
      this.sums = sums.clone();
      this.counts = counts.clone();
    }

    /**
     * The number of sums.
     *
     * @return channels of all matrices together
     */
    public int size() {
      return sums.length;
    }

    /**
     * The sums of squares.
     *
     * @return a copy, one matrix after the other
     */
    public float[] sums() {
      return sums.clone();
    }

    /**
     * The tokens seen.
     *
     * @return a copy, one number for each matrix or one for all
     */
    public long[] counts() {
      return counts.clone();
    }

    /**
     * The mean squares.
     *
     * @return a fresh array, one matrix after the other; ones for a matrix that has seen nothing,
     *     as llama.cpp takes it
     */
    public float[] meanSquares() {
      float[] means = new float[sums.length];
      int channels = sums.length / counts.length;
      for (int i = 0; i < means.length; i++) {
        long count = counts[i / channels];
        means[i] = count == 0 ? 1 : (float) ((double) sums[i] / count);
      }
      return means;
    }

    /** Numbers of sums and counts. */
    @Override
    public String toString() {
      return sums.length + " sums, counts " + Arrays.toString(counts);
    }
  }

  /**
   * Starts an importance matrix.
   *
   * @return a builder without weights
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads a file of either form.
   *
   * @param path the file
   * @return what it says
   * @throws TensorFileException if it is missing, malformed, or no importance matrix
   * @throws IOException if reading fails
   */
  public static ImportanceMatrix read(Path path) throws IOException {
    return ImportanceFiles.read(path);
  }

  /**
   * Writes a GGUF file, as llama.cpp does since 2025.
   *
   * @param target where it is to appear, in place of a file that may be there
   * @throws OutputException if it cannot be written; nothing is left then
   * @throws IOException if writing fails
   * @throws IllegalArgumentException if there are no weights, or the name of one is too long for a
   *     tensor of GGUF
   */
  public void write(Path target) throws IOException {
    ImportanceFiles.write(this, target);
  }

  /**
   * Writes a file of the older form. It has no counts for single experts; those that have seen
   * nothing get ones, and weights that have seen nothing are left out.
   *
   * @param target where it is to appear, in place of a file that may be there
   * @throws OutputException if it cannot be written; nothing is left then
   * @throws IllegalArgumentException if no weight has seen anything
   */
  public void writeLegacy(Path target) throws OutputException {
    LegacyImportanceFile.write(this, target);
  }

  /**
   * All weights.
   *
   * @return by name, in that order
   */
  public SequencedMap<String, Entry> entries() {
    return entries;
  }

  /**
   * A weight.
   *
   * @param name its name
   * @return its sums and counts, or empty if there are none
   */
  public Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /**
   * The mean squares of a weight's inputs.
   *
   * @param name its name
   * @param columns the channels of each matrix
   * @param index which matrix, 0 if there is one only
   * @return a fresh array of {@code columns} numbers, or empty if nothing is known of the weight
   * @throws IllegalArgumentException if the weight has another number of channels
   * @throws IndexOutOfBoundsException if there is no such matrix
   */
  public Optional<float[]> meanSquares(String name, int columns, int index) {
    Entry entry = entries.get(name);
    if (entry == null) {
      return Optional.empty();
    }
    if (columns < 1 || entry.size() % columns != 0) {
      throw new IllegalArgumentException(
          "importance of '"
              + name
              + "': "
              + entry.size()
              + " channels, expected a multiple of "
              + columns);
    }
    Objects.checkIndex(index, entry.size() / columns);
    float[] all = entry.meanSquares();
    return Optional.of(Arrays.copyOfRange(all, index * columns, (index + 1) * columns));
  }

  /**
   * The texts that the sums are over.
   *
   * @return names of files, as whoever made the matrix has noted them
   */
  public List<String> datasets() {
    return datasets;
  }

  /**
   * How many chunks of text there were.
   *
   * @return not negative
   */
  public long chunkCount() {
    return chunkCount;
  }

  /**
   * The tokens of a chunk.
   *
   * @return at least 1; 1 if counts are in chunks
   */
  public int chunkSize() {
    return chunkSize;
  }

  /** The number of weights and chunks. */
  @Override
  public String toString() {
    return entries.size() + " weights over " + chunkCount + " chunks of " + chunkSize;
  }

  /** Collects weights. */
  public static final class Builder {
    private final TreeMap<String, Entry> entries = new TreeMap<>();
    private final List<String> datasets = new ArrayList<>();
    private long chunkCount = -1;
    private int chunkSize = DEFAULT_CHUNK_SIZE;

    private Builder() {}

    /**
     * Adds a weight.
     *
     * @param name its name, not empty
     * @param entry its sums and counts
     * @return this builder
     * @throws IllegalArgumentException if the name is empty or there is one of that name
     */
    public Builder add(String name, Entry entry) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("name: empty, expected that of a weight");
      }
      if (entries.putIfAbsent(name, entry) != null) {
        throw new IllegalArgumentException("weight '" + name + "' is there twice");
      }
      return this;
    }

    /**
     * Notes a text.
     *
     * @param name of its file
     * @return this builder
     */
    public Builder dataset(String name) {
      datasets.add(name);
      return this;
    }

    /**
     * Says how the text was cut. By default chunks have 512 tokens and as many are counted as the
     * largest count makes.
     *
     * @param count how many chunks there were
     * @param size the tokens of each
     * @return this builder
     * @throws IllegalArgumentException if the count is negative or the size less than 1
     */
    public Builder chunks(long count, int size) {
      if (count < 0 || size < 1) {
        throw new IllegalArgumentException(
            count + " chunks of " + size + ", expected no negative number, and a size from 1");
      }
      chunkCount = count;
      chunkSize = size;
      return this;
    }

    /**
     * The importance matrix.
     *
     * @return what was added
     */
    public ImportanceMatrix build() {
      long most =
          entries.values().stream()
              .flatMapToLong(entry -> LongStream.of(entry.counts))
              .max()
              .orElse(0);
      return new ImportanceMatrix(
          new TreeMap<>(entries),
          datasets,
          chunkCount < 0 ? Math.ceilDiv(most, chunkSize) : chunkCount,
          chunkSize);
    }

    /** The weights so far. */
    @Override
    public String toString() {
      return entries.keySet().toString();
    }
  }
}
