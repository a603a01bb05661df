// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.checkpoint.gguf.GgufTypes;
import io.github.quant4j.checkpoint.layout.AwqLayout;
import io.github.quant4j.checkpoint.layout.AwqVersion;
import io.github.quant4j.checkpoint.layout.GptqLayout;
import io.github.quant4j.checkpoint.layout.IntegerLayout;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The forms in which models are written for other programs. */
public final class ModelExports {

  /** A family of forms; {@code make} takes what follows the colon, or an empty text. */
  private record Entry(String word, String usage, Function<String, ModelExport> make) {}

  private static final List<Entry> ALL =
      List.of(
          new Entry("gptq", "gptq", argument -> integers("gptq", new GptqLayout(false), argument)),
          new Entry(
              "gptq_v2",
              "gptq_v2",
              argument -> integers("gptq_v2", new GptqLayout(true), argument)),
          new Entry(
              "awq",
              "awq[:gemv|:gemv_fast]",
              argument ->
                  new IntegerExport(
                      argument.isEmpty()
                          ? new AwqLayout()
                          : new AwqLayout(AwqVersion.named(argument)))),
          new Entry(
              CompressedTensorsExport.NAME,
              CompressedTensorsExport.NAME,
              argument -> {
                requireNone(CompressedTensorsExport.NAME, argument);
                return new CompressedTensorsExport();
              }),
          new Entry("gguf", "gguf:TYPE", argument -> new GgufExport(GgufTypes.parse(argument))));

  private ModelExports() {}

  private static ModelExport integers(String word, IntegerLayout layout, String argument) {
    requireNone(word, argument);
    return new IntegerExport(layout);
  }

  private static void requireNone(String word, String argument) {
    if (!argument.isEmpty()) {
      throw new IllegalArgumentException(
          "'" + word + ":" + argument + "', expected nothing behind " + word);
    }
  }

  /**
   * The names.
   *
   * @return as {@link #named} takes them; capitals stand for what varies
   */
  public static List<String> names() {
    return ALL.stream().map(Entry::usage).toList();
  }

  /**
   * The form of a name.
   *
   * @param name for example {@code gptq} or {@code gguf:Q4_K}
   * @return the form
   * @throws IllegalArgumentException if there is none of that name
   */
  public static ModelExport named(String name) {
    String text = name.trim();
    int colon = text.indexOf(':');
    String word = (colon < 0 ? text : text.substring(0, colon)).toLowerCase(Locale.ROOT);
    String argument = colon < 0 ? "" : text.substring(colon + 1);
    for (Entry entry : ALL) {
      if (entry.word.equals(word)) {
        return entry.make.apply(argument);
      }
    }
    throw new IllegalArgumentException(
        "'" + name + "' is no form of checkpoints, expected one of " + String.join(", ", names()));
  }
}
