// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.pretokenizer;

import io.github.quant4j.text.file.Section;
import java.util.Optional;

/**
 * What the pre-tokenizer and the decoder Metaspace share.
 *
 * @param replacement the code point that stands for a space
 * @param scheme where one is put before a text
 */
public record MetaspaceOptions(int replacement, Scheme scheme) {

  /** Where the replacement is put before a piece that does not start with it. */
  public enum Scheme {
    /** Before every piece. */
    ALWAYS,
    /** Before the piece that begins the text. */
    FIRST,
    /** Nowhere. */
    NEVER
  }

  /**
   * Reads the options. The old spelling {@code add_prefix_space} means always or never and must not
   * contradict {@code prepend_scheme}.
   *
   * @param section the section of type Metaspace
   * @return the options
   * @throws IllegalArgumentException if they are malformed or contradict each other
   */
  public static MetaspaceOptions read(Section section) {
    Optional<Scheme> declared =
        section
            .optionalString("prepend_scheme")
            .map(
                name ->
                    switch (name) {
                      case "always" -> Scheme.ALWAYS;
                      case "first" -> Scheme.FIRST;
                      case "never" -> Scheme.NEVER;
                      default ->
                          throw section.error(
                              "prepend_scheme",
                              "expected always, first or never, found '" + name + "'");
                    });
    boolean addsPrefix = section.flag("add_prefix_space", true);
    if (!addsPrefix && declared.isPresent() && declared.get() != Scheme.NEVER) {
      throw section.error(
          "add_prefix_space", "false contradicts prepend_scheme, which is not 'never'");
    }
    Scheme scheme = declared.orElse(addsPrefix ? Scheme.ALWAYS : Scheme.NEVER);
    return new MetaspaceOptions(section.character("replacement"), scheme);
  }
}
