// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernels.vector.dense.VectorLinearAlgebra;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.LinearAlgebraProvider;
import io.github.quant4j.linalg.LinearAlgebras;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of a provider by name holds for all of quantization, not for kernels alone. */
class ProviderChoiceTest {
  private static final WorkerTeam ONE = WorkerTeam.sequential();

  private static LinearAlgebra algebra(String provider) {
    return new KernelOptions(provider, ONE).compute().algebra();
  }

  @Test
  void namesChooseLinearAlgebraAsTheyChooseKernels() {
    assertTrue(algebra("vector") instanceof VectorLinearAlgebra);
    assertTrue(algebra("scalar") instanceof ScalarLinearAlgebra);
    assertTrue(algebra(KernelOptions.AUTO) instanceof VectorLinearAlgebra);
    assertEquals("vector", Kernels.provider(new KernelOptions(KernelOptions.AUTO, ONE)));
    assertEquals("scalar", Kernels.provider(new KernelOptions("scalar", ONE)));
    assertTrue(LinearAlgebras.best(new ScratchPool()) instanceof VectorLinearAlgebra);
    assertTrue(LinearAlgebras.named("cray", new ScratchPool()).isEmpty());
  }

  @Test
  void linearAlgebraRunsWhereKernelsDo() {
    LinearAlgebraProvider provider = new VectorLinearAlgebraProvider();
    VectorKernelProvider kernels = new VectorKernelProvider();
    assertEquals(kernels.name(), provider.name());
    assertEquals(kernels.availability().available(), provider.missing().isEmpty());
  }

  /** Inputs whose channels go together, on which other last bits of a product move codes. */
  private static FloatMatrix correlated(SeededRandom random, int tokens, int size) {
    FloatMatrix factors = random.gaussianMatrix(tokens, 12);
    FloatMatrix loadings = random.gaussianMatrix(12, size);
    FloatMatrix x = random.gaussianMatrix(tokens, size);
    for (int t = 0; t < tokens; t++) {
      for (int j = 0; j < size; j++) {
        float sum = 0.05f * x.get(t, j);
        for (int f = 0; f < 12; f++) {
          sum += factors.get(t, f) * loadings.get(f, j);
        }
        x.put(t, j, sum);
      }
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g64:asym gptq", "int4:g64:asym gptq>cd(4)"})
  void roundingsFollowTheChoice(String recipe) {
    SeededRandom random = new SeededRandom(3);
    FloatMatrix weights = random.gaussianMatrix(256, 512);
    FloatMatrix x = correlated(random, 700, 512);
    LayerInput input = LayerInput.observe(x, Compute.scalar());
    KernelOptions options = new KernelOptions(KernelOptions.AUTO, ONE);
    float[] byVector = quantize(recipe, weights, input, options);
    float[] byName = quantize(recipe, weights, input, options.withProvider("scalar"));
    float[] byHand =
        quantize(recipe, weights, input, options.withLinearAlgebra(new ScalarLinearAlgebra()));
    assertArrayEquals(byHand, byName, "scalar by name and by hand");
    assertFalse(Arrays.equals(byVector, byName), "this problem must tell providers apart");
  }

  private static float[] quantize(
      String recipe, FloatMatrix weights, LayerInput input, KernelOptions options) {
    return LinearQuantizer.of(recipe)
        .withOptions(options)
        .quantize(weights, input)
        .linear()
        .toDense()
        .data();
  }
}
