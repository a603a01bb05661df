// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.allocate;

import static java.util.Locale.ROOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.sensitivity.CandidateSensitivity;
import io.github.quant4j.sensitivity.LossMeasure;
import io.github.quant4j.sensitivity.PairInteraction;
import io.github.quant4j.sensitivity.SensitivityTable;
import io.github.quant4j.sensitivity.SiteSensitivity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class AllocatorTest {
  private static final String TWO = "int2:channel:sym rtn";
  private static final String FOUR = "int4:channel:sym rtn";
  private static final String EIGHT = "int8:channel:sym rtn";

  private static CandidateSensitivity candidate(
      String recipe, int width, double error, OptionalDouble loss) {
    return new CandidateSensitivity(recipe, 100L * width, 1600.0 * width, error, 2 * error, loss);
  }

  /** A layer that loses 16, 1 and 1/256 times something. */
  private static SiteSensitivity site(String name, String group, double scale) {
    return new SiteSensitivity(
        name,
        group,
        10,
        10,
        30,
        50,
        List.of(
            candidate(TWO, 2, 16 * scale, OptionalDouble.of(0.16 * scale)),
            candidate(FOUR, 4, scale, OptionalDouble.of(0.01 * scale)),
            candidate(EIGHT, 8, scale / 256, OptionalDouble.of(0.01 * scale / 256))));
  }

  private static SensitivityTable table() {
    return new SensitivityTable(
        LossMeasure.DIVERGENCE,
        "by hand",
        0,
        List.of(
            site("m.layers.0.q", "m.layers.0.in", 1),
            site("m.layers.0.k", "m.layers.0.in", 9),
            site("m.layers.1.q", "m.layers.1.in", 0.1),
            site("m.layers.1.k", "m.layers.1.in", 2)),
        List.of());
  }

  private static List<String> recipes(Allocation allocation) {
    return allocation.plan().layers().stream()
        .map(choice -> choice.recipe().orElseThrow().toString())
        .toList();
  }

  @Test
  void sensitiveLayersGetMore() {
    Allocation best =
        Allocator.of(table(), Objective.LOSS)
            .within(Budget.ofBitsPerWeight(4.5, 400))
            .orElseThrow();
    // 18 hundred bits: 4 + 8 + 2 + 4.
    assertEquals(List.of(FOUR, EIGHT, TWO, FOUR), recipes(best));
    assertEquals(1800, best.bits());
    assertEquals(4.5, best.bitsPerWeight());
    assertEquals(0.01 + 0.09 / 256 + 0.016 + 0.02, best.objective(), 1e-12);
    assertTrue(Allocator.of(table(), Objective.LOSS).within(Budget.ofBits(799)).isEmpty());
  }

  @Test
  void tiesShareARecipe() {
    Allocator tied = Allocator.of(table(), Objective.OUTPUT_ERROR).withTies(Ties.GROUPS);
    Allocation best = tied.within(Budget.ofBits(1800)).orElseThrow();
    assertEquals(List.of(FOUR, FOUR, FOUR, FOUR), recipes(best));
    List<String> kinds =
        recipes(
            Allocator.of(table(), Objective.OUTPUT_ERROR)
                .withTies(Ties.KINDS)
                .within(Budget.ofBits(2400))
                .orElseThrow());
    assertEquals(List.of(FOUR, EIGHT, FOUR, EIGHT), kinds);
    List<String> blocks =
        recipes(
            Allocator.of(table(), Objective.OUTPUT_ERROR)
                .withTies(Ties.BLOCKS)
                .within(Budget.ofBits(2400))
                .orElseThrow());
    assertEquals(List.of(EIGHT, EIGHT, FOUR, FOUR), blocks);
  }

  @Test
  void bothBudgetsHold() {
    Budget both = Budget.ofBits(2000).withBitOperations(1600.0 * 14);
    Allocation best = Allocator.of(table(), Objective.LOSS).within(both).orElseThrow();
    assertTrue(best.bits() <= 2000 && best.bitOperations() <= 1600.0 * 14);
    assertEquals(List.of(FOUR, FOUR, TWO, FOUR), recipes(best));
    Allocation work =
        Allocator.of(table(), Objective.LOSS)
            .within(Budget.ofBitOperations(1600.0 * 14))
            .orElseThrow();
    assertEquals(best.plan().layers(), work.plan().layers());
    assertThrows(
        IllegalArgumentException.class,
        () -> new Budget(OptionalLong.empty(), OptionalDouble.empty()));
    assertThrows(IllegalArgumentException.class, () -> Budget.ofBits(0));
  }

  @Test
  void theSmallestThatReachesATarget() {
    Allocator allocator = Allocator.of(table(), Objective.LOSS);
    for (double target : new double[] {1.0, 0.3, 0.1, 0.02, 0.001}) {
      Allocation best = allocator.reaching(target).orElseThrow();
      assertTrue(best.objective() <= target);
      Optional<Allocation> smaller = allocator.within(Budget.ofBits(best.bits() - 1));
      assertTrue(smaller.map(one -> one.objective() > target).orElse(true), "target " + target);
    }
    assertTrue(allocator.reaching(1e-9).isEmpty());
  }

  @Test
  void lowestWidthsWithinAThreshold() {
    Allocation lowest = Allocator.of(table(), Objective.LOSS).lowestWithin(0.05);
    assertEquals(List.of(FOUR, EIGHT, TWO, FOUR), recipes(lowest));
  }

  @Test
  void otherObjectives() {
    double trace = 30.0 / 10 * 2;
    Allocation best =
        Allocator.of(table(), Objective.TRACE).within(Budget.ofBits(1600)).orElseThrow();
    assertEquals(trace * (1 + 9 + 0.1 + 2), best.objective(), 1e-9);
    Allocation relative =
        Allocator.of(table(), Objective.RELATIVE_ERROR).within(Budget.ofBits(1600)).orElseThrow();
    assertEquals(12.1 / 50, relative.objective(), 1e-12);
    Map<String, Double> scores =
        Map.of("m.layers.0.q", 9.0, "m.layers.0.k", 0.01, "m.layers.1.q", 0.1, "m.layers.1.k", 1.0);
    Allocation scored =
        Allocator.ofScores(table(), scores).within(Budget.ofBits(1600)).orElseThrow();
    assertEquals(List.of(EIGHT, TWO, TWO, FOUR), recipes(scored));
    Allocator missing = Allocator.ofScores(table(), Map.of());
    assertThrows(IllegalArgumentException.class, () -> missing.within(Budget.ofBits(1600)));
    assertThrows(IllegalArgumentException.class, () -> Allocator.of(table(), Objective.SCORES));
  }

  /** A candidate whose loss was not measured lies between its neighbours, by their errors. */
  @Test
  void lossesFollowErrors() {
    SiteSensitivity site = site("m.layers.0.q", "m.layers.0.in", 1);
    SiteSensitivity more =
        new SiteSensitivity(
            site.name(),
            site.group(),
            10,
            10,
            30,
            50,
            List.of(
                site.candidates().get(0),
                site.candidates().get(1),
                site.candidates().get(2),
                candidate("int3:channel:sym rtn", 3, 4, OptionalDouble.empty())));
    SensitivityTable table =
        new SensitivityTable(LossMeasure.NOISE, "by hand", 0, List.of(more), List.of());
    Allocation best = Allocator.of(table, Objective.LOSS).within(Budget.ofBits(300)).orElseThrow();
    assertEquals(List.of("int3:channel:sym rtn"), recipes(best));
    assertEquals(0.04, best.objective(), 1e-12);
  }

  @Test
  void interactionsOfNeighboursCount() {
    SensitivityTable table =
        new SensitivityTable(
            LossMeasure.DIVERGENCE,
            "by hand",
            0,
            table().sites(),
            List.of(new PairInteraction("m.layers.0.q", "m.layers.0.k", FOUR, 0.006)));
    Allocation all =
        Allocator.of(table, Objective.LOSS)
            .withTies(Ties.BLOCKS)
            .within(Budget.ofBits(1600))
            .orElseThrow();
    assertEquals(0.01 * 12.1 + 0.006, all.objective(), 1e-12);
  }

  @Test
  void plansAreReadBack() {
    AllocationPlan plan =
        Allocator.of(table(), Objective.LOSS).within(Budget.ofBits(1800)).orElseThrow().plan();
    assertTrue(plan.toString().startsWith("# 4.5000 bits per weight"), plan.toString());
    assertEquals(plan.layers(), AllocationPlan.parse(plan.toString()).layers());
    AllocationPlan edited =
        AllocationPlan.parse("*.q = keep # not this\n\n# none\n*.k = int4:channel:sym rtn\n");
    assertEquals(Optional.empty(), edited.layers().getFirst().recipe());
    assertEquals(FOUR, edited.mainRecipe().toString());
    assertThrows(IllegalArgumentException.class, () -> AllocationPlan.parse("q int4"));
    assertThrows(IllegalArgumentException.class, () -> AllocationPlan.parse("q = keep"));
  }

  @Test
  void tablesAreReadBack() {
    SensitivityTable table =
        new SensitivityTable(
            LossMeasure.NOISE,
            "some",
            0.5,
            table().sites(),
            List.of(new PairInteraction("a", "b", TWO, -0.25)));
    assertEquals(table, SensitivityTable.parse(table.toJson()));
    assertThrows(RuntimeException.class, () -> SensitivityTable.parse("{\"version\": 1}"));
  }

  @Test
  void publishedSystemsHaveWhatTheyNeed() {
    for (PublishedAllocation one : PublishedAllocation.all()) {
      assertTrue(one.candidates().size() > 1, one.name());
      assertTrue(one.reference().contains("arXiv:"), one.name());
      assertEquals(Optional.of(one), PublishedAllocation.find(one.name().toUpperCase(ROOT)));
      assertTrue(one.candidates().stream().allMatch(recipe -> recipe.storageBits(256, 512) > 0));
    }
    assertEquals(Optional.empty(), PublishedAllocation.find("none"));
    assertTrue(Candidates.defaults().stream().allMatch(one -> one.storageBits(256, 512) > 0));
  }
}
