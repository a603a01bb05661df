// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.json.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The architectures of llama.cpp that are read and written. */
public final class GgufArchitectures {
  private static final String FOLDER = "architectures/";

  private GgufArchitectures() {}

  private static final class BuiltIn {
    static final List<GgufArchitecture> ALL = load();

    private static List<GgufArchitecture> load() {
      try {
        GgufArchitecture root =
            GgufArchitecture.of(JsonParser.parseObject(bytes("gguf.json")), null);
        List<GgufArchitecture> all = new ArrayList<>();
        for (String line :
            new String(bytes("index.txt"), StandardCharsets.UTF_8).lines().toList()) {
          all.add(GgufArchitecture.of(JsonParser.parseObject(bytes(line + ".json")), root));
        }
        return List.copyOf(all);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static byte[] bytes(String file) throws IOException {
      try (InputStream in = GgufArchitectures.class.getResourceAsStream(FOLDER + file)) {
        if (in == null) {
          throw new IllegalStateException("resource '" + FOLDER + file + "' is missing");
        }
        return in.readAllBytes();
      }
    }
  }

  /**
   * All architectures.
   *
   * @return in the order of the library
   */
  public static List<GgufArchitecture> all() {
    return BuiltIn.ALL;
  }

  /**
   * An architecture by its name.
   *
   * @param name {@code general.architecture}
   * @return the architecture, or empty if it is not known
   */
  public static Optional<GgufArchitecture> find(String name) {
    return all().stream().filter(one -> one.name().equals(name)).findFirst();
  }

  /**
   * The architecture that a family is written as.
   *
   * @param family the name of a family of Hugging Face, for example {@code mixtral}
   * @return the architecture, or empty if llama.cpp has none that is known
   */
  public static Optional<GgufArchitecture> ofFamily(String family) {
    return all().stream().filter(one -> one.families().contains(family)).findFirst();
  }
}
