// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.modelopt;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of an FP8 checkpoint: those that have {@code weight_scale_inv}, one for each block of
 * {@code weight_block_size}, or {@code weight_scale}. Both are factors, whatever the name says.
 * Inputs stay in full precision.
 */
public final class Fp8Model {
  /** The {@code quant_method}. */
  public static final String METHOD = "fp8";

  private static final String SCALE = "weight_scale";
  private static final String BLOCK_SCALE = "weight_scale_inv";
  private static final String BLOCK = "weight_block_size";

  private static final Set<String> KNOWN =
      Set.of(
          "activation_scheme",
          "fmt",
          "ignored_layers",
          "kv_cache_scheme",
          "method",
          "scale_fmt",
          "dequantize",
          BLOCK);

  private Fp8Model() {}

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules, with a warning about inputs
   * @throws JsonException if something is malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    ConfigMembers.requireKnown(config, KNOWN);
    String format = config.getString("fmt").orElse("e4m3");
    if (!format.equals("e4m3") && !format.equals("float8_e4m3fn")) {
      throw new JsonException("'fmt': '" + format + "', expected e4m3");
    }
    int[] block = block(config);
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, BLOCK_SCALE)) {
      readers.put(module, own -> read(own, BLOCK_SCALE, block));
    }
    for (String module : ModuleTensors.having(tensors, SCALE)) {
      readers.put(module, own -> read(own, SCALE));
    }
    Optional<String> inputs = config.getString("activation_scheme");
    return QuantizedModules.of(
        readers,
        inputs.isPresent()
            ? List.of(
                "'activation_scheme' is "
                    + inputs.get()
                    + "; inputs of layers stay in full precision")
            : List.of());
  }

  private static int[] block(JsonValue.Obj config) {
    List<JsonValue> sizes = config.getArray(BLOCK).orElse(List.of());
    if (sizes.isEmpty()) {
      return new int[0];
    }
    int[] block = new int[2];
    for (int i = 0; i < block.length; i++) {
      long size =
          sizes.size() == 2 && sizes.get(i) instanceof JsonValue.Num number ? number.asLong() : 0;
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw new JsonException("'" + BLOCK + "': expected two positive sizes");
      }
      block[i] = (int) size;
    }
    return block;
  }

  private static QuantizedLinear read(ModuleTensors tensors, String part, int... block) {
    List.of("input_scale", "k_scale", "v_scale").forEach(tensors::passOver);
    Tensor weight = tensors.requireMatrix("weight", DType.F8_E4M3);
    Tensor scale = tensors.require(part, DType.F32, DType.F16, DType.BF16);
    return QuantizedLinear.of(FloatWeights.fp8(weight, scale, block));
  }
}
