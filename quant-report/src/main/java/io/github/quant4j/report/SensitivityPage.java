// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.page.DataTable;
import io.github.quant4j.report.page.DataTable.Cell;
import io.github.quant4j.report.page.FigurePage;
import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** How much a model loses when one layer alone is quantized. */
public final class SensitivityPage {
  private SensitivityPage() {}

  /**
   * The page of a sensitivity study: layers by what they lose, and for each candidate a map of
   * blocks and kinds of layers.
   *
   * @param table what was measured, of at least one layer
   * @return the page
   */
  public static FigurePage of(SensitivityTable table) {
    FigurePage page =
        FigurePage.of("Sensitivity of the layers").paragraph("On " + table.inputs() + ".");
    page = page.figure(bars(table), "Each layer alone, by each candidate recipe.");
    for (String recipe : recipes(table)) {
      LayerMap map = new LayerMap();
      table.sites().forEach(site -> map.put(site.name(), value(table, site, recipe)));
      page = page.figure(map.figure(recipe, Axis.logarithmic(label(table))), "");
    }
    return page.table(rows(table));
  }

  /**
   * What each layer loses by each candidate: the model's loss if that was measured, or else the
   * relative error of the layer's output.
   *
   * @param table what was measured, of at least one layer
   * @return a series for each candidate
   */
  public static Bars bars(SensitivityTable table) {
    List<Bars.Series> series = new ArrayList<>();
    for (String recipe : recipes(table)) {
      series.add(
          new Bars.Series(
              recipe,
              table.sites().stream().mapToDouble(site -> value(table, site, recipe)).toArray()));
    }
    return new Bars(
        "Loss by layer",
        Axis.logarithmic(label(table)),
        table.sites().stream().map(SiteSensitivity::name).toList(),
        series);
  }

  private static boolean isLoss(SensitivityTable table) {
    return table.sites().stream()
        .flatMap(site -> site.candidates().stream())
        .anyMatch(candidate -> candidate.loss().isPresent());
  }

  private static String label(SensitivityTable table) {
    return isLoss(table) ? table.measure().label() : "relative output error";
  }

  private static List<String> recipes(SensitivityTable table) {
    boolean isLoss = isLoss(table);
    LinkedHashSet<String> recipes = new LinkedHashSet<>();
    for (SiteSensitivity site : table.sites()) {
      for (CandidateSensitivity candidate : site.candidates()) {
        if (!isLoss || candidate.loss().isPresent()) {
          recipes.add(candidate.recipe());
        }
      }
    }
    return List.copyOf(recipes);
  }

  private static double value(SensitivityTable table, SiteSensitivity site, String recipe) {
    Optional<CandidateSensitivity> candidate = site.candidate(recipe);
    if (candidate.isEmpty()) {
      return Double.NaN;
    }
    return isLoss(table)
        ? candidate.get().loss().orElse(Double.NaN)
        : candidate.get().outputError() / site.outputPower();
  }

  private static DataTable rows(SensitivityTable table) {
    List<List<Cell>> rows = new ArrayList<>();
    for (SiteSensitivity site : table.sites()) {
      for (CandidateSensitivity candidate : site.candidates()) {
        rows.add(
            List.of(
                Cell.of(site.name()),
                Cell.of(candidate.recipe()),
                Cell.of("%.4g", candidate.loss().orElse(Double.NaN)),
                Cell.of("%.4g", candidate.outputError() / site.outputPower())));
      }
    }
    return new DataTable(
        "All layers and candidates",
        List.of("layer", "recipe", table.measure().label(), "relative output error"),
        rows);
  }
}
