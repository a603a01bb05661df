// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes the logits of an evaluation to a safetensors file: {@code logits}, F32 {@code [windows,
 * context, vocabulary]}, and {@code tokens}, I32 {@code [windows, context]}.
 */
public final class LogitsFile {
  private LogitsFile() {}

  /**
   * Runs an evaluation and writes its logits while they arise: they are not in memory as a whole.
   * The file appears when it is complete; on any failure nothing is left.
   *
   * @param evaluation what to run; its own listener of logits is not called
   * @param tokens the whole text, tokenized without special tokens
   * @param target where the file is to appear
   * @return the result of the evaluation
   * @throws io.github.quant4j.io.OutputException if the file cannot be written, or would be among
   *     those of a model that is read
   * @throws IOException if reading or writing fails
   * @throws IllegalArgumentException as {@link Evaluation#run(int[])} does
   * @throws ArithmeticException as {@link Evaluation#run(int[])} does
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public static EvaluationResult write(Evaluation evaluation, int[] tokens, Path target)
      throws IOException {
    ProtectedInputs.of(evaluation.inputs()).requireApartFromFile(target);
    int[][] windows = evaluation.options().windows(tokens);
    int context = evaluation.options().context();
    int vocabulary = evaluation.model().vocabularySize();
    @Nullable EvaluationResult[] result = new EvaluationResult[1];
    new SafetensorsWriter()
        .add(
            "logits",
            DType.F32,
            Shape.of(windows.length, context, vocabulary),
            sink -> {
              LogitsListener listener =
                  (rows, logits) -> {
                    long bytes = (long) rows * vocabulary * Float.BYTES;
                    try {
                      sink.write(MemorySegment.ofArray(logits).asSlice(0, bytes));
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  };
              try {
                result[0] = evaluation.logits(listener).run(tokens);
              } catch (UncheckedIOException e) {
                throw e.getCause();
              }
            })
        .add(
            Tensor.ofInts(
                    Shape.of(windows.length, context),
                    Arrays.stream(windows).flatMapToInt(Arrays::stream).toArray())
                .withName("tokens"))
        .write(target);
    return Objects.requireNonNull(result[0]);
  }
}
