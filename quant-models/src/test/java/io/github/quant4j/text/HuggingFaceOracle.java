// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Map;

/**
 * Hugging Face's tokenizers, the Rust code itself, through DJL's JNI binding. The native library
 * comes out of the test dependency and is unpacked below {@code target/}; where there is none for
 * this platform, tests that need it are skipped.
 */
final class HuggingFaceOracle implements AutoCloseable {
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false");

  private final HuggingFaceTokenizer tokenizer;

  private HuggingFaceOracle(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Skips the calling test if the library cannot be loaded here. */
  static void assumeAvailable() {
    assumeTrue(
        System.getProperty("ENGINE_CACHE_DIR") != null,
        "ENGINE_CACHE_DIR is not set, so the library would be unpacked into the home directory");
    try {
      parse("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}").close();
    } catch (LinkageError | RuntimeException e) {
      assumeTrue(false, "the tokenizers library cannot be loaded on this platform: " + e);
    }
  }

  /** Loads a tokenizer file; throws if the library refuses it. */
  static HuggingFaceOracle parse(byte[] json) {
    try {
      return new HuggingFaceOracle(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static HuggingFaceOracle parse(String json) {
    return parse(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  int[] encode(String text, boolean addSpecialTokens) {
    long[] ids = tokenizer.encode(text, addSpecialTokens, false).getIds();
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  String decode(int[] ids, boolean skipSpecialTokens) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecialTokens);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
