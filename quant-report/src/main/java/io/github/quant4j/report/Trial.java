// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Scatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A recipe that was tried, and its numbers.
 *
 * @param group what it is drawn with
 * @param label what it is
 * @param numbers by name; less is better
 */
public record Trial(String group, String label, SequencedMap<String, Double> numbers) {

  /** Copies the numbers. */
  public Trial {
    numbers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(numbers));
  }

  /**
   * One number of trials against another.
   *
   * @param title what the picture shows
   * @param trials at least one; those without one of the numbers are left out
   * @param x the scale to the right
   * @param right the number to the right
   * @param y the scale upwards
   * @param upwards the number upwards
   * @return a series for each group
   * @throws IllegalArgumentException if there is no trial
   */
  public static Scatter figure(
      String title, List<Trial> trials, Axis x, String right, Axis y, String upwards) {
    SequencedMap<String, List<Scatter.Point>> groups = new LinkedHashMap<>();
    for (Trial trial : trials) {
      groups
          .computeIfAbsent(trial.group, _ -> new ArrayList<>())
          .add(new Scatter.Point(trial.number(right), trial.number(upwards), trial.label));
    }
    List<Scatter.Series> series = new ArrayList<>();
    groups.forEach((group, points) -> series.add(new Scatter.Series(group, points)));
    return new Scatter(title, x, y, series);
  }

  /**
   * A number.
   *
   * @param name its name
   * @return NaN if there is none
   */
  public double number(String name) {
    return numbers.getOrDefault(name, Double.NaN);
  }

  /**
   * What recipes are drawn with: those that quantize activations, and those that do not.
   *
   * @param recipe its text; empty for the original
   * @return the name of the group
   */
  public static String groupOf(String recipe) {
    if (recipe.isEmpty()) {
      return "original";
    }
    return recipe.contains(" @ ") ? "weights and activations" : "weights alone";
  }
}
