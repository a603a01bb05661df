// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.Suggestion;
import io.github.quant4j.grammar.SyntaxException;
import java.util.List;
import java.util.Optional;

/**
 * The parts of {@code format:granularity[:sym|asym][:codec]}, which weights and activations share.
 *
 * @param format the first part
 * @param granularity the second part
 * @param isSymmetric whether the third part is not {@code asym}
 * @param codecPart the last part, if there is one
 */
public record SchemeText(
    Phrase format, Phrase granularity, boolean isSymmetric, Optional<Phrase> codecPart) {
  private static final String SYMMETRIC = "sym";
  private static final String ASYMMETRIC = "asym";
  private static final List<String> SYMMETRIES = List.of(SYMMETRIC, ASYMMETRIC);

  /**
   * Splits a scheme.
   *
   * @param phrase the scheme
   * @param presets short names that are also possible, to suggest
   * @return its parts
   * @throws SyntaxException if there are too few or too many, or their order is another
   */
  public static SchemeText read(Phrase phrase, List<String> presets) {
    List<Phrase> parts = phrase.split(":");
    if (parts.size() < 2) {
      throw phrase.error(
          (phrase.isEmpty() ? "nothing" : phrase.quoted())
              + ", expected format:granularity[:sym|asym][:codec], such as int4:g64:asym, or one of "
              + String.join(", ", presets)
              + Suggestion.of(phrase.text(), presets));
    }
    int next = 2;
    boolean symmetric = true;
    boolean isSymmetryGiven = next < parts.size() && isSymmetry(parts.get(next));
    if (isSymmetryGiven) {
      symmetric = parts.get(next).is(SYMMETRIC);
      next++;
    }
    Optional<Phrase> codec = Optional.empty();
    if (next < parts.size()) {
      Phrase part = parts.get(next);
      if (!isSymmetryGiven && ScaleCodecs.STEPS.find(part).isEmpty()) {
        throw ScaleCodecs.STEPS.unknown(part, SYMMETRIES);
      }
      codec = Optional.of(part);
      next++;
    }
    if (next < parts.size()) {
      Phrase extra = parts.get(next);
      throw extra.error(
          "nothing may follow "
              + parts.get(next - 1).quoted()
              + ", found "
              + extra.quoted()
              + (isSymmetry(extra) ? "; it stands before the codec" : ""));
    }
    return new SchemeText(parts.get(0), parts.get(1), symmetric, codec);
  }

  private static boolean isSymmetry(Phrase part) {
    return SYMMETRIES.stream().anyMatch(part::is);
  }

  /**
   * How scales are stored.
   *
   * @param standard what holds if nothing is said
   * @return the codec
   * @throws SyntaxException if there is no such codec
   */
  public ScaleCodec codec(ScaleCodec standard) {
    return codecPart.isPresent() ? ScaleCodecs.STEPS.read(codecPart.get()) : standard;
  }
}
