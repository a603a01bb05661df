// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.mxfp4;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.E8m0ScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The experts of gpt-oss: {@code name_blocks} U8 {@code [experts, out, blocks, 16]}, of which each
 * byte has two inputs, low nibble first, and {@code name_scales} U8 {@code [experts, out, blocks]},
 * powers of two. Each expert is a module of its own, {@code experts.3.name} for the name {@code
 * experts.name}, and is read where it lies.
 */
public final class Mxfp4Model {
  /** The {@code quant_method}. */
  public static final String METHOD = "mxfp4";

  private static final String BLOCKS = "_blocks";
  private static final String SCALES = "_scales";
  private static final String BIAS = "_bias";
  private static final int BLOCK_BYTES = 16;
  private static final int BLOCK = 2 * BLOCK_BYTES;

  private static final QuantScheme WEIGHTS =
      new QuantScheme(MiniFloat.FP4_E2M1, Granularity.group(BLOCK), true, E8m0ScaleCodec.FLOOR);

  private static final Set<String> KNOWN = Set.of("dequantize");

  private Mxfp4Model() {}

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules: one for each expert of each stack
   * @throws JsonException if something is malformed
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    ConfigMembers.requireKnown(config, KNOWN);
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    Set<String> shared = new LinkedHashSet<>();
    for (String name : tensors.names()) {
      int dot = name.lastIndexOf('.');
      if (!name.endsWith(BLOCKS) || dot < 0) {
        continue;
      }
      String stack = name.substring(0, name.length() - BLOCKS.length());
      Shape shape = tensors.require(name).shape();
      if (shape.rank() != 4 || shape.dimension(0) > Integer.MAX_VALUE) {
        throw new JsonException(
            tensors.require(name) + ": expected [experts, out, blocks, " + BLOCK_BYTES + "]");
      }
      shared.add(name);
      shared.add(stack + SCALES);
      for (int expert = 0; expert < shape.dimension(0); expert++) {
        int index = expert;
        readers.put(
            name.substring(0, dot + 1) + expert + stack.substring(dot),
            own -> read(own.source(), stack, index));
      }
    }
    return new QuantizedModules(readers, List.of(), shared);
  }

  private static QuantizedLinear read(TensorSource source, String stack, int expert) {
    Tensor blocks = require(source, stack + BLOCKS, DType.U8);
    Tensor scales = require(source, stack + SCALES, DType.U8);
    Shape shape = blocks.shape();
    long rows = shape.dimension(1);
    long groups = shape.dimension(2);
    if (shape.dimension(3) != BLOCK_BYTES
        || rows < 1
        || groups < 1
        || rows > Integer.MAX_VALUE
        || groups > Integer.MAX_VALUE / BLOCK) {
      throw new IllegalArgumentException(
          blocks + ": expected [experts, out, blocks, " + BLOCK_BYTES + "]");
    }
    if (!scales.shape().equals(Shape.of(shape.dimension(0), rows, groups))) {
      throw new IllegalArgumentException(
          scales + ": expected [" + shape.dimension(0) + ", " + rows + ", " + groups + "]");
    }
    int columns = (int) groups * BLOCK;
    long bytes = rows * groups * BLOCK_BYTES;
    PackedCodes codes =
        PackedCodes.wrap(
            (int) rows,
            columns,
            4,
            groups * BLOCK_BYTES,
            blocks.data().asSlice(expert * bytes, bytes));
    ScaleLayout layout = WEIGHTS.granularity().layout((int) rows, columns);
    Tensor own =
        Tensor.of(
            "",
            DType.U8,
            Shape.of(rows, groups),
            scales.data().asSlice(expert * rows * groups, rows * groups));
    QuantizedLinear linear =
        QuantizedLinear.of(
            new QuantizedMatrix(
                new Grid(
                    WEIGHTS,
                    layout,
                    FormatPalette.uniform(MiniFloat.FP4_E2M1),
                    WEIGHTS.scaleCodec().decode(Map.of("", own), layout),
                    null),
                codes));
    Optional<Tensor> bias = source.find(stack + BIAS);
    return bias.isPresent() ? linear.withBias(bias(bias.get(), expert, (int) rows)) : linear;
  }

  private static float[] bias(Tensor bias, int expert, int rows) {
    Shape shape = bias.shape();
    if (!bias.dtype().isFloatingPoint()
        || shape.rank() != 2
        || shape.dimension(0) <= expert
        || shape.dimension(1) != rows) {
      throw new IllegalArgumentException(bias + ": expected [experts, " + rows + "]");
    }
    float[] values = new float[rows];
    bias.readFloats((long) expert * rows, rows, values, 0);
    return values;
  }

  private static Tensor require(TensorSource source, String name, DType dtype) {
    Tensor tensor =
        source
            .find(name)
            .orElseThrow(() -> new IllegalArgumentException("tensor '" + name + "' is missing"));
    if (tensor.dtype() != dtype) {
      throw new IllegalArgumentException(tensor + ": expected type " + dtype);
    }
    if (source.verify(name) == ChecksumState.CORRUPT) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' is not what was written: its checksum differs");
    }
    return tensor;
  }
}
