// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;

/**
 * The member {@code dynamic} of GPTQModel's configs: what differs for modules whose names match
 * expressions from their start. {@code "-:expression"} excludes modules, {@code "+:expression"} and
 * a plain expression change members. The first one that matches counts.
 */
public final class DynamicRules {
  private static final String MEMBER = "dynamic";
  private static final String SKIP = "-:";
  private static final String CHANGE = "+:";
  private static final JsonValue.Obj NOTHING = new JsonValue.Obj(new LinkedHashMap<>());

  private final List<Rule> rules;

  private DynamicRules(List<Rule> rules) {
    this.rules = rules;
  }

  private record Rule(ModulePattern pattern, boolean isSkip, JsonValue.Obj members) {}

  /**
   * Reads the rules of a config.
   *
   * @param config the config
   * @param known the members that a rule may have
   * @return the rules; none if there is no such member
   * @throws JsonException if an expression is none, or a member is not known
   */
  public static DynamicRules of(JsonValue.Obj config, Set<String> known) {
    List<Rule> rules = new ArrayList<>();
    JsonValue.Obj dynamic = config.getObject(MEMBER).orElse(NOTHING);
    for (String key : dynamic.members().keySet()) {
      boolean isSkip = key.startsWith(SKIP);
      String regex = isSkip || key.startsWith(CHANGE) ? key.substring(SKIP.length()) : key;
      try {
        JsonValue.Obj members = isSkip ? NOTHING : dynamic.getObject(key).orElse(NOTHING);
        ConfigMembers.requireKnown(members, known);
        rules.add(new Rule(ModulePattern.expression(key, regex), isSkip, members));
      } catch (JsonException e) {
        throw new JsonException("'" + MEMBER + "': '" + key + "': " + e.getMessage(), e);
      }
    }
    return new DynamicRules(rules);
  }

  /**
   * What differs for a module that has quantized tensors.
   *
   * @param module the module's name
   * @return the changed members; empty if nothing differs
   * @throws JsonException if a rule excludes the module
   */
  public JsonValue.Obj changes(String module) {
    for (Rule rule : rules) {
      if (rule.pattern.expressionMatches(module)) {
        if (rule.isSkip) {
          throw new JsonException(
              "module '"
                  + module
                  + "' has quantized tensors, but '"
                  + MEMBER
                  + "' excludes it ('"
                  + rule.pattern.text()
                  + "')");
        }
        return rule.members;
      }
    }
    return NOTHING;
  }
}
