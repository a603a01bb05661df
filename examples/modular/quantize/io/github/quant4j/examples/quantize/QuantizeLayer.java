// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.quantize;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.quantized.LayerArchive;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Quantizes one matrix of a model by two recipes, of which the second needs Commons Math. */
public final class QuantizeLayer {
  private static final String TENSOR = "model.layers.0.self_attn.k_proj.weight";

  private QuantizeLayer() {}

  /**
   * Writes the quantized layers.
   *
   * @param args the directory of the model and the file to write
   * @throws IOException if one cannot be read or the other not be written
   */
  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    try (LanguageModel model = LanguageModel.open(directory);
        SafetensorsFile file = SafetensorsFile.open(directory.resolve("model.safetensors"))) {
      System.out.println(model.sites().size() + " linear layers in " + directory);
      FloatMatrix weights = file.find(TENSOR).orElseThrow().toMatrix();
      for (String recipe : List.of("int4:g64:asym rtn", "int3:g64:sym rtn + lowrank(8)")) {
        layers.put(
            "layer" + layers.size(), LinearQuantizer.of(recipe).quantize(weights).linear());
      }
      LayerArchive.write(Path.of(args[1]), layers, List.of(), Map.of());
    }
  }
}
