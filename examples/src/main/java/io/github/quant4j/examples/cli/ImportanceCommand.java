// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.ImportanceMatrices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes an importance matrix. */
@Command(
    name = "imatrix",
    header = "Writes an importance matrix: how large the inputs of layers are.",
    description =
        "The file is for 'quant convert --to gguf:TYPE --imatrix' and for llama-quantize of"
            + " llama.cpp. If its name ends in .dat, it has the older form.")
final class ImportanceCommand implements Callable<Integer> {
  private static final String OLDER = ".dat";

  private final Quant quant;

  @Parameters(index = "0", paramLabel = "MODEL", description = "The model.")
  private Path input = Path.of("");

  @Parameters(index = "1", paramLabel = "OUT", description = "The file that is to appear.")
  private Path target = Path.of("");

  @Mixin private QuantizationInputs inputs = new QuantizationInputs();

  @Option(names = "--overwrite", description = "Replace a file that is there already.")
  private boolean overwrite;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  ImportanceCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    inputs.check();
    requireFreeOutput();
    try (LanguageModel model = AnyModel.openForText(input, runtime.modelOptions());
        ModelSource source = ModelFormats.open(input)) {
      List<int[]> windows = inputs.windows(model, quant);
      ImportanceMatrix matrix;
      try (ProgressLine progress = quant.progress()) {
        matrix =
            ImportanceMatrices.measure(
                model, source.config(), windows, progress, quant.terminal().cancellation());
      }
      if (target.toString().endsWith(OLDER)) {
        matrix.writeLegacy(target);
      } else {
        matrix.write(target);
      }
      print(matrix);
    }
    return 0;
  }

  private void requireFreeOutput() throws IOException {
    try {
      ProtectedInputs.of(inputs.inputs(input)).requireApartFromFile(target);
    } catch (OutputException e) {
      throw new UsageException(Objects.requireNonNull(e.getMessage()));
    }
    OutputPaths.requireDirectories("OUT", target);
    if (Files.isDirectory(target)
        || !overwrite && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new UsageException(
          target + ": exists already; choose another OUT, or add --overwrite for a file");
    }
  }

  private void print(ImportanceMatrix matrix) {
    if (quant.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", input.toString());
      json.put("output", target.toString());
      json.put("tensors", matrix.entries().size());
      json.put("windows", matrix.chunkCount());
      json.put("context", matrix.chunkSize());
      quant.print(json);
      return;
    }
    quant.print("tensors      " + matrix.entries().size());
    quant.print("windows      " + matrix.chunkCount() + " of " + matrix.chunkSize() + " tokens");
  }
}
