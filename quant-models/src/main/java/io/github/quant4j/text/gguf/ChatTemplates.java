// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Chat templates on their way into metadata. */
final class ChatTemplates {
  private ChatTemplates() {}

  static void write(GgufTokenizerOptions options, GgufMetadata.Builder out) {
    Optional<JsonValue> stated =
        options.tokenizerConfig().flatMap(config -> config.get("chat_template"));
    String path = "chat_template";
    if (stated.isPresent() && stated.get() instanceof JsonValue.Arr templates) {
      List<String> names = new ArrayList<>();
      for (JsonValue element : templates.elements()) {
        Section template = Section.sectionOf(element, path);
        String name = template.string("name");
        if (name.equals(TokenizerConfig.DEFAULT_TEMPLATE)) {
          out.putString(Keys.CHAT_TEMPLATE, template.string("template"));
        } else {
          names.add(name);
          out.putString(Keys.CHAT_TEMPLATE + "." + name, template.string("template"));
        }
      }
      if (!names.isEmpty()) {
        out.putStrings(Keys.CHAT_TEMPLATES, names);
      }
    } else if (stated.isPresent()) {
      out.putString(Keys.CHAT_TEMPLATE, Section.textOf(stated.get(), path));
    }
    options.chatTemplate().ifPresent(template -> out.putString(Keys.CHAT_TEMPLATE, template));
  }
}
