// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.quantized.QuantizedModelWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.quantize.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Quantized directories of the oracle's models. */
public final class TestDirectories {
  private TestDirectories() {}

  /** Quantizes all layers of a model's blocks and stores the model. */
  public static void quantize(String name, String quantizer, Path target) throws IOException {
    List<String> modules = new ArrayList<>();
    try (LanguageModel opened = TestModels.open(name);
        ModelDirectory source = ModelDirectory.open(TestModels.directory(name));
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(source), output)) {
      BlockModel<int[]> model = opened.graph();
      for (int i = 0; i < model.blocks().size(); i++) {
        try (Block block = model.open(i)) {
          for (LinearSite site : block.layout().sites()) {
            QuantizedLinear original = block.linear(site);
            QuantizedLinear linear =
                QuantizedLinear.of(Quantizer.of(quantizer).quantize(original.toDense(), Compute.scalar()));
            writer.add(site.name(), original.bias().map(linear::withBias).orElse(linear));
            modules.add(site.name());
          }
        }
      }
      writer.finish(modules.stream().sorted().toList());
      output.commit();
    }
  }

  /** Changes one bit of the last tensor's data. */
  public static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 3] ^= 1;
    Files.write(file, bytes);
  }
}
