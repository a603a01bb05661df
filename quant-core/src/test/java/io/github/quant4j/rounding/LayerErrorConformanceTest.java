// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.testing.LayerFixture;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Output errors on real layers, no worse than one hundredth above the reference. */
@Tag("conformance")
class LayerErrorConformanceTest {
  private static final Map<String, List<Rounding>> METHODS =
      Map.of(
          "rtn", List.of(new NearestRounding()),
          "gptq", List.of(GptqRounding.defaults()),
          "gptq_actorder", List.of(GptqRounding.defaults().withActivationOrder(true)),
          "gptq_actorder_cd6",
              List.of(GptqRounding.defaults().withActivationOrder(true), CoordinateDescent.of(6)));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "whisper-layers.3.fc1",
        "whisper-layers.2.self_attn.q_proj",
        "whisper-layers.5.fc2"
      })
  void matchesTheReference(String site) throws IOException {
    LayerFixture layer = LayerFixture.load(site);
    JsonValue.Obj grids =
        JsonParser.parseObject(
                Files.readAllBytes(SharedData.path("fixtures/layers/expected-error.json")))
            .getObject("sites")
            .orElseThrow()
            .getObject(site)
            .orElseThrow();
    Compute compute = Compute.scalar().withTeam(WorkerTeam.ofThreads(2));
    Gram gram = Gram.of(layer.activations(), compute);
    StringBuilder failures = new StringBuilder();
    for (String grid : grids.members().keySet()) {
      String scheme = grid.replace('-', ':') + ":f32";
      JsonValue.Obj expected = grids.getObject(grid).orElseThrow();
      METHODS.forEach(
          (name, roundings) -> {
            Quantizer quantizer =
                Quantizer.of(QuantScheme.parse(scheme), new MinMaxSearch(), roundings);
            double error =
                layer.relativeError(
                    quantizer.quantize(layer.weights(), gram, compute).dequantize());
            double limit = 1.01 * expected.getDouble(name).orElseThrow();
            if (System.getProperty("quant4j.verbose") != null) {
              System.out.printf(
                  "%s %s %s %.8f / %.8f = %.4f%n",
                  site, grid, name, error, limit / 1.01, error / limit * 1.01);
            }
            if (!(error <= limit)) {
              failures.append(String.format("%n%s %s: %.8f, limit %.8f", grid, name, error, limit));
            }
          });
    }
    assertTrue(failures.isEmpty(), failures::toString);
  }
}
