// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.LinearSite;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** What is wrong with a plan; what is wrong with many layers alike makes one line. */
final class PlanProblems {
  private static final int NAMED = 3;

  private record Group(String problem, List<LinearSite> sites) {}

  private final SequencedMap<String, Group> groups = new LinkedHashMap<>();

  /** Notes something that is not about a layer. */
  void add(String problem) {
    groups.putIfAbsent(problem, new Group(problem, new ArrayList<>()));
  }

  /**
   * Notes what is wrong with a layer.
   *
   * @param problem goes after the name of one layer and after the number of several; layers for
   *     which it differs in numbers alone, as their sizes do, are taken together
   */
  void add(LinearSite site, String problem) {
    groups
        .computeIfAbsent(
            "layers " + problem.replaceAll("\\d+", "#"), _ -> new Group(problem, new ArrayList<>()))
        .sites()
        .add(site);
  }

  boolean isEmpty() {
    return groups.isEmpty();
  }

  /** One line for each. */
  List<String> lines() {
    return groups.values().stream().map(PlanProblems::line).toList();
  }

  private static String line(Group group) {
    List<LinearSite> sites = group.sites();
    if (sites.isEmpty()) {
      return group.problem();
    }
    if (sites.size() == 1) {
      return sites.getFirst() + " " + group.problem();
    }
    String names =
        sites.stream().limit(NAMED).map(LinearSite::name).collect(Collectors.joining(", "));
    int more = sites.size() - NAMED;
    return sites.size()
        + " layers ("
        + names
        + (more > 0 ? " and " + more + " more" : "")
        + ") "
        + group.problem();
  }
}
