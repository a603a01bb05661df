// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Where data outside the model's file lies.
 *
 * @param location a path below the directory of the model, with slashes
 * @param offset of the first byte
 * @param length in bytes; if empty, as many as the tensor takes
 * @param checksum the SHA-1 of the whole file in hexadecimal digits
 */
public record ExternalLocation(
    String location, long offset, OptionalLong length, Optional<String> checksum) {
  /** Pages: readers map what begins at a multiple of this. */
  public static final int ALIGNMENT = 4096;

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the location leaves the model's directory or a number is
   *     negative
   */
  public ExternalLocation {
    requireWithin(location);
    if (offset < 0 || length.orElse(0) < 0) {
      throw new IllegalArgumentException(
          "external data '" + location + "': offset " + offset + ", length " + length);
    }
  }

  private static void requireWithin(String location) {
    boolean leaves =
        location.isEmpty()
            || location.startsWith("/")
            || location.indexOf('\\') >= 0
            || location.indexOf(':') >= 0
            || location.indexOf('\0') >= 0
            || List.of(location.split("/", -1)).contains("..");
    if (leaves) {
      throw new IllegalArgumentException(
          "external data location '"
              + location
              + "', expected a path below the directory of the model");
    }
  }

  static ExternalLocation parse(List<OnnxProperty> entries) {
    String location = "";
    long offset = 0;
    OptionalLong length = OptionalLong.empty();
    Optional<String> checksum = Optional.empty();
    Set<String> seen = new HashSet<>();
    for (OnnxProperty entry : entries) {
      if (!seen.add(entry.key())) {
        throw new IllegalArgumentException("external data: '" + entry.key() + "' occurs twice");
      }
      switch (entry.key()) {
        case "location" -> location = entry.value();
        case "offset" -> offset = number(entry);
        case "length" -> length = OptionalLong.of(number(entry));
        case "checksum" -> checksum = Optional.of(entry.value());
        // onnxruntime's own note of packed weights; other readers have no use for it.
        default -> {
          if (!entry.key().startsWith("prepacked_")) {
            throw new IllegalArgumentException(
                "external data: unknown key '"
                    + entry.key()
                    + "', expected location, offset, length or checksum");
          }
        }
      }
    }
    return new ExternalLocation(location, offset, length, checksum);
  }

  private static long number(OnnxProperty entry) {
    boolean digits =
        !entry.value().isEmpty() && entry.value().chars().allMatch(ExternalLocation::isDigit);
    try {
      if (digits) {
        return Long.parseLong(entry.value());
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "external data: " + entry.key() + " '" + entry.value() + "' is too large", e);
    }
    throw new IllegalArgumentException(
        "external data: " + entry.key() + " '" + entry.value() + "', expected a number");
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  List<OnnxProperty> entries() {
    List<OnnxProperty> entries = new ArrayList<>();
    entries.add(new OnnxProperty("location", location));
    entries.add(new OnnxProperty("offset", Long.toString(offset)));
    length.ifPresent(bytes -> entries.add(new OnnxProperty("length", Long.toString(bytes))));
    checksum.ifPresent(sum -> entries.add(new OnnxProperty("checksum", sum)));
    return entries;
  }
}
