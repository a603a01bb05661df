// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The points of four or eight numbers that blocks of the IQ types choose from.
 *
 * @param length numbers in a point
 * @param values all points behind one another
 */
record Lattice(int length, byte[] values) {
  private static final String RESOURCE = "grids.txt";
  private static final int POINTS_IN_LINE = 16;
  private static final int DIGITS = 4;

  /** All of them, read when the first of them is asked for. */
  private static final class All {
    private static final Map<String, Lattice> LATTICES = read();

    private All() {}
  }

  static Lattice of(String name) {
    Lattice lattice = All.LATTICES.get(name);
    if (lattice == null) {
      throw new IllegalStateException(RESOURCE + " has no '" + name + "'");
    }
    return lattice;
  }

  private static Map<String, Lattice> read() {
    try (InputStream in = Lattice.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing beside " + Lattice.class);
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
      Map<String, Lattice> lattices = new HashMap<>();
      for (String head = reader.readLine(); head != null; head = reader.readLine()) {
        String[] fields = head.split(" ", -1);
        int length = Integer.parseInt(fields[1]);
        int points = Integer.parseInt(fields[2]);
        int[] levels =
            Arrays.stream(fields[3].split(",", -1)).mapToInt(Integer::parseInt).toArray();
        lattices.put(fields[0], new Lattice(length, points(reader, length, points, levels)));
      }
      return lattices;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] points(BufferedReader reader, int length, int points, int[] levels)
      throws IOException {
    byte[] values = new byte[points * length];
    int bits = Short.SIZE / length;
    String line = "";
    for (int p = 0; p < points; p++) {
      int place = p % POINTS_IN_LINE * DIGITS;
      if (place == 0) {
        line = reader.readLine();
      }
      int word = Integer.parseInt(line, place, place + DIGITS, 16);
      for (int i = 0; i < length; i++) {
        values[p * length + i] = (byte) levels[word >> bits * i & (1 << bits) - 1];
      }
    }
    return values;
  }
}
