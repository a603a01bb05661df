// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.report.figure.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of HTML with figures and tables that needs no other file and no network. Figures are drawn
 * by ECharts, which is part of the page: what lies under the pointer is explained, and a part can
 * be enlarged. Tables are sorted by a click on the name of a column, and are there without scripts
 * too. Colours follow the reader's choice of light or dark, and widths the window, down to that of
 * a phone. Instances are immutable.
 */
public final class FigurePage {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private final String title;
  private final List<Section> sections;

  private FigurePage(String title, List<Section> sections) {
    this.title = title;
    this.sections = sections;
  }

  private sealed interface Section {
    record Paragraph(String text) implements Section {}

    record Drawing(Figure figure, String note) implements Section {}

    record Listing(DataTable table) implements Section {}
  }

  /**
   * An empty page.
   *
   * @param title its heading
   * @return the page
   */
  public static FigurePage of(String title) {
    return new FigurePage(title, List.of());
  }

  private FigurePage with(Section section) {
    List<Section> changed = new ArrayList<>(sections);
    changed.add(section);
    return new FigurePage(title, List.copyOf(changed));
  }

  /**
   * The same with a paragraph.
   *
   * @param text without markup
   * @return the changed page
   */
  public FigurePage paragraph(String text) {
    return with(new Section.Paragraph(text));
  }

  /**
   * The same with a figure.
   *
   * @param figure what is drawn
   * @param note what a reader should know of it, without markup; may be empty
   * @return the changed page
   */
  public FigurePage figure(Figure figure, String note) {
    return with(new Section.Drawing(figure, note));
  }

  /**
   * The same with a table.
   *
   * @param table the table
   * @return the changed page
   */
  public FigurePage table(DataTable table) {
    return with(new Section.Listing(table));
  }

  /**
   * The page as text, of about a megabyte, most of which is ECharts.
   *
   * @return HTML
   */
  public String html() {
    StringBuilder body = new StringBuilder();
    List<JsonValue> drawn = new ArrayList<>();
    for (Section section : sections) {
      switch (section) {
        case Section.Paragraph(String text) ->
            body.append("<p>").append(escape(text)).append("</p>\n");
        case Section.Drawing(Figure figure, String note) -> {
          drawn.add(FigureJson.of(figure));
          body.append("<figure><figcaption><h2>")
              .append(escape(figure.title()))
              .append("</h2>")
              .append(note.isEmpty() ? "" : "<p>" + escape(note) + "</p>")
              .append("</figcaption><div class=\"chart\" id=\"figure-")
              .append(drawn.size() - 1)
              .append("\" role=\"img\" aria-label=\"")
              .append(escape(figure.title()))
              .append("\"></div></figure>\n");
        }
        case Section.Listing(DataTable table) -> table(body, table);
      }
    }
    Map<String, String> parts =
        Map.of(
            "title", escape(title),
            "style", PageParts.STYLE,
            "body", body.toString(),
            "library", drawn.isEmpty() ? "" : PageParts.library(),
            "figures", script(new JsonValue.Arr(drawn)),
            "colours", script(FigureJson.palettes()),
            "script", PageParts.SCRIPT);
    // In one pass: what is put in may look like a place for another part.
    return PLACE
        .matcher(PageParts.TEMPLATE)
        .replaceAll(
            place -> Matcher.quoteReplacement(Objects.requireNonNull(parts.get(place.group(1)))));
  }

  /** JSON within a script, which no text of it can end. */
  private static String script(JsonValue value) {
    return JsonWriter.compact(value).replace("<", "\\u003c");
  }

  private static void table(StringBuilder body, DataTable table) {
    body.append("<h2>")
        .append(escape(table.title()))
        .append("</h2>\n<div class=\"wide\"><table><thead><tr>");
    for (String column : table.columns()) {
      body.append("<th scope=\"col\"><button type=\"button\">")
          .append(escape(column))
          .append("</button></th>");
    }
    body.append("</tr></thead>\n<tbody>\n");
    for (List<DataTable.Cell> row : table.rows()) {
      body.append("<tr>");
      for (DataTable.Cell cell : row) {
        if (cell.number().isPresent()) {
          body.append("<td data-value=\"").append(cell.number().getAsDouble()).append("\">");
        } else {
          body.append(cell.text().equals("-") ? "<td class=\"none\">" : "<td class=\"text\">");
        }
        body.append(escape(cell.text())).append("</td>");
      }
      body.append("</tr>\n");
    }
    body.append("</tbody></table></div>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
