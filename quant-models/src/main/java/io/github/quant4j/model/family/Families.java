// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The families that the runtime knows: those of the library, and one of a file's own, which goes
 * first where both describe an architecture. Immutable.
 */
public final class Families {
  /** The description that all others extend. */
  static final String ROOT = "decoder";

  /** A description beside config.json, for a family that the library does not know. */
  public static final String FILE = "quant4j-family.json";

  private static final int MOST_BYTES = 1 << 20;
  private static final String FOLDER = "families/";

  private final SequencedMap<String, FamilyDescription> byName;

  private Families(SequencedMap<String, FamilyDescription> byName) {
    this.byName = byName;
  }

  private static final class BuiltIn {
    static final Families FAMILIES = load();

    private static Families load() {
      SequencedMap<String, FamilyDescription> all = new LinkedHashMap<>();
      all.put(ROOT, FamilyDescription.root(object(ROOT, bytes(ROOT + ".json"))));
      for (String line : new String(bytes("index.txt"), StandardCharsets.UTF_8).lines().toList()) {
        if (!line.isBlank()) {
          all.put(line, read(line, object(line, bytes(line + ".json")), all));
        }
      }
      return new Families(all);
    }

    private static byte[] bytes(String file) {
      try (InputStream in = Families.class.getResourceAsStream(FOLDER + file)) {
        if (in == null) {
          throw new IllegalStateException("resource '" + FOLDER + file + "' is missing");
        }
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The families of the library. */
  public static Families builtIn() {
    return BuiltIn.FAMILIES;
  }

  private static JsonValue.Obj object(String name, byte[] json) {
    try {
      return JsonParser.parseObject(json);
    } catch (JsonException e) {
      throw new InvalidFamilyException("family '" + name + "': " + e.getMessage(), e);
    }
  }

  private static FamilyDescription read(
      String name, JsonValue.Obj description, SequencedMap<String, FamilyDescription> known) {
    return FamilyDescription.read(
        name,
        description,
        base -> {
          FamilyDescription found = known.get(base);
          if (found == null) {
            throw new InvalidFamilyException(
                "family '"
                    + name
                    + "': 'extends': \""
                    + base
                    + (base.equals(name)
                        ? "\": a family cannot extend itself"
                        : "\" is not known" + FamilySections.hint(base, known.keySet())));
          }
          return found;
        });
  }

  /**
   * The same with another family, which goes before those that are known.
   *
   * @param name what messages call it
   * @param json its description
   * @throws InvalidFamilyException if it is malformed, or names no architecture
   */
  public Families with(String name, byte[] json) {
    SequencedMap<String, FamilyDescription> all = new LinkedHashMap<>();
    FamilyDescription description = read(name, object(name, json), byName);
    if (description.architectures().isEmpty()) {
      throw new InvalidFamilyException(
          "family '"
              + name
              + "': 'architecture': missing, expected the name in 'architectures' of"
              + " config.json");
    }
    all.put(name, description);
    byName.forEach(all::putIfAbsent);
    return new Families(all);
  }

  /**
   * The families of the library, and that of a model's directory if it brings one.
   *
   * @throws InvalidModelException if it brings one that is malformed
   */
  public static Families of(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return builtIn();
    }
    if (Files.size(file) > MOST_BYTES) {
      throw new InvalidModelException(
          file.toString(), List.of(Files.size(file) + " bytes, expected at most " + MOST_BYTES));
    }
    try {
      return builtIn().with(FILE, Files.readAllBytes(file));
    } catch (InvalidFamilyException e) {
      throw new InvalidModelException(file.toString(), List.of(String.valueOf(e.getMessage())));
    }
  }

  /** All that have an architecture, in the order of the library. */
  public List<FamilyDescription> all() {
    return byName.values().stream().filter(family -> !family.architectures().isEmpty()).toList();
  }

  /** The description that all others extend. */
  FamilyDescription root() {
    FamilyDescription root = byName.get(ROOT);
    if (root == null) {
      throw new IllegalStateException("no description '" + ROOT + "'");
    }
    return root;
  }

  Optional<FamilyDescription> ofArchitecture(String name) {
    return all().stream().filter(family -> family.architectures().contains(name)).findFirst();
  }

  Optional<FamilyDescription> ofModelType(String name) {
    return all().stream().filter(family -> family.modelTypes().contains(name)).findFirst();
  }

  List<String> architectures() {
    List<String> names = new ArrayList<>();
    all().forEach(family -> names.addAll(family.architectures()));
    return names;
  }

  List<String> modelTypes() {
    List<String> names = new ArrayList<>();
    all().forEach(family -> names.addAll(family.modelTypes()));
    return names;
  }
}
