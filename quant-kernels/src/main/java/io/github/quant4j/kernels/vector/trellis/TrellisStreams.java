// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The bits of trellis-coded weights, arranged so that each sign of 512 weights is the exclusive or
 * of three loads.
 *
 * <p>A panel of 128 rows is four row vectors of 32 lanes: row {@code n} lies in vector {@code n %
 * 4}, so that the row before it lies in the vector before at the same lane, and only that of the
 * first vector at the lane before. Each vector and each plane of stored bits is a stream of words,
 * 32 lanes of 16 columns for each; a lane less is two bytes before, which in lane 0 is the last
 * lane of the word before, where the sequence came from. A stream begins with a word of zeros. In a
 * panel of fewer rows, these are the last lanes, and the lanes before them repeat what the word
 * before ended with.
 */
public final class TrellisStreams {
  /** Rows of a panel. */
  public static final int PANEL = TrellisMatrix.PANEL_ROWS;

  /** Row vectors of a panel. */
  public static final int VECTORS = 4;

  /** Lanes of a row vector. */
  public static final int LANES = PANEL / VECTORS;

  /** Bytes of a word of all lanes. */
  public static final long WORD_BYTES = LANES * (long) Short.BYTES;

  /** Loads for a sign. */
  public static final int TAPS = 3;

  private final TrellisMatrix matrix;
  private final long streamBytes;
  private final MemorySegment data;
  private final long[][] taps;

  /** The same by vectors, then by groups. */
  private final long[][][] groupTaps;

  /**
   * Packs a matrix.
   *
   * @param matrix whose code {@linkplain #supports is supported}
   * @param team the threads
   */
  public TrellisStreams(TrellisMatrix matrix, WorkerTeam team) {
    this.matrix = matrix;
    this.streamBytes = (matrix.words() + 1) * WORD_BYTES;
    this.data = PackedMemory.allocate(matrix.panels() * panelBytes());
    this.taps = new long[VECTORS][];
    this.groupTaps = new long[VECTORS][][];
    List<PlaneGroup> groups = PlaneGroup.of(matrix.code());
    for (int vector = 0; vector < VECTORS; vector++) {
      long[] all = taps(vector);
      taps[vector] = all;
      groupTaps[vector] =
          groups.stream()
              .map(
                  group ->
                      Arrays.copyOfRange(
                          all, TAPS * group.first(), TAPS * (group.first() + group.planes())))
              .toArray(long[][]::new);
    }
    team.run(matrix.panels(), this::pack);
  }

  /**
   * Whether each sign of a code depends on one bit or on three.
   *
   * @param code a code
   * @return false if a sign would take more loads, or cannot be made of three
   */
  public static boolean supports(TrellisCode code) {
    return code.planes().stream()
        .mapToInt(plane -> Integer.bitCount(plane.mask()))
        .allMatch(count -> count == 1 || count == TAPS);
  }

  private long panelBytes() {
    return (long) VECTORS * matrix.code().bits() * streamBytes;
  }

  /** Where the loads of each sign lie, relative to the words of a panel's first stream. */
  private long[] taps(int vector) {
    List<TrellisCode.Plane> planes = matrix.code().planes();
    long[] offsets = new long[TAPS * planes.size()];
    for (int p = 0; p < planes.size(); p++) {
      int count = 0;
      for (int left = planes.get(p).mask(); left != 0; left &= left - 1) {
        offsets[p * TAPS + count++] = tap(vector, Integer.numberOfTrailingZeros(left));
      }
      for (; count < TAPS; count++) {
        offsets[p * TAPS + count] = offsets[p * TAPS];
      }
    }
    return offsets;
  }

  private long tap(int vector, int bit) {
    int bits = matrix.code().bits();
    int row = vector - bit / bits;
    int lanesBefore = -Math.floorDiv(row, VECTORS);
    int stream = bit % bits * VECTORS + Math.floorMod(row, VECTORS);
    return stream * streamBytes - lanesBefore * (long) Short.BYTES;
  }

  private void pack(int panel) {
    int rows = matrix.lanes(panel);
    int first = firstLane(panel);
    for (int plane = 0; plane < matrix.code().bits(); plane++) {
      for (int row = 0; row < rows; row++) {
        long stream = at(panel) + (plane * VECTORS + row % VECTORS) * streamBytes;
        int lane = first + row / VECTORS;
        for (int word = 0; word < matrix.words(); word++) {
          short bits =
              matrix.planes().get(PackedMemory.SHORT, matrix.offset(panel, plane, word, row));
          data.set(PackedMemory.SHORT, place(stream, word, lane), bits);
          // What follows the last lanes of a word are the first ones in use of the next word.
          int repeated = lane + first - LANES;
          if (repeated >= 0 && word + 1 < matrix.words()) {
            data.set(PackedMemory.SHORT, place(stream, word + 1, repeated), bits);
          }
        }
      }
    }
  }

  private static long place(long stream, int word, int lane) {
    return stream + word * WORD_BYTES + lane * (long) Short.BYTES;
  }

  /**
   * The packed bits.
   *
   * @return memory off the heap
   */
  public MemorySegment data() {
    return data;
  }

  /**
   * Where the words of a panel begin.
   *
   * @param panel from 0
   * @return bytes
   */
  public long at(int panel) {
    return panel * panelBytes() + WORD_BYTES;
  }

  /**
   * Where to load from for the signs of a row vector.
   *
   * @param vector from 0 to 3
   * @return for each plane {@link #TAPS} offsets from the word at hand of the panel's first stream
   */
  public long[] tapsOf(int vector) {
    return taps[vector];
  }

  /**
   * Where to load from for the signs of a row vector, of some planes.
   *
   * @param vector from 0 to 3
   * @param group of {@link PlaneGroup#of}
   * @return as {@link #tapsOf(int)}
   */
  public long[] tapsOf(int vector, int group) {
    return groupTaps[vector][group];
  }

  /**
   * The first lane in use.
   *
   * @param panel from 0
   * @return 0 in whole panels
   */
  int firstLane(int panel) {
    return LANES - matrix.lanes(panel) / VECTORS;
  }

  /**
   * The rows of a panel's lanes.
   *
   * @param panel from 0
   * @param vector from 0 to 3
   * @param lane from 0 to 31
   * @return a row of the matrix, or one below 0 or beyond the matrix if the lane is of no use
   */
  public int row(int panel, int vector, int lane) {
    int first = firstLane(panel);
    return lane < first ? -1 : panel * PANEL + (lane - first) * VECTORS + vector;
  }

  /**
   * What was packed.
   *
   * @return the matrix
   */
  public TrellisMatrix matrix() {
    return matrix;
  }
}
