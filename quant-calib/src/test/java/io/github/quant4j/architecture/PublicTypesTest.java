// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import io.github.quant4j.annotation.Expert;
import io.github.quant4j.annotation.Stable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is exported is marked, and the front door is small and documented. */
class PublicTypesTest {
  private static final int MOST_STABLE_TYPES = 40;

  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));
  private static final JavaClasses CLASSES = LibraryClasses.all();

  private static final Pattern EXPORT =
      Pattern.compile("exports\\s+(io\\.github\\.quant4j\\.[\\w.]+)\\s*;");
  private static final Pattern DOCUMENTED =
      Pattern.compile("(?m)^\\| `([\\w-]+)` \\| `([\\w.]+)` \\| [^|]+ \\|$");

  /** Packages that are exported to everybody. */
  private static Set<String> exported() throws IOException {
    Set<String> packages = new TreeSet<>();
    for (String module : List.of("quant-core", "quant-kernels", "quant-models", "quant-calib")) {
      String text = Files.readString(ROOT.resolve(module + "/src/main/java/module-info.java"));
      EXPORT.matcher(text).results().map(found -> found.group(1)).forEach(packages::add);
    }
    return packages;
  }

  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC) && type.isTopLevelClass();
  }

  private static Stream<JavaClass> stable() {
    return CLASSES.stream().filter(type -> type.isAnnotatedWith(Stable.class));
  }

  @Test
  void everyExportedTypeIsMarked() throws IOException {
    Set<String> exported = exported();
    assertTrue(exported.size() > 30, exported.toString());
    List<String> unmarked =
        CLASSES.stream()
            .filter(type -> exported.contains(type.getPackageName()) && isPublic(type))
            .filter(type -> !type.isAnnotatedWith(Stable.class))
            .filter(type -> !type.getPackage().isAnnotatedWith(Expert.class))
            .map(JavaClass::getName)
            .toList();
    assertEquals(List.of(), unmarked, "neither @Stable nor in a package marked @Expert");
  }

  @Test
  void stableTypesAreFewAndReachable() throws IOException {
    Set<String> exported = exported();
    List<JavaClass> types = stable().toList();
    assertTrue(types.size() <= MOST_STABLE_TYPES, types.size() + " types");
    for (JavaClass type : types) {
      assertTrue(exported.contains(type.getPackageName()), type + " is not exported");
      assertTrue(isPublic(type), type + " is not a public type of a package");
    }
  }

  @Test
  void marksAreForWhatIsExported() throws IOException {
    Set<String> exported = exported();
    List<String> wrong = new ArrayList<>();
    CLASSES.stream()
        .map(JavaClass::getPackage)
        .distinct()
        .filter(each -> each.isAnnotatedWith(Expert.class) && !exported.contains(each.getName()))
        .forEach(each -> wrong.add(each.getName()));
    assertEquals(List.of(), wrong, "marked @Expert, but not exported");
  }

  @Test
  void stableTypesAreDocumented() throws IOException {
    String page = Files.readString(ROOT.resolve("docs/api.md"));
    List<MatchResult> rows = DOCUMENTED.matcher(page).results().toList();
    assertFalse(rows.isEmpty());
    Set<String> documented =
        rows.stream()
            .map(row -> LibraryClasses.ROOT + "." + row.group(2))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(
        stable().map(JavaClass::getName).collect(Collectors.toCollection(TreeSet::new)),
        documented);
    for (MatchResult row : rows) {
      Path source =
          ROOT.resolve(row.group(1))
              .resolve("src/main/java/io/github/quant4j")
              .resolve(row.group(2).replace('.', '/') + ".java");
      assertTrue(Files.exists(source), source + " is missing");
    }
  }
}
