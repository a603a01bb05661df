// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.List;

/**
 * How the output of a kernel is put together from what its leaves compute: the kernels inside it
 * that read the input, and can all run in one dispatch.
 */
sealed interface Assembly {

  /** Where the leaves of a call write, and the buffers that were borrowed for it. */
  final class Outputs {
    final float[][] arrays;
    final int[] offsets;

    Outputs(int count) {
      this.arrays = new float[count][];
      this.offsets = new int[count];
    }

    void set(int index, float[] y, int yOffset) {
      arrays[index] = y;
      offsets[index] = yOffset;
    }
  }

  /**
   * Takes a kernel apart.
   *
   * @param kernel the kernel
   * @param leaves its leaves are appended; what they compute is found at their position
   */
  static Assembly of(LinearKernel kernel, List<LinearKernel> leaves) {
    return switch (kernel) {
      case SumKernel sum -> {
        List<Assembly> terms = new ArrayList<>();
        for (LinearKernel term : sum.terms()) {
          // Only the first term has an output to build up in; a sum behind it stays as it is.
          boolean whole = term instanceof SumKernel && !terms.isEmpty();
          terms.add(whole ? leaf(term, leaves) : of(term, leaves));
        }
        yield new Sum(sum, terms);
      }
      case ProductKernel product -> {
        leaves.add(product.first());
        yield new Product(product, leaves.size() - 1);
      }
      case RowsKernel rows -> {
        int first = leaves.size();
        leaves.addAll(rows.parts());
        yield new Rows(rows, first);
      }
      default -> leaf(kernel, leaves);
    };
  }

  private static Leaf leaf(LinearKernel kernel, List<LinearKernel> leaves) {
    leaves.add(kernel);
    return new Leaf(leaves.size() - 1);
  }

  /** Says where the leaves write, for an output that is to be at {@code y}. */
  void place(Outputs outputs, int tokens, float[] y, int yOffset);

  /** Completes the output once all leaves have run. */
  void finish(Outputs outputs, int tokens, float[] y, int yOffset);

  /** A kernel that computes its output from the input alone. */
  record Leaf(int index) implements Assembly {
    @Override
    public void place(Outputs outputs, int tokens, float[] y, int yOffset) {
      outputs.set(index, y, yOffset);
    }

    @Override
    public void finish(Outputs outputs, int tokens, float[] y, int yOffset) {}
  }

  /** A product whose first factor is a leaf. */
  record Product(ProductKernel kernel, int index) implements Assembly {
    @Override
    public void place(Outputs outputs, int tokens, float[] y, int yOffset) {
      int size = Math.multiplyExact(tokens, kernel.first().outFeatures());
      outputs.set(index, kernel.scratch().floats(size), 0);
    }

    @Override
    public void finish(Outputs outputs, int tokens, float[] y, int yOffset) {
      kernel.second().multiply(outputs.arrays[index], 0, tokens, y, yOffset);
      kernel.scratch().release(outputs.arrays[index]);
    }
  }

  /** Rows of several leaves, which follow one another. */
  record Rows(RowsKernel kernel, int first) implements Assembly {
    @Override
    public void place(Outputs outputs, int tokens, float[] y, int yOffset) {
      for (int p = 0; p < kernel.parts().size(); p++) {
        int size = Math.multiplyExact(tokens, kernel.parts().get(p).outFeatures());
        outputs.set(first + p, kernel.scratch().floats(size), 0);
      }
    }

    @Override
    public void finish(Outputs outputs, int tokens, float[] y, int yOffset) {
      for (int p = 0; p < kernel.parts().size(); p++) {
        float[] computed = outputs.arrays[first + p];
        kernel.scatter(p, computed, tokens, y, yOffset);
        kernel.scratch().release(computed);
      }
    }
  }

  /** A sum. Its first term has the output to itself, the others have buffers. */
  record Sum(SumKernel kernel, List<Assembly> terms) implements Assembly {
    @Override
    public void place(Outputs outputs, int tokens, float[] y, int yOffset) {
      terms.getFirst().place(outputs, tokens, y, yOffset);
      int size = Math.multiplyExact(tokens, kernel.outFeatures());
      for (int i = 1; i < terms.size(); i++) {
        if (terms.get(i) instanceof Leaf leaf) {
          leaf.place(outputs, tokens, kernel.scratch().floats(size), 0);
        } else {
          terms.get(i).place(outputs, tokens, y, yOffset);
        }
      }
    }

    @Override
    public void finish(Outputs outputs, int tokens, float[] y, int yOffset) {
      terms.getFirst().finish(outputs, tokens, y, yOffset);
      ScratchPool scratch = kernel.scratch();
      int size = Math.multiplyExact(tokens, kernel.outFeatures());
      for (int i = 1; i < terms.size(); i++) {
        float[] addend;
        if (terms.get(i) instanceof Leaf leaf) {
          addend = outputs.arrays[leaf.index()];
        } else {
          addend = scratch.floats(size);
          terms.get(i).finish(outputs, tokens, addend, 0);
        }
        kernel.add(addend, size, y, yOffset);
        scratch.release(addend);
      }
      kernel.addBias(tokens, y, yOffset);
    }
  }
}
