// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.testing.SeededRandom;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class FigureImageTest {
  private static final List<String> LAYERS = List.of("layers.0.q_proj", "layers.0.up_proj");

  static Stream<Figure> figures() {
    SeededRandom random = new SeededRandom(8);
    return Stream.of(
        new Scatter(
            "KL against bit operations",
            Axis.logarithmic("bit operations"),
            Axis.logarithmic("KL, nats"),
            List.of(
                new Scatter.Series(
                    "weights",
                    List.of(
                        new Scatter.Point(1e8, 0.5, "int2"),
                        new Scatter.Point(2e8, 0.05, "int4"),
                        new Scatter.Point(2.1e8, 0.08, "awq | int4"))),
                new Scatter.Series("both", List.of(new Scatter.Point(1.5e8, 0.3, "int4 @ int4"))))),
        new Bars(
            "Sensitivity",
            Axis.linear("KL, nats"),
            LAYERS,
            List.of(
                new Bars.Series("2 bits", new double[] {0.3, 0.2}),
                new Bars.Series("3 bits", new double[] {0.1, Double.NaN}))),
        new Bars(
            "Error",
            Axis.logarithmic("relative error"),
            LAYERS,
            List.of(new Bars.Series("error", new double[] {0.01, 0.0002}))),
        new HeatMap(
            "Error by block",
            Axis.logarithmic("relative error"),
            List.of("q_proj", "up_proj"),
            List.of("layers.0", "layers.1", "layers.2"),
            new double[][] {{0.1, 0.2}, {0.01, Double.NaN}, {0.3, 1e-4}}),
        new Histogram(
            "Inputs",
            Axis.linear("value"),
            -4,
            4,
            List.of(
                Histogram.Distribution.of("before", random.gaussians(500), -4, 4, 20),
                Histogram.Distribution.of("after", random.gaussians(500), -4, 4, 20))));
  }

  private static Document parse(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    return factory
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @MethodSource("figures")
  void vectorsSayWhatTheyShow(Figure figure) throws Exception {
    String svg = FigureImage.of(figure).svg();
    Document document = parse(svg);
    Element root = document.getDocumentElement();
    assertEquals(figure.title(), root.getElementsByTagName("title").item(0).getTextContent());
    String texts = root.getElementsByTagName("desc").item(0).getTextContent();
    assertEquals(svg, FigureImage.of(figure).svg(), "the same figure is the same file");
    for (String name :
        switch (figure) {
          case Scatter _ ->
              List.of("int2 (weights): 1.000e+08, 0.5000", "int4 @ int4 (both)", "KL, nats");
          case Bars bars -> bars.labels();
          case HeatMap map -> Stream.concat(map.columns().stream(), map.rows().stream()).toList();
          case Histogram _ -> List.of("before", "after");
        }) {
      assertTrue(texts.contains(name), () -> name + " is not in " + texts);
    }
    String folder = System.getProperty("quant4j.screenshots", "");
    if (!folder.isEmpty()) {
      Path place = Files.createDirectories(Path.of(folder));
      String name = figure.title().replaceAll("\\W+", "-");
      Files.write(place.resolve(name + ".png"), FigureImage.of(figure).png());
      Files.writeString(place.resolve(name + ".svg"), svg);
    }
  }

  @ParameterizedTest
  @MethodSource("figures")
  void pixelsHaveTheColoursOfSeries(Figure figure) throws Exception {
    for (Palette palette : List.of(Palette.LIGHT, Palette.DARK)) {
      byte[] bytes = FigureImage.of(figure).palette(palette).size(640, 400).png();
      BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
      assertNotNull(image);
      assertEquals(640, image.getWidth());
      assertEquals(400, image.getHeight());
      Set<String> colours = new HashSet<>();
      for (int x = 0; x < 640; x++) {
        for (int y = 0; y < 400; y++) {
          colours.add(String.format("#%06x", image.getRGB(x, y) & 0xffffff));
        }
      }
      assertTrue(colours.contains(palette.paper()), palette.paper());
      List<String> expected =
          figure instanceof HeatMap ? List.of(Palette.SCALE.getFirst()) : List.of(palette.of(0));
      assertTrue(colours.containsAll(expected), () -> figure.title() + ": " + expected);
    }
  }

  @Test
  void marksAreDrawn() throws Exception {
    List<Scatter.Point> points = new ArrayList<>();
    for (int i = 1; i <= 40; i++) {
      points.add(new Scatter.Point(i, 41 - i + i % 3, "p"));
    }
    Scatter scatter =
        new Scatter(
            "Many",
            Axis.linear("x"),
            Axis.linear("y"),
            List.of(new Scatter.Series("all of them", points)));
    NodeList shapes = parse(FigureImage.of(scatter).svg()).getElementsByTagName("ellipse");
    int marks = 0;
    for (int i = 0; i < shapes.getLength(); i++) {
      marks += ((Element) shapes.item(i)).getAttribute("style").contains("fill") ? 1 : 0;
    }
    // One more in the legend.
    assertTrue(marks >= 41, marks + " ellipses");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "5, 5",
    "12000, 12 k",
    "1234567, 1.235 M",
    "2e9, 2 G",
    "0.25, 0.25",
    "0.00012, 1e-04",
    "-1500, -1.5 k",
    "100, 100"
  })
  void numbersAreShort(double value, String expected) {
    assertEquals(expected, FigureChart.number(value));
  }
}
