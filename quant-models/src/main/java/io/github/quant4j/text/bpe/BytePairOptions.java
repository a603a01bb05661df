// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.Optional;

/**
 * How a model of type BPE treats words and unknown characters.
 *
 * @param unknownToken the token for characters that are not of the vocabulary, if there is one
 * @param continuingPrefix what stands before each character of a word but the first; may be empty
 * @param endOfWordSuffix what stands after the last character of a word; may be empty
 * @param fuseUnknown whether neighbouring unknown characters become one token
 * @param byteFallback whether unknown characters are written as tokens like {@code <0xE2>}
 * @param ignoreMerges whether a word that is a token needs no merges
 */
record BytePairOptions(
    Optional<String> unknownToken,
    String continuingPrefix,
    String endOfWordSuffix,
    boolean fuseUnknown,
    boolean byteFallback,
    boolean ignoreMerges) {

  static BytePairOptions read(Section model) {
    model
        .get("dropout")
        .ifPresent(
            value -> {
              if (!(value instanceof JsonValue.Num number) || number.asDouble() != 0) {
                throw model.error(
                    "dropout",
                    "expected null or 0, since merges that drop out at random are not supported");
              }
            });
    return new BytePairOptions(
        model.optionalString("unk_token"),
        model.optionalString("continuing_subword_prefix").orElse(""),
        model.optionalString("end_of_word_suffix").orElse(""),
        model.flag("fuse_unk", false),
        model.flag("byte_fallback", false),
        model.flag("ignore_merges", false));
  }
}
