// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.SymmetricEigen;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;

/** Transforms of every kind for property tests. */
final class RandomTransforms {
  private RandomTransforms() {}

  static InputTransform step(SeededRandom random, int kind, int size) {
    return switch (kind) {
      case 0 -> {
        float[] scales = new float[size];
        for (int i = 0; i < size; i++) {
          scales[i] = (float) Math.exp(0.7 * random.nextGaussian());
        }
        yield DiagonalTransform.of(scales);
      }
      case 1 -> ShiftTransform.of(random.gaussians(size));
      case 2 -> PermutationTransform.of(permutation(random, size));
      case 3 -> HadamardTransform.of(size, random.nextInt(0, 1000));
      case 4 -> HadamardTransform.of(size, 4, HadamardTransform.NO_SIGNS).inverse();
      case 5 -> OrthogonalTransform.of(SymmetricEigen.of(symmetric(random, size)).vectors());
      case 6 -> {
        int first = KroneckerTransform.balancedFactor(size);
        yield KroneckerTransform.of(
            wellConditioned(random, first), wellConditioned(random, size / first));
      }
      default -> DenseTransform.of(wellConditioned(random, size));
    };
  }

  static InputTransform chain(SeededRandom random, int size) {
    List<InputTransform> steps = new ArrayList<>();
    int count = random.nextInt(1, 6);
    for (int i = 0; i < count; i++) {
      steps.add(step(random, random.nextInt(0, 8), size));
    }
    return TransformChain.of(steps);
  }

  static int[] permutation(SeededRandom random, int size) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      int j = random.nextInt(0, i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  static FloatMatrix symmetric(SeededRandom random, int size) {
    FloatMatrix matrix = random.gaussianMatrix(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        matrix.put(i, j, matrix.get(j, i));
      }
    }
    return matrix;
  }

  /** The identity with a small perturbation. */
  static FloatMatrix wellConditioned(SeededRandom random, int size) {
    FloatMatrix matrix = random.gaussianMatrix(size, size);
    for (int i = 0; i < size * size; i++) {
      matrix.data()[i] = 0.3f * matrix.data()[i] / size + (i % (size + 1) == 0 ? 1 : 0);
    }
    return matrix;
  }
}
