// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.models.TestModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutputLossTest {
  private static HiddenStates states(LanguageModel model) {
    return model.graph().embed(List.of(new int[] {3, 1, 4, 1, 5}));
  }

  @ParameterizedTest
  @EnumSource(LossMeasure.class)
  void outputsThatAreNotFiniteAreNoLoss(LossMeasure measure) {
    try (LanguageModel model = TestModels.open(TestModels.names().getFirst());
        Block head = model.graph().openHead()) {
      HiddenStates good = states(model);
      HiddenStates bad = states(model);
      bad.values().data()[2] = Float.NaN;
      OutputLoss ofGood = new OutputLoss(measure, head, WorkerTeam.sequential(), List.of(good));
      assertEquals(0, ofGood.of(List.of(states(model))), 1e-6);
      assertThrows(ArithmeticException.class, () -> ofGood.of(List.of(bad)));
      OutputLoss ofBad = new OutputLoss(measure, head, WorkerTeam.sequential(), List.of(bad));
      assertThrows(ArithmeticException.class, () -> ofBad.of(List.of(good)));
    }
  }
}
