// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import java.util.Locale;

/** Which white space around tokens is dropped: no key says it, so names have to. */
record SpaceStripping(boolean maskBefore, boolean bertMaskBefore, boolean phi) {
  static SpaceStripping of(GgufMetadata metadata) {
    String pre = metadata.getString(Keys.PRE).orElse("");
    String architecture = metadata.getString(Keys.ARCHITECTURE).orElse("");
    String name = metadata.getString(Keys.NAME).orElse("").toLowerCase(Locale.ROOT);
    boolean mask =
        pre.contains("jina-v2-de")
            || pre.contains("jina-v2-es")
            || pre.contains("jina-v2-code")
            || architecture.contains("nomic-bert-moe")
            || architecture.contains("jina-bert-v3");
    boolean phi = !mask && (name.contains("phi-3") || name.contains("phi3"));
    return new SpaceStripping(mask, !mask && !phi && name.contains("modern-bert"), phi);
  }

  boolean before(String token) {
    return maskBefore && token.equals("<mask>") || bertMaskBefore && token.equals("[MASK]");
  }

  boolean behind(String token, TokenType type) {
    return phi
        && type.isFoundWhole()
        && !token.equals("<unk>")
        && !token.equals("<s>")
        && !token.equals("<|endoftext|>");
  }
}
