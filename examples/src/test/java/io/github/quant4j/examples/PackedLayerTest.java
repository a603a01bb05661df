// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedLayerTest {
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));

  @TempDir Path folder;

  @Test
  void theMappedKernelIsThatOfTheMatrix() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[70 * 128];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    QuantizedMatrix weights =
        Quantizer.of("int4:g64:asym rtn")
            .quantize(FloatMatrix.wrap(70, 128, values), Compute.scalar());
    float[] x = java.util.Arrays.copyOf(values, 128);
    float[] expected = new float[70];
    float[] y = new float[70];
    Kernels.forMatrix(weights).multiply(x, expected);
    PackedLayer.serve(folder.resolve("packed.safetensors"), weights, x, y);
    assertArrayEquals(expected, y);
  }

  @Test
  void theDocumentationShowsThisExample() throws IOException {
    String source =
        Files.readString(
            ROOT.resolve("examples/src/main/java/io/github/quant4j/examples/PackedLayer.java"));
    String begin = "// begin of the example in docs/file-formats.md\n";
    int from = source.indexOf(begin) + begin.length();
    String region = source.substring(from, source.indexOf("    // end of the example"));
    String example = "```java\n" + region.stripTrailing().stripIndent() + "\n```";
    assertTrue(Files.readString(ROOT.resolve("docs/file-formats.md")).contains(example), example);
  }
}
