// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import java.util.List;

/**
 * What a tokenizer file says of how texts are split and words encoded.
 *
 * @param normalizer what is done to a text, or JSON's null
 * @param preTokenizer how it is split into words, or JSON's null
 * @param model how words become tokens
 * @param decoder how tokens become a text
 * @param tokens the tokens by id, as the file spells them
 * @param addBos whether a text begins with a token for its beginning, unless the file says
 * @param addEos whether a text ends with a token for its end, unless the file says
 */
record TokenizerParts(
    JsonValue normalizer,
    JsonValue preTokenizer,
    JsonValue.Obj model,
    JsonValue.Obj decoder,
    List<String> tokens,
    boolean addBos,
    boolean addEos) {}
