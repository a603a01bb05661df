// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.quantized.Problem;
import io.github.quant4j.model.ModelCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Looks for damage. */
@Command(
    name = "verify",
    header = "Checks a stored model: files, checksums, scales, codes, shapes.",
    description = "Reads every byte. The exit status is 1 if anything is wrong.")
final class VerifyCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(paramLabel = "PATH", description = "The model's directory or GGUF file.")
  private Path modelDirectory = Path.of("");

  VerifyCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    List<Problem> problems;
    try (ProgressLine progress = quant.progress()) {
      problems =
          ModelCheck.of(modelDirectory)
              .progress(progress)
              .cancellation(quant.terminal().cancellation())
              .run();
    }
    List<String> warnings = ModelCheck.warnings(modelDirectory);
    if (quant.isJson()) {
      quant.print(json(problems, warnings));
    } else {
      problems.forEach(problem -> quant.print(problem.toString()));
      warnings.forEach(warning -> quant.print("warning: " + warning));
      if (problems.isEmpty()) {
        quant.print(modelDirectory + ": ok");
      }
    }
    if (problems.isEmpty()) {
      return 0;
    }
    quant
        .terminal()
        .err()
        .println(
            "quant: "
                + modelDirectory
                + ": "
                + (problems.size() == 1 ? "1 problem" : problems.size() + " problems")
                + ", the first is "
                + problems.getFirst());
    return Failure.WORK;
  }

  private Map<String, ?> json(List<Problem> problems, List<String> warnings) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("ok", problems.isEmpty());
    json.put("problems", problems.stream().map(VerifyCommand::json).toList());
    if (!warnings.isEmpty()) {
      json.put("warnings", warnings);
    }
    return json;
  }

  private static Map<String, ?> json(Problem problem) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("subject", problem.subject());
    json.put("description", problem.description());
    return json;
  }
}
