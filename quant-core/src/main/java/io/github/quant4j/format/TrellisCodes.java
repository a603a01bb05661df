// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Trellis codes that suit normally distributed weights, found by {@code TrellisCodeSearch} in
 * quant-bench and kept as a resource.
 */
public final class TrellisCodes {
  private static final String RESOURCE = "trellis-codes.json";

  private TrellisCodes() {}

  /**
   * A code with what the search measured.
   *
   * @param code the code
   * @param deviation the standard deviation of normally distributed numbers that its values fit
   *     best, in units of the values
   * @param error the mean squared error on such numbers, relative to their variance
   */
  public record Entry(TrellisCode code, double deviation, double error) {
    private static Entry of(JsonValue value) {
      JsonValue.Obj entry = (JsonValue.Obj) value;
      List<JsonValue> masks = entry.getArray("masks").orElseThrow();
      List<JsonValue> magnitudes = entry.getArray("magnitudes").orElseThrow();
      List<TrellisCode.Plane> planes = new ArrayList<>();
      for (int p = 0; p < masks.size(); p++) {
        planes.add(
            new TrellisCode.Plane(
                (int) ((JsonValue.Num) masks.get(p)).asLong(),
                (int) ((JsonValue.Num) magnitudes.get(p)).asLong()));
      }
      return new Entry(
          new TrellisCode(
              entry.getInt("bits").orElseThrow(), entry.getInt("window").orElseThrow(), planes),
          entry.getDouble("deviation").orElseThrow(),
          entry.getDouble("error").orElseThrow());
    }
  }

  /** Read when it is first asked for. */
  private static final class Holder {
    static final List<Entry> ENTRIES = read();

    private static List<Entry> read() {
      try (InputStream stream = TrellisCodes.class.getResourceAsStream(RESOURCE)) {
        if (stream == null) {
          throw new IllegalStateException(RESOURCE + ": missing beside the classes");
        }
        return JsonParser.parseObject(stream.readAllBytes())
            .getArray("codes")
            .orElseThrow()
            .stream()
            .map(Entry::of)
            .toList();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * All codes.
   *
   * @return in the order of bits, window and planes
   */
  public static List<Entry> all() {
    return Holder.ENTRIES;
  }

  /**
   * The code of some size.
   *
   * @param bits of a code
   * @param window bits of a state
   * @param planes how many
   * @return empty if there is none
   */
  public static Optional<Entry> find(int bits, int window, int planes) {
    return all().stream()
        .filter(
            entry ->
                entry.code().bits() == bits
                    && entry.code().window() == window
                    && entry.code().planes().size() == planes)
        .findFirst();
  }
}
