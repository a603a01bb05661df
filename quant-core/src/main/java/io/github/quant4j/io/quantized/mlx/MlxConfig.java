// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.mlx;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.GroupOffsets;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of an MLX checkpoint: those that have {@code scales} and {@code biases}. {@code
 * weight} U32 {@code [out, in bits / 32]} holds unsigned codes, lowest bits first; a weight is
 * {@code code scale + bias} of its group.
 */
public final class MlxConfig {
  /** What the schema is called here; it names no {@code quant_method}. */
  public static final String METHOD = "mlx";

  /** The member of {@code config.json}. */
  public static final String MEMBER = "quantization";

  private static final String BITS = "bits";
  private static final String GROUP_SIZE = "group_size";
  private static final String MODE = "mode";
  private static final String SCALES = "scales";
  private static final String OFFSETS = "biases";

  private MlxConfig() {}

  /**
   * Whether a model's configuration is one of this schema.
   *
   * @param config the contents of {@code config.json}
   * @return true if it has the member
   */
  public static boolean isMeant(JsonValue.Obj config) {
    return config
        .getObject(MEMBER)
        .filter(object -> object.get(BITS).isPresent() && object.get(GROUP_SIZE).isPresent())
        .isPresent();
  }

  /**
   * The readers of the modules.
   *
   * @param config the member
   * @param tensors all tensors
   * @return the modules
   * @throws JsonException if something is missing, malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, SCALES)) {
      // Members under the names of modules say what differs for them.
      JsonValue.Obj own =
          config.get(module).orElse(new JsonValue.Null()) instanceof JsonValue.Obj object
              ? object
              : config;
      String mode = own.getString(MODE).or(() -> config.getString(MODE)).orElse("affine");
      if (!mode.equals("affine")) {
        throw new JsonException("'" + MODE + "': '" + mode + "', expected affine");
      }
      int bits = ConfigMembers.number(own, BITS);
      int size = ConfigMembers.number(own, GROUP_SIZE);
      if (!Set.of(2, 3, 4, 5, 6, 8).contains(bits) || size < 2) {
        throw new JsonException(
            bits + " bits in groups of " + size + ", expected 2 to 8 bits and groups of 2 or more");
      }
      readers.put(module, one -> read(one, bits, size));
    }
    return QuantizedModules.of(readers);
  }

  private static QuantizedLinear read(ModuleTensors tensors, int bits, int size) {
    Tensor words = tensors.requireMatrix("weight", DType.U32);
    int rows = (int) words.shape().dimension(0);
    long rowBytes = words.shape().dimension(1) * Integer.BYTES;
    int columns = Math.toIntExact(rowBytes * Byte.SIZE / bits);
    Tensor scales = tensors.requireMatrix(SCALES, DType.F16, DType.BF16, DType.F32);
    Tensor offsets = tensors.requireMatrix(OFFSETS, DType.F16, DType.BF16, DType.F32);
    for (Tensor tensor : new Tensor[] {scales, offsets}) {
      if (columns % size != 0
          || tensor.shape().dimension(0) != rows
          || tensor.shape().dimension(1) != columns / size) {
        throw new IllegalArgumentException(
            tensor
                + ": expected ["
                + rows
                + ", "
                + columns
                + " / "
                + size
                + "] for groups of "
                + size);
      }
    }
    return GroupOffsets.linear(
        PackedCodes.wrap(rows, columns, bits, rowBytes, words.data()),
        size,
        scales.dtype(),
        scales.toFloatArray(),
        offsets.dtype(),
        offsets.toFloatArray());
  }
}
