// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Makes the residual stream of tokens, see {@link EmbeddingShape}. Reads tables row by row. */
final class DecoderEmbedding {
  private final EmbeddingShape shape;
  private final int hidden;
  private final @Nullable Tensor table;
  private final @Nullable QuantizedLinear packed;
  private final @Nullable Tensor positions;
  private final @Nullable FloatMatrix projection;
  private final @Nullable RowNorm norm;

  DecoderEmbedding(EmbeddingShape shape, int hidden, ModelWeights weights) {
    this.shape = shape;
    this.hidden = hidden;
    this.packed = weights.linear(LinearSite.moduleOf(shape.table())).orElse(null);
    this.table = packed == null ? tensor(weights, shape.table()) : null;
    this.positions = shape.positions() == null ? null : tensor(weights, shape.positions());
    this.projection =
        shape.projection() == null ? null : tensor(weights, shape.projection()).toMatrix();
    this.norm = shape.norm() == null ? null : norm(shape.norm(), weights);
  }

  private static Tensor tensor(ModelWeights weights, String name) {
    return IntactTensors.require(weights.tensors(), name);
  }

  private static RowNorm norm(NormShape norm, ModelWeights weights) {
    return new RowNorm(
        norm.site().kind(),
        norm.site().width(),
        norm.site().epsilon(),
        norm.site().offset(),
        norm.weighted() ? tensor(weights, norm.site().weight()).toFloatArray() : null,
        norm.site().bias().map(name -> tensor(weights, name).toFloatArray()).orElse(null));
  }

  /**
   * Puts the embeddings of some tokens into rows.
   *
   * @param position of the first token
   */
  void embed(int[] tokens, int from, int count, int position, float[] target, int firstRow) {
    int width = shape.width();
    float factor = (float) shape.factor();
    FloatMatrix wide = projection;
    float[] row = wide == null ? target : new float[width];
    for (int i = 0; i < count; i++) {
      int to = (firstRow + i) * hidden;
      int at = wide == null ? to : 0;
      look(tokens[from + i], width, row, at);
      if (factor != 1) {
        Elementwise.scale(factor, row, at, at + width);
      }
      if (wide != null) {
        project(wide, row, 0, target, to);
      }
      if (positions != null) {
        addPosition(positions, position + i, target, to);
      }
      if (norm != null) {
        norm.apply(target, to, target, to);
      }
    }
  }

  private void look(int token, int width, float[] row, int at) {
    if (packed != null) {
      Arrays.fill(row, at, at + width, 0);
      packed.terms().forEach(term -> term.addRow(token, row, at));
    } else if (table != null) {
      table.readFloats((long) token * width, width, row, at);
    }
  }

  private void addPosition(Tensor rows, int position, float[] target, int to) {
    float[] row = new float[hidden];
    rows.readFloats((long) (position + shape.positionOffset()) * hidden, hidden, row, 0);
    Elementwise.add(row, 0, target, to, hidden);
  }

  /** {@code y = W x}, sums in double. */
  static void project(FloatMatrix weights, float[] x, int from, float[] y, int to) {
    int columns = weights.columns();
    for (int r = 0; r < weights.rows(); r++) {
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        sum += (double) weights.data()[r * columns + c] * x[from + c];
      }
      y[to + r] = (float) sum;
    }
  }
}
