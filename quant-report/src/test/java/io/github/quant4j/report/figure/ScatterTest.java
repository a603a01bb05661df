// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ScatterTest {
  private record Place(double x, double y) {}

  private static Place place(Scatter.Point point) {
    return new Place(point.x(), point.y());
  }

  /** By the definition, over all pairs; numbers are few, so that many are equal. */
  @RepeatedTest(50)
  void theFrontIsWhatNoPointBeats(RepetitionInfo repetition) {
    SeededRandom random = new SeededRandom(repetition.getCurrentRepetition());
    List<Scatter.Point> points = new ArrayList<>();
    for (int i = random.nextInt(1, 20); i >= 0; i--) {
      points.add(new Scatter.Point(random.nextInt(0, 8), random.nextInt(0, 8), "p" + i));
    }
    Set<Place> expected = new HashSet<>();
    for (Scatter.Point point : points) {
      boolean isBeaten =
          points.stream()
              .anyMatch(
                  other ->
                      other.x() <= point.x()
                          && other.y() <= point.y()
                          && (other.x() < point.x() || other.y() < point.y()));
      if (!isBeaten) {
        expected.add(place(point));
      }
    }
    Scatter scatter =
        new Scatter(
            "t",
            Axis.linear("x"),
            Axis.linear("y"),
            List.of(
                new Scatter.Series("a", points.subList(0, points.size() / 2)),
                new Scatter.Series("b", points.subList(points.size() / 2, points.size()))));
    List<Scatter.Point> front = scatter.front();
    assertEquals(
        expected, Set.copyOf(front.stream().map(ScatterTest::place).toList()), "" + random);
    assertEquals(expected.size(), front.size());
    for (int i = 1; i < front.size(); i++) {
      assertEquals(1, Double.compare(front.get(i).x(), front.get(i - 1).x()));
      assertEquals(-1, Double.compare(front.get(i).y(), front.get(i - 1).y()));
    }
  }

  @Test
  void logarithmicAxesShowWhatIsPositive() {
    List<Scatter.Point> points =
        List.of(
            new Scatter.Point(1, 0, "zero"),
            new Scatter.Point(2, 3, "shown"),
            new Scatter.Point(2, Double.NaN, "none"),
            new Scatter.Point(Double.POSITIVE_INFINITY, 1, "far"));
    List<Scatter.Series> series = List.of(new Scatter.Series("s", points));
    assertEquals(1, new Scatter("t", Axis.linear("x"), Axis.logarithmic("y"), series).marks());
    assertEquals(2, new Scatter("t", Axis.linear("x"), Axis.linear("y"), series).marks());
    assertThrows(
        IllegalArgumentException.class,
        () -> new Scatter("t", Axis.linear("x"), Axis.linear("y"), List.of()));
  }

  @Test
  void histogramsCountEveryValue() {
    Histogram.Distribution distribution =
        Histogram.Distribution.of(
            "d", new float[] {-9, 0, 0.49f, 0.5f, 0.99f, 1, 7, 0.25f}, 0, 1, 2);
    // -9, 0, 0.49 and 0.25 below the middle, the others from it on.
    assertEquals(0.5, distribution.shares()[0]);
    assertEquals(0.5, distribution.shares()[1]);
    Histogram histogram = new Histogram("t", Axis.linear("x"), 0, 1, List.of(distribution));
    assertEquals(0.5, histogram.edge(1));
    assertEquals(2, histogram.marks());
  }

  @Test
  void figuresAreChecked() {
    Axis axis = Axis.linear("a");
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Bars(
                "t", axis, List.of("a", "b"), List.of(new Bars.Series("s", new double[] {1}))));
    assertThrows(
        IllegalArgumentException.class,
        () -> new HeatMap("t", axis, List.of("c"), List.of("r"), new double[][] {{1, 2}}));
    assertThrows(IllegalArgumentException.class, () -> new Histogram("t", axis, 1, 1, List.of()));
  }
}
