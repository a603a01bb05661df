// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.checkpoint.GgufPlaces;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Importance matrices of llama.cpp, out of what calibration remembers of inputs. */
public final class ImportanceMatrices {
  private ImportanceMatrices() {}

  /**
   * Takes the mean squares of all channels, which are the diagonals of the second moments.
   *
   * @param statistics by the names that the weights have in the importance matrix
   * @return the importance matrix; of weighted tokens the mean squares are weighted too, and the
   *     counts are those of tokens
   * @throws IllegalArgumentException if a moment is not collected, or is not finite
   */
  public static ImportanceMatrix of(Map<String, InputStatistics> statistics) {
    ImportanceMatrix.Builder builder = ImportanceMatrix.builder();
    statistics.forEach((name, input) -> builder.add(name, entry(name, input)));
    return builder.build();
  }

  /**
   * Runs a language model and takes the mean squares of the inputs of its layers within blocks,
   * under the names that their tensors have in a GGUF file. Inputs of experts are those of the
   * tokens that were sent to them.
   *
   * @param model the model
   * @param config the contents of its config.json
   * @param inputs what it reads, at least one window of tokens
   * @param progress is told of each block
   * @param cancellation asked before each window
   * @return the importance matrix
   * @throws IllegalArgumentException if there are no inputs, GGUF has no place for the model, or
   *     what a layer reads is not finite
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public static ImportanceMatrix measure(
      LanguageModel model,
      JsonValue.Obj config,
      List<int[]> inputs,
      ProgressListener progress,
      Cancellation cancellation) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    ImportanceSums sums = new ImportanceSums(GgufPlaces.of(config, model.toString()));
    BlockModel<int[]> graph = model.graph();
    List<HiddenStates> states = new ArrayList<>();
    inputs.forEach(input -> states.add(graph.embed(List.of(input))));
    int blocks = graph.blocks().size();
    for (int b = 0; b < blocks; b++) {
      try (Block block = graph.open(b)) {
        for (int i = 0; i < states.size(); i++) {
          cancellation.check();
          states.set(i, block.run(states.get(i), sums));
        }
      }
      progress.progressed("read block", b + 1, blocks);
    }
    int context = inputs.stream().mapToInt(input -> input.length).max().orElseThrow();
    return sums.matrix(inputs.size(), context);
  }

  private static ImportanceMatrix.Entry entry(String name, InputStatistics input) {
    Gram gram =
        input
            .gram()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "statistics of '" + name + "': " + input + ", expected the moment"));
    float[] sums = gram.diagonal();
    if (gram.weight() > 0) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] = (float) (sums[j] / gram.weight() * gram.tokens());
      }
    }
    try {
      return new ImportanceMatrix.Entry(sums, new long[] {gram.tokens()});
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("statistics of '" + name + "': " + e.getMessage(), e);
    }
  }
}
