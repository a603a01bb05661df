// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.generate.GeneratedText;
import io.github.quant4j.generate.GeneratedTokens;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TextListener;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lets a model write. */
@Command(
    name = "generate",
    header = "Lets a model continue a text.",
    description =
        "Without --temperature the likeliest token is taken each time. The same seed gives the same"
            + " text.")
final class GenerateCommand implements Callable<Integer> {
  private static final int DEFAULT_TOKENS = 100;

  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      required = true,
      description = "The text to continue.")
  private String prompt = "";

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Write at most so many tokens (default: ${DEFAULT-VALUE}).")
  private int maximumTokens = DEFAULT_TOKENS;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "0 always takes the likeliest token, 1 draws from the model's distribution"
              + " (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Draw among the N likeliest tokens (default: 0, all).")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Draw among the likeliest tokens that together have this probability (default:"
              + " ${DEFAULT-VALUE}).")
  private double topP = 1;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What the draws depend on (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  GenerateCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    NumberRange.tokens("--max-tokens", maximumTokens);
    NumberRange.atLeast("--top-k", topK, 0);
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new UsageException(
          "--temperature: " + temperature + ", expected a finite number of at least 0");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new UsageException("--top-p: " + topP + ", expected more than 0, at most 1");
    }
    Sampling sampling = new Sampling(maximumTokens, temperature, topK, topP, seed);
    try (LanguageModel model = LanguageModel.open(modelDirectory, runtime.modelOptions())) {
      // A prompt that cannot be encoded must not be echoed first.
      model.tokenizer();
      if (quant.isJson()) {
        quant.print(json(model.generate(prompt, sampling, listener(false))));
      } else {
        quant.write(prompt);
        GeneratedText generated = model.generate(prompt, sampling, listener(true));
        quant.print("");
        quant.terminal().err().println(speeds(generated));
        if (generated.tokens().stop() == GeneratedTokens.Stop.POSITIONS) {
          quant
              .terminal()
              .err()
              .println(
                  "quant: the text ends after "
                      + model.maximumPositions()
                      + " tokens, as many as the model has positions");
        }
      }
    }
    return 0;
  }

  private TextListener listener(boolean show) {
    Cancellation cancellation = quant.terminal().cancellation();
    return text -> {
      if (show) {
        quant.write(text);
      }
      return !cancellation.isRequested();
    };
  }

  private static String speeds(GeneratedText generated) {
    return String.format(
        Locale.ROOT,
        "[prompt: %d tokens, %.0f tokens/s; text: %d tokens, %.1f tokens/s]",
        generated.tokens().promptTokens(),
        generated.promptTokensPerSecond(),
        generated.tokens().tokens().length,
        generated.tokensPerSecond());
  }

  private Map<String, ?> json(GeneratedText generated) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("prompt", prompt);
    json.put("text", generated.text());
    json.put("tokens", generated.tokens().tokens().length);
    json.put("token_ids", Arrays.stream(generated.tokens().tokens()).boxed().toList());
    json.put("stop", generated.tokens().stop().name().toLowerCase(Locale.ROOT));
    json.put("prompt_tokens", generated.tokens().promptTokens());
    json.put("prompt_tokens_per_second", generated.promptTokensPerSecond());
    json.put("tokens_per_second", generated.tokensPerSecond());
    return json;
  }
}
