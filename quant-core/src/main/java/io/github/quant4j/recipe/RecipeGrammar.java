// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import io.github.quant4j.activation.ActivationGranularities;
import io.github.quant4j.decompose.TermSteps;
import io.github.quant4j.decompose.TrellisSteps;
import io.github.quant4j.decompose.VectorSteps;
import io.github.quant4j.grammar.Step;
import io.github.quant4j.grammar.Steps;
import io.github.quant4j.rounding.Roundings;
import io.github.quant4j.scheme.FormatChoices;
import io.github.quant4j.scheme.Granularities;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleCodecs;
import io.github.quant4j.search.RangeRules;
import io.github.quant4j.search.ScaleSearches;
import io.github.quant4j.transform.rule.TransformSteps;
import java.util.ArrayList;
import java.util.List;

/**
 * The language of recipes, described from the tables by which recipes are read and printed.
 *
 * <p>All steps of a table are tried in its order.
 */
public final class RecipeGrammar {
  private static final List<String> RULES =
      List.of(
          "recipe       = [ tokens \" | \" ] [ retarget \" | \" ] { transform \" | \" } weights"
              + " [ \" @ \" activations ] { \" + \" compensation }",
          "weights      = quantizer { \" or \" quantizer }",
          "             | ternary2:granularity[:sym][:codec] [ planes ]  |  f16 | bf16 | f32",
          "             | olive4:granularity[:sym][:codec]  |  trellis  |  vectors",
          "quantizer    = scheme [ search ] [ rounding{>rounding} ]",
          "scheme       = format:granularity[:sym|asym][:codec]  |  preset  |  blocks",
          "activations  = format:granularity[:sym|asym][:codec] [ range ]  |  preset",
          "preset       = " + String.join(" | ", QuantScheme.presets()),
          "blocks       = " + String.join(" | ", QuantScheme.blockPresets()));

  private static final String BRACKETS =
      "What stands in brackets may be left out; arguments that have a name stand in any order.";

  private static final int RULE_INDENT = 15;
  private static final int STEP_INDENT = 6;

  private record Section(String title, List<? extends Step<?, ?>> steps) {
    Section(String title, Steps<?> steps) {
      this(title, steps.all());
    }
  }

  private static final List<Section> SECTIONS =
      List.of(
          new Section("format", FormatChoices.STEPS),
          new Section("granularity of weights", Granularities.STEPS),
          new Section("codec of scales", ScaleCodecs.STEPS),
          new Section("search for scales", ScaleSearches.STEPS),
          new Section("rounding", Roundings.STEPS),
          new Section("trellis", TrellisSteps.STEPS),
          new Section("vectors", VectorSteps.STEPS),
          new Section("fit of planes", List.of(TermSteps.PLANES)),
          new Section("tokens", List.of(RecipeParser.TOKENS)),
          new Section("target of rounding", List.of(Retarget.STEP)),
          new Section("transform of the input", TransformSteps.STEPS),
          new Section("granularity of activations", ActivationGranularities.STEPS),
          new Section(
              "range of activations; tokens and groups know minmax and clip", RangeRules.STEPS),
          new Section("compensation", Compensation.Words.STEPS));

  private RecipeGrammar() {}

  /**
   * The whole language for a terminal.
   *
   * @param width of the terminal in characters, at least 40
   * @return lines: the rules, then each step with its arguments
   */
  public static List<String> lines(int width) {
    List<String> lines = new ArrayList<>();
    RULES.forEach(rule -> wrap(lines, rule, width, RULE_INDENT));
    lines.add("");
    wrap(lines, BRACKETS, width, 0);
    for (Section section : SECTIONS) {
      lines.add("");
      lines.add(section.title());
      for (Step<?, ?> step : section.steps()) {
        wrap(lines, "  " + step.usage() + "  " + step.help(), width, STEP_INDENT);
        for (String argument : step.argumentHelp()) {
          wrap(lines, " ".repeat(STEP_INDENT) + argument, width, STEP_INDENT + 4);
        }
      }
    }
    return lines;
  }

  /** Cuts between words, and indents what follows. */
  private static void wrap(List<String> lines, String text, int width, int indent) {
    String rest = text;
    while (rest.length() > width) {
      int cut = rest.lastIndexOf(' ', width);
      if (cut <= indent) {
        break;
      }
      lines.add(rest.substring(0, cut).stripTrailing());
      rest = " ".repeat(indent) + rest.substring(cut).strip();
    }
    lines.add(rest);
  }

  /**
   * The whole language for the documentation.
   *
   * @return Markdown: the rules, then a table for each kind of step
   */
  public static String markdown() {
    StringBuilder text = new StringBuilder();
    RULES.forEach(rule -> text.append("    ").append(rule).append('\n'));
    text.append('\n').append(BRACKETS).append('\n');
    for (Section section : SECTIONS) {
      text.append("\n| ").append(section.title()).append(" | what it does | arguments |\n");
      text.append("|---|---|---|\n");
      for (Step<?, ?> step : section.steps()) {
        text.append("| `")
            .append(escaped(step.usage()))
            .append("` | ")
            .append(escaped(step.help()))
            .append(" | ")
            .append(escaped(String.join("; ", step.argumentHelp())))
            .append(" |\n");
      }
    }
    return text.toString();
  }

  private static String escaped(String cell) {
    return cell.replace("|", "\\|");
  }
}
