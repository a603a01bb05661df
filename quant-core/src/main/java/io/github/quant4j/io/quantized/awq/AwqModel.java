// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.awq;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.DynamicRules;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.Set;

/** The modules of an AWQ checkpoint: those that have {@code qweight}. */
public final class AwqModel {
  /** The {@code quant_method}. */
  public static final String METHOD = "awq";

  private static final String BITS = "bits";
  private static final String GROUP_SIZE = "group_size";

  /** Older names of the same. */
  private static final String OLD_BITS = "w_bit";

  private static final String OLD_GROUP_SIZE = "q_group_size";

  private static final Set<String> KNOWN =
      Set.of(
          BITS,
          GROUP_SIZE,
          OLD_BITS,
          OLD_GROUP_SIZE,
          "method",
          "version",
          "checkpoint_format",
          "format",
          "zero_point",
          "sym",
          "dynamic",
          "backend",
          "do_fuse",
          "modules_to_fuse",
          "fuse_max_seq_len",
          "exllama_config",
          "data_type");

  private static final Set<String> KNOWN_CHANGES =
      Set.of(BITS, GROUP_SIZE, "sym", "zero_point", "mse");

  private AwqModel() {}

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules
   * @throws JsonException if something is missing, malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    ConfigMembers.requireKnown(config, KNOWN);
    AwqLayout layout =
        AwqLayout.ofName(
            config
                .getString("version")
                .or(() -> config.getString("checkpoint_format"))
                .or(() -> config.getString("format"))
                .orElse("gemm"));
    int bits = number(config, BITS, OLD_BITS);
    int size = number(config, GROUP_SIZE, OLD_GROUP_SIZE);
    boolean hasZeroPoints =
        config.getBoolean("zero_point").orElse(!config.getBoolean("sym").orElse(false));
    DynamicRules rules = DynamicRules.of(config, KNOWN_CHANGES);
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, AwqReader.CODES)) {
      JsonValue.Obj changes = rules.changes(module);
      requireFour(changes.getInt(BITS).orElse(bits));
      readers.put(
          module, new AwqReader(layout, changes.getInt(GROUP_SIZE).orElse(size), hasZeroPoints));
    }
    requireFour(bits);
    return QuantizedModules.of(readers);
  }

  private static int number(JsonValue.Obj config, String member, String older) {
    return config.getInt(member).isEmpty() && config.getInt(older).isPresent()
        ? ConfigMembers.number(config, older)
        : ConfigMembers.number(config, member);
  }

  private static void requireFour(int bits) {
    if (bits != Nibbles.BITS) {
      throw new JsonException("'bits': " + bits + ", expected 4; AWQ has no other layouts");
    }
  }
}
