// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FigurePageTest {
  private static final String HOSTILE = "</script><b>&\"'{{script}}";

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(5);

  private Scatter scatter() {
    List<Scatter.Point> weights = new ArrayList<>();
    List<Scatter.Point> activations = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      double x = Math.pow(10, 8 + random.nextDouble());
      (i % 3 == 0 ? activations : weights)
          .add(
              new Scatter.Point(
                  x, 1e7 / x * (1 + random.nextDouble()), "int" + i + ":g64:asym gptq(act-order)"));
    }
    weights.add(new Scatter.Point(5e8, 0, "the original, which no logarithmic axis shows"));
    return new Scatter(
        "KL against bit operations",
        Axis.logarithmic("bit operations for a token"),
        Axis.logarithmic("KL from the original, nats"),
        List.of(
            new Scatter.Series("weights alone", weights),
            new Scatter.Series("weights and activations", activations)));
  }

  private List<String> layers() {
    List<String> names = new ArrayList<>();
    for (int block = 0; block < 4; block++) {
      for (String kind : List.of("self_attn.q_proj", "mlp.up_proj", "mlp.down_proj")) {
        names.add("model.layers." + block + "." + kind);
      }
    }
    return names;
  }

  private double[] numbers(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = 0.001 + random.nextDouble();
    }
    return values;
  }

  private List<Figure> figures() {
    double[][] fields = {numbers(3), numbers(3), numbers(3), numbers(3)};
    fields[2][1] = Double.NaN;
    return List.of(
        scatter(),
        new Bars(
            "Sensitivity of the layers",
            Axis.linear("KL of the layer alone, nats"),
            layers(),
            List.of(
                new Bars.Series("2 bits", numbers(12)), new Bars.Series("3 bits", numbers(12)))),
        new Bars(
            "Error of the layers",
            Axis.logarithmic("relative output error"),
            layers(),
            List.of(
                new Bars.Series("error", numbers(12)),
                new Bars.Series("nearest rounding", numbers(12)))),
        new HeatMap(
            "Error by block and kind",
            Axis.logarithmic("relative output error"),
            List.of("q_proj", "up_proj", "down_proj"),
            List.of("model.layers.0", "model.layers.1", "model.layers.2", "model.layers.3"),
            fields),
        new Histogram(
            "Inputs of q_proj before and after hadamard",
            Axis.linear("value"),
            -4,
            4,
            List.of(
                Histogram.Distribution.of("before", random.gaussians(2000), -4, 4, 40),
                Histogram.Distribution.of("after", random.gaussians(2000), -4, 4, 40))));
  }

  private FigurePage page() {
    FigurePage page = FigurePage.of("Every kind of figure").paragraph("On " + HOSTILE);
    for (Figure figure : figures()) {
      page = page.figure(figure, "A note.");
    }
    return page.table(
        new DataTable(
            "Recipes",
            List.of("recipe", "KL", "note"),
            List.of(
                List.of(
                    DataTable.Cell.of("b"),
                    DataTable.Cell.of("%.2f", 10),
                    DataTable.Cell.of(HOSTILE)),
                List.of(
                    DataTable.Cell.of("a"),
                    DataTable.Cell.of("%.2f", 9),
                    DataTable.Cell.of("nine is less than ten")),
                List.of(
                    DataTable.Cell.of("c"),
                    DataTable.Cell.of("%.2f", Double.NaN),
                    DataTable.Cell.of("")))));
  }

  @Test
  void pagesNeedNothingElse() {
    String html = page().html();
    String own = html.substring(0, html.indexOf("<script>"));
    assertFalse(own.contains("src=") || own.contains("href=\"http"), "refers to nothing");
    assertFalse(own.contains("NaN") || own.contains("Infinity"), own);
    assertTrue(own.contains("&lt;/script&gt;&lt;b&gt;&amp;&quot;'{{script}}"), "texts are escaped");
    // Two for the library and the page's own code, two for data.
    assertEquals(4, html.split("</script>", -1).length - 1);
  }

  @Test
  void pagesWithoutFiguresAreSmall() {
    String html = FigurePage.of("Nothing").paragraph("at all").html();
    assertTrue(html.length() < 30_000, html.length() + " characters");
  }

  @Test
  void rowsFillTheirColumns() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new DataTable("t", List.of("a", "b"), List.of(List.of(DataTable.Cell.of("only one")))));
  }

  /** In a real browser, at the width of a desk and of a phone, light and dark. */
  @ParameterizedTest
  @CsvSource({"1280, false, false", "390, true, false", "1280, false, true", "360, true, true"})
  void everyMarkIsDrawn(int width, boolean isPhone, boolean isDark) throws Exception {
    Optional<Path> program = Browser.find();
    assumeTrue(
        program.isPresent(),
        "no Chromium on the PATH or in the usual places, so that pages are not looked at");
    Path file = Files.writeString(directory.resolve("page.html"), page().html());
    try (Browser browser = Browser.start(program.get(), directory)) {
      browser.open(file, width, 900, isPhone, isDark);
      assertEquals(List.of(), browser.problems());
      List<Figure> figures = figures();
      assertEquals(figures.size(), browser.count("document.querySelectorAll('.chart svg').length"));
      for (int i = 0; i < figures.size(); i++) {
        Figure figure = figures.get(i);
        assertEquals(marks(figure), browser.count(marksScript(i, figure, isDark)), figure.title());
      }
      assertEquals(
          0,
          browser.count(
              "document.documentElement.scrollWidth - document.documentElement.clientWidth"),
          "nothing is wider than the window");
      save(browser, width, isDark);
      assertSorts(browser);
      assertHovers(browser, isDark ? Palette.DARK : Palette.LIGHT);
      assertEquals(List.of(), browser.problems());
    }
  }

  /** The line of a distribution is one mark, and the area below it another. */
  private static int marks(Figure figure) {
    return figure instanceof Histogram histogram
        ? 2 * histogram.distributions().size()
        : figure.marks();
  }

  /**
   * Counts shapes in colours of series that are marks: of a legend there is one of each series,
   * beside the marks.
   */
  private static String marksScript(int index, Figure figure, boolean isDark) {
    Palette palette = isDark ? Palette.DARK : Palette.LIGHT;
    String inside = "[...document.querySelectorAll('#figure-" + index + " svg path')]";
    return switch (figure) {
      case HeatMap _ ->
          inside
              + ".filter(p => (p.getAttribute('stroke') || '').toLowerCase() === '"
              + palette.paper()
              + "' && (p.getAttribute('fill') || 'none') !== 'none').length";
      case Histogram _ ->
          // Lines and areas have a corner for each interval, which symbols of a legend have not.
          inside
              + ".filter(p => [p.getAttribute('stroke'), p.getAttribute('fill')].some(c => "
              + colours(palette, 2)
              + ".includes((c || '').toLowerCase()))"
              + " && p.getAttribute('d').split('L').length > 40).length";
      case Scatter _, Bars _ ->
          inside
              + ".filter(p => "
              + colours(palette, 2)
              + ".includes((p.getAttribute('fill') || '').toLowerCase())).length - 2";
    };
  }

  private static String colours(Palette palette, int count) {
    return "['" + String.join("','", palette.series().subList(0, count)) + "']";
  }

  private static void assertSorts(Browser browser) throws InterruptedException {
    String cells =
        "[...document.querySelectorAll('tbody tr')].map(r => r.cells[0].textContent).join('')";
    String click = "document.querySelectorAll('th button')[%d].click()";
    assertEquals("bac", text(browser, cells));
    browser.evaluate(click.formatted(0));
    assertEquals("abc", text(browser, cells));
    // By value, so that 9 comes before 10; what is no number comes last.
    browser.evaluate(click.formatted(1));
    assertEquals("abc", text(browser, cells));
    browser.evaluate(click.formatted(1));
    assertEquals("cba", text(browser, cells));
  }

  private static String text(Browser browser, String expression) throws InterruptedException {
    return ((JsonValue.Str) browser.evaluate(expression)).value();
  }

  /** What lies under the pointer is named. */
  private static void assertHovers(Browser browser, Palette palette) throws InterruptedException {
    browser.evaluate("document.getElementById('figure-0').scrollIntoView()");
    String box =
        "(() => { const p = [...document.querySelectorAll('#figure-0 svg path')]"
            + ".filter(p => "
            + colours(palette, 2)
            + ".includes((p.getAttribute('fill') || '').toLowerCase()))"
            + ".map(p => p.getBoundingClientRect())"
            + ".filter(p => p.y > document.getElementById('figure-0').getBoundingClientRect().y + 84)"
            + "[0]; return %s; })()";
    double x = number(browser, box.formatted("p.x + p.width / 2"));
    double y = number(browser, box.formatted("p.y + p.height / 2"));
    browser.mouse("mouseMoved", x - 1, y);
    browser.mouse("mouseMoved", x, y);
    Thread.sleep(300);
    String shown = text(browser, "document.querySelector('#figure-0').innerText");
    assertTrue(shown.contains("gptq(act-order)"), shown);
    browser.mouse("mouseMoved", 1, 1);
  }

  private static double number(Browser browser, String expression) throws InterruptedException {
    return ((JsonValue.Num) browser.evaluate(expression)).asDouble();
  }

  /** For who wants to look: {@code -Dquant4j.screenshots=DIR}. */
  private static void save(Browser browser, int width, boolean isDark)
      throws IOException, InterruptedException {
    String folder = System.getProperty("quant4j.screenshots", "");
    if (!folder.isEmpty()) {
      Path place = Files.createDirectories(Path.of(folder));
      browser.screenshot(place.resolve(width + (isDark ? "-dark" : "-light") + ".png"));
    }
  }
}
