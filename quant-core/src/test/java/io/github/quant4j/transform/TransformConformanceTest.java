// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizationResult;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.LayerFixture;
import io.github.quant4j.testing.SharedData;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real Whisper layers with activation outliers, against the reference errors in double. */
@Tag("conformance")
class TransformConformanceTest {
  private static final String[] SCHEMES = {
    "int4-g64-sym", "int4-g64-asym", "int4-g128-sym", "int4-g128-asym",
    "int3-g64-sym", "int3-g64-asym", "int3-g128-sym", "int3-g128-asym",
    "int2-g64-sym", "int2-g64-asym", "int2-g128-sym", "int2-g128-asym"
  };

  private static JsonValue.Obj expected(String site) throws Exception {
    return JsonParser.parseObject(
            Files.readAllBytes(SharedData.path("fixtures/layers/expected-error.json")))
        .getObject("sites")
        .orElseThrow()
        .getObject(site)
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "whisper-layers.2.self_attn.q_proj",
        "whisper-layers.3.fc1",
        "whisper-layers.5.fc2"
      })
  void activationAwareScalesReachTheReference(String site) throws Exception {
    LayerFixture layer = LayerFixture.load(site);
    JsonValue.Obj table = expected(site);
    LayerInput input = LayerInput.observe(layer.activations());
    StringBuilder misses = new StringBuilder();
    for (String scheme : SCHEMES) {
      double reference = table.getObject(scheme).orElseThrow().getDouble("awq_scale").orElseThrow();
      String weights = scheme.replace('-', ':') + ":f32 rtn";
      LinearQuantizationResult result =
          LinearQuantizer.of("awq | " + weights).quantize(layer.weights(), input);
      double error = result.report().error();
      if (!(error <= 1.01 * reference)) {
        misses.append(scheme).append(": ").append(error).append(" of ").append(reference);
        misses.append('\n');
      }
    }
    assertTrue(misses.isEmpty(), () -> site + "\n" + misses);
  }

  /** Layers behind a normalisation, with outlier channels. */
  @ParameterizedTest
  @ValueSource(strings = {"whisper-layers.2.self_attn.q_proj", "whisper-layers.3.fc1"})
  void transformsMakeFourBitActivationsUsable(String site) {
    LayerFixture layer = LayerFixture.load(site);
    String plain = "int4:g64:sym rtn @ int4:token";
    double before = sampleError(layer, plain);
    double smooth = sampleError(layer, "smooth(auto) | " + plain);
    double rotated = sampleError(layer, "hadamard | " + plain);
    assertTrue(smooth < 0.6 * before, () -> site + ": smooth " + smooth + " of " + before);
    assertTrue(rotated < 0.5 * before, () -> site + ": hadamard " + rotated + " of " + before);
  }

  /**
   * Behind a GELU most values are close to zero from below and few are large; a rotation alone
   * spreads the large ones over all channels. Smoothing helps.
   */
  @Test
  void smoothingHelpsBehindAnActivationFunction() {
    LayerFixture layer = LayerFixture.load("whisper-layers.5.fc2");
    String plain = "int4:g64:sym rtn @ int4:token";
    double before = sampleError(layer, plain);
    double smooth = sampleError(layer, "smooth(auto) | " + plain);
    assertTrue(smooth < 0.5 * before, () -> "smooth " + smooth + " of " + before);
  }

  private static double sampleError(LayerFixture layer, String recipe) {
    FloatMatrix x = layer.activations();
    return LinearQuantizer.of(recipe)
        .withOptions(KernelOptions.defaults())
        .quantize(layer.weights(), LayerInput.observe(x))
        .report()
        .sampleError()
        .orElseThrow();
  }
}
