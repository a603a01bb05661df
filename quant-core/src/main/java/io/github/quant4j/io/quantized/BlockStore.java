// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;

/** Matrices in blocks of ggml: the blocks as they lie in memory, and the name of their format. */
final class BlockStore {
  static final String KIND = "blocks";

  private static final String FORMAT = "format";
  private static final String WEIGHT = "weight";

  private BlockStore() {}

  static void write(BlockMatrix matrix, Map<String, Object> description, TensorCollector out) {
    description.put("kind", KIND);
    description.put(FORMAT, matrix.format().name());
    Shape shape = Shape.of(matrix.rows(), matrix.rowBytes());
    out.add(WEIGHT, "", Tensor.of("", DType.U8, shape, matrix.data()));
  }

  static BlockMatrix read(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    String name = module.text(description, FORMAT);
    BlockFormat format =
        BlockFormat.find(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "'" + FORMAT + "' is '" + name + "', expected one such as Q4_K"));
    Tensor weight = module.part(module.parts(description), WEIGHT);
    if (weight.dtype() != DType.U8
        || !weight.shape().equals(Shape.of(rows, format.rowBytes(columns)))) {
      throw new IllegalArgumentException(
          weight + ": expected U8 [" + rows + ", " + format.rowBytes(columns) + "]");
    }
    return new BlockMatrix(format, rows, columns, weight.data());
  }
}
