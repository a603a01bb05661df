// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GenerateCommandTest {
  private static CommandRun generate(String... more) {
    return CommandRun.of(
        Stream.concat(
                Stream.of(
                    "generate",
                    CommandRun.MODEL,
                    "--prompt",
                    "The old captain",
                    "--max-tokens",
                    "12"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  private static String text(CommandRun run) {
    return run.json().getString("text").orElseThrow();
  }

  @Test
  void jsonFieldsAreThoseOfTheContract() {
    CommandRun run = generate("--json");
    assertEquals(
        List.of(
            "model",
            "prompt",
            "text",
            "tokens",
            "token_ids",
            "stop",
            "prompt_tokens",
            "prompt_tokens_per_second",
            "tokens_per_second"),
        run.members());
    assertEquals(12, run.number("tokens"));
    assertEquals(12, run.json().getArray("token_ids").orElseThrow().size());
    assertEquals("length", run.json().getString("stop").orElseThrow());
    assertTrue(text(run).startsWith(", "), text(run));
    assertEquals("", run.err());
  }

  @Test
  void peopleReadPromptAndText() {
    CommandRun run = generate();
    assertEquals("The old captain" + text(generate("--json")) + "\n", run.out());
    assertTrue(run.err().startsWith("[prompt: "), run.err());
  }

  @Test
  void theSeedDecides() {
    String first = text(generate("--temperature", "1", "--json", "--seed", "1"));
    String again = text(generate("--temperature", "1", "--json", "--seed", "1"));
    String other = text(generate("--temperature", "1", "--json", "--seed", "2"));
    assertEquals(first, again);
    assertNotEquals(first, other);
  }

  @Test
  void oneLikelyTokenIsGreedy() {
    assertEquals(
        text(generate("--json")), text(generate("--json", "--temperature", "2", "--top-k", "1")));
  }

  @Test
  void promptsMayLookLikeOptionsOrFiles() {
    for (String prompt : List.of("@nowhere", "-x", "--unknown", "", "Hé – 𝄞")) {
      CommandRun run =
          CommandRun.of(
              "generate", CommandRun.MODEL, "--prompt=" + prompt, "--max-tokens", "1", "--json");
      assertEquals(prompt, run.json().getString("prompt").orElseThrow());
    }
  }

  @Test
  void wrongNumbersAreNamed() {
    generate("--temperature", "-1").requireFailure(Failure.CALL, "temperature: -1.0");
    generate("--top-p", "0").requireFailure(Failure.CALL, "top-p: 0.0");
    generate("--top-k", "x").requireFailure(Failure.CALL, "--top-k", "'x'");
  }
}
