// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.LossMeasure;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SensitivityPageTest {
  private static CandidateSensitivity candidate(String recipe, double error, OptionalDouble loss) {
    return new CandidateSensitivity(recipe, 1000, 4000, error, error, loss);
  }

  private static SiteSensitivity site(String name, double error, OptionalDouble loss) {
    return new SiteSensitivity(
        name,
        name,
        8,
        16,
        1,
        4,
        List.of(
            candidate("int2:g16:sym rtn", error, loss),
            candidate("int3:g16:sym rtn", error / 2, OptionalDouble.empty())));
  }

  /** Losses where they were measured, or else the errors of outputs. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void layersAreMarksOfWhatTheyLose(boolean isLoss) {
    SensitivityTable table =
        new SensitivityTable(
            LossMeasure.DIVERGENCE,
            "2 inputs",
            0,
            List.of(
                site(
                    "layers.0.q_proj",
                    2,
                    isLoss ? OptionalDouble.of(0.25) : OptionalDouble.empty()),
                site("layers.1.q_proj", 3, OptionalDouble.empty())),
            List.of());
    Bars bars = SensitivityPage.bars(table);
    assertEquals(List.of("layers.0.q_proj", "layers.1.q_proj"), bars.labels());
    if (isLoss) {
      assertEquals(1, bars.series().size());
      assertEquals(0.25, bars.series().getFirst().values()[0]);
      assertEquals(1, bars.marks());
    } else {
      assertEquals(2, bars.series().size());
      // By the power of the output, which is 4.
      assertArrayEquals(new double[] {0.5, 0.75}, bars.series().getFirst().values());
      assertArrayEquals(new double[] {0.25, 0.375}, bars.series().getLast().values());
    }
    String page = SensitivityPage.of(table).html();
    assertTrue(page.contains("On 2 inputs.") && page.contains("All layers and candidates"));
  }
}
