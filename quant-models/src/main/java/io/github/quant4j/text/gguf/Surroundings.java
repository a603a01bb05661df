// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.postprocessor.PostProcessor;
import java.util.OptionalInt;

/**
 * What a tokenizer file puts around a text.
 *
 * @param before the token before it
 * @param behind the token behind it
 */
record Surroundings(OptionalInt before, OptionalInt behind) {

  static Surroundings read(Section file) {
    PostProcessor processor =
        file.optionalSection("post_processor").map(PostProcessor::read).orElse(PostProcessor.NONE);
    OptionalInt before = OptionalInt.empty();
    OptionalInt behind = OptionalInt.empty();
    boolean textSeen = false;
    for (int[] part : processor.parts()) {
      boolean taken = textSeen ? behind.isPresent() : before.isPresent();
      if (part.length > 1 || part.length == 0 && textSeen || part.length == 1 && taken) {
        throw file.error(
            "post_processor",
            "expected at most one token before a text and one behind it: a GGUF file has no more");
      }
      if (part.length == 0) {
        textSeen = true;
      } else if (textSeen) {
        behind = OptionalInt.of(part[0]);
      } else {
        before = OptionalInt.of(part[0]);
      }
    }
    return new Surroundings(before, behind);
  }
}
