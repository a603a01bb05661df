// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.LinearKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OneLayerTest {
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));
  private static final int OUT = 48;
  private static final int IN = 128;

  private static float[] random(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void theKernelIsNearTheLayer() {
    float[] weights = random(OUT * IN, 1);
    float[] inputs = random(256 * IN, 2);
    LinearKernel kernel = OneLayer.quantize(OUT, IN, weights, 256, inputs);
    float[] x = random(IN, 3);
    float[] y = new float[OUT];
    kernel.multiply(x, y);
    double error = 0;
    double power = 0;
    for (int row = 0; row < OUT; row++) {
      double sum = 0;
      for (int i = 0; i < IN; i++) {
        sum += (double) weights[row * IN + i] * x[i];
      }
      error += (sum - y[row]) * (sum - y[row]);
      power += sum * sum;
    }
    // Gaussian weights at 4 bits in groups of 64 lose about 1 % of the power.
    assertTrue(error > 0 && error < 0.02 * power, error / power + " of the power");
  }

  @Test
  void theReadmeShowsThisExample() throws IOException {
    String source =
        Files.readString(
            ROOT.resolve("examples/src/main/java/io/github/quant4j/examples/OneLayer.java"));
    String begin = "// begin of the README's example\n";
    int from = source.indexOf(begin) + begin.length();
    String region = source.substring(from, source.indexOf("    // end of the README's example"));
    String example = "```java\n" + region.stripTrailing().stripIndent() + "\n```";
    assertTrue(Files.readString(ROOT.resolve("README.md")).contains(example), example);
  }
}
