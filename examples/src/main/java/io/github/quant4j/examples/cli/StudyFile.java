// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.study.Bootstrap;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * What a study file says: which recipes for which models on which data, and how. Paths are relative
 * to the file. YAML 1.2, and so JSON too.
 *
 * @param models at least one
 * @param data at least one
 * @param recipes canonical texts, the original in front if it is wanted
 * @param calibration what recipes are calibrated on
 * @param seeds what calibration depends on, at least one
 * @param bootstrap how confidence intervals are drawn
 */
record StudyFile(
    List<Model> models,
    List<Data> data,
    List<String> recipes,
    Calibrations calibration,
    List<Long> seeds,
    Bootstrap bootstrap) {
  private static final Set<String> KEYS =
      ordered("models", "data", "recipes", "original", "calibration", "seeds", "bootstrap");
  private static final int MOST_CONTEXT = 1 << 24;
  private static final int MOST_SAMPLES = 1_000_000;
  static final int DEFAULT_SAMPLES = 64;
  private static final int MOST_RESAMPLES = 1_000_000;

  /** A model directory and what it is called. */
  record Model(String name, Path directory) {}

  /** A text or speech, and what it is called. */
  record Data(
      String name, boolean isSpeech, Path path, Optional<Integer> context, int maximumWindows) {}

  /** Text and speech to calibrate on; without text the model writes it. */
  record Calibrations(
      Optional<Path> text, Optional<Path> speech, int samples, Optional<Integer> context) {
    static final Calibrations DEFAULT =
        new Calibrations(Optional.empty(), Optional.empty(), DEFAULT_SAMPLES, Optional.empty());
  }

  private static Set<String> ordered(String... keys) {
    return new LinkedHashSet<>(List.of(keys));
  }

  /** Reads a file. */
  static StudyFile read(Path file) throws IOException {
    String contents = TextFile.read(file);
    Object root;
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(String.valueOf(file.getFileName())).build();
      root = new Load(settings).loadFromString(contents);
    } catch (YamlEngineException e) {
      throw new UsageException(
          file + ": neither YAML nor JSON: " + String.valueOf(e.getMessage()).strip());
    }
    if (!(root instanceof Map)) {
      throw new UsageException(
          file
              + ": no mapping of models, data and recipes, expected one; a list of recipes, one a"
              + " line, needs --model DIR and --text FILE or --speech PATH");
    }
    Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of(""));
    StudyNode node = new StudyNode(file + ": ", root).requireKeys(KEYS);
    return new StudyFile(
        models(node.require("models"), folder),
        data(node.require("data"), folder),
        recipes(node, folder),
        node.member("calibration")
            .map(member -> calibration(member, folder))
            .orElse(Calibrations.DEFAULT),
        seeds(node),
        node.member("bootstrap").map(StudyFile::bootstrap).orElseGet(Bootstrap::defaults));
  }

  private static Path path(StudyNode node, Path folder) {
    return folder.resolve(Conversions.path(node.place(), node.text())).normalize();
  }

  /** What data is called without a name of its own. */
  static String name(Path path) {
    String name = String.valueOf(path.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private static List<Model> models(StudyNode node, Path folder) {
    List<Model> models = new ArrayList<>();
    for (StudyNode element : node.elements()) {
      if (element.isMapping()) {
        element.requireKeys(ordered("name", "path"));
        Path directory = path(element.require("path"), folder);
        models.add(
            new Model(
                element
                    .member("name")
                    .map(StudyNode::text)
                    .orElseGet(() -> String.valueOf(directory.getFileName())),
                directory));
      } else {
        Path directory = path(element, folder);
        models.add(new Model(String.valueOf(directory.getFileName()), directory));
      }
    }
    requireUnique(node, models.stream().map(Model::name).toList());
    return models;
  }

  private static List<Data> data(StudyNode node, Path folder) {
    List<Data> data = new ArrayList<>();
    for (StudyNode element : node.elements()) {
      element.requireKeys(ordered("name", "text", "speech", "context", "max-windows"));
      boolean isSpeech = element.member("speech").isPresent();
      if (isSpeech == element.member("text").isPresent()) {
        throw new UsageException(element.place() + ": expected one of text, speech");
      }
      Path path = path(element.require(isSpeech ? "speech" : "text"), folder);
      Optional<Integer> context =
          element.member("context").map(member -> member.count(2, MOST_CONTEXT));
      if (isSpeech && context.isPresent()) {
        throw new UsageException(
            element.place() + ".context: of speech, expected it of text alone");
      }
      data.add(
          new Data(
              element.member("name").map(StudyNode::text).orElseGet(() -> name(path)),
              isSpeech,
              path,
              context,
              element
                  .member("max-windows")
                  .map(member -> member.count(1, Integer.MAX_VALUE))
                  .orElse(Integer.MAX_VALUE)));
    }
    requireUnique(node, data.stream().map(Data::name).toList());
    return data;
  }

  private static void requireUnique(StudyNode node, List<String> names) {
    requireUnique(node.place(), names, "; expected another 'name' for one of them");
  }

  /** Rows are told apart by names. */
  static void requireUnique(String place, List<String> names, String remedy) {
    for (int i = 1; i < names.size(); i++) {
      if (names.subList(0, i).contains(names.get(i))) {
        throw new UsageException(place + ": the name '" + names.get(i) + "' occurs twice" + remedy);
      }
    }
  }

  private static List<String> recipes(StudyNode node, Path folder) throws IOException {
    SequencedSet<String> recipes = new LinkedHashSet<>();
    if (node.member("original").map(StudyNode::truth).orElse(true)) {
      recipes.add(RecipeStudy.ORIGINAL);
    }
    for (StudyNode element : node.require("recipes").elements()) {
      if (element.isMapping()) {
        recipes.addAll(listed(path(element.requireKeys(ordered("file")).require("file"), folder)));
      } else {
        recipes.add(recipe(element.place(), element.text()));
      }
    }
    return List.copyOf(recipes);
  }

  /** The recipes of a list, in canonical form. */
  static List<String> listed(Path list) throws IOException {
    List<String> recipes = new ArrayList<>();
    for (String recipe : RecipeList.read(list)) {
      recipes.add(recipe(list.toString(), recipe));
    }
    return recipes;
  }

  private static String recipe(String place, String text) {
    try {
      return PublishedRecipes.recipe(text).toString();
    } catch (RecipeException e) {
      throw new UsageException(place + ": " + e.getMessage());
    }
  }

  private static Calibrations calibration(StudyNode node, Path folder) {
    node.requireKeys(ordered("text", "speech", "samples", "context"));
    return new Calibrations(
        node.member("text")
            .filter(member -> !"self".equals(member.value()))
            .map(member -> path(member, folder)),
        node.member("speech").map(member -> path(member, folder)),
        node.member("samples").map(member -> member.count(1, MOST_SAMPLES)).orElse(DEFAULT_SAMPLES),
        node.member("context").map(member -> member.count(2, MOST_CONTEXT)));
  }

  private static List<Long> seeds(StudyNode node) {
    Optional<StudyNode> member = node.member("seeds");
    if (member.isEmpty()) {
      return List.of(0L);
    }
    return member.get().elements().stream()
        .map(element -> element.whole(Long.MIN_VALUE, Long.MAX_VALUE))
        .distinct()
        .toList();
  }

  private static Bootstrap bootstrap(StudyNode node) {
    node.requireKeys(ordered("resamples", "level", "seed"));
    Bootstrap defaults = Bootstrap.defaults();
    int resamples =
        node.member("resamples")
            .map(member -> member.count(1, MOST_RESAMPLES))
            .orElse(defaults.resamples());
    double level = node.member("level").map(StudyNode::number).orElse(defaults.level());
    long seed =
        node.member("seed")
            .map(member -> member.whole(Long.MIN_VALUE, Long.MAX_VALUE))
            .orElse(defaults.seed());
    try {
      return new Bootstrap(resamples, level, seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(node.place() + "." + e.getMessage());
    }
  }
}
