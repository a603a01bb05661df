// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the parameter {@code recipe} may be: a recipe, the name of a published one, {@value
 * #ORIGINAL}, or a line of a file, such as {@code docs/recipes.txt:12}, since JMH splits parameters
 * at commas and recipes hold some.
 */
final class RecipeParameter {
  static final String ORIGINAL = "original";
  private static final Pattern LINE = Pattern.compile("(.+):(\\d{1,6})");

  private RecipeParameter() {}

  /**
   * The recipe.
   *
   * @return its canonical text, or {@link RecipeStudy#ORIGINAL}
   * @throws IllegalArgumentException if the parameter is none of these, or there is no recipe in
   *     the line
   */
  static String recipe(String parameter) throws IOException {
    if (parameter.equals(ORIGINAL)) {
      return RecipeStudy.ORIGINAL;
    }
    Matcher line = LINE.matcher(parameter);
    if (line.matches()) {
      Optional<Path> file = RepositoryFiles.find(line.group(1));
      if (file.isPresent()) {
        return line(parameter, file.get(), Integer.parseInt(line.group(2)));
      }
    }
    return PublishedRecipes.recipe(parameter).toString();
  }

  private static String line(String parameter, Path file, int number) throws IOException {
    List<String> lines = TextFile.read(file).lines().toList();
    if (number < 1 || number > lines.size()) {
      throw new IllegalArgumentException(
          "recipe: " + parameter + ", expected a line from 1 to " + lines.size());
    }
    String text = lines.get(number - 1).replaceFirst("#.*", "").strip();
    if (text.isEmpty()) {
      throw new IllegalArgumentException(
          "recipe: " + parameter + ", expected a line with a recipe");
    }
    return PublishedRecipes.recipe(text).toString();
  }
}
