// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.autoround;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.awq.AwqLayout;
import io.github.quant4j.io.quantized.awq.AwqReader;
import io.github.quant4j.io.quantized.gptq.GptqReader;
import io.github.quant4j.io.quantized.gptq.GptqScheme;
import io.github.quant4j.io.quantized.gptq.ZeroPointConvention;
import io.github.quant4j.io.quantized.gptq.ZeroPointWarnings;
import io.github.quant4j.io.quantized.module.ConfigMembers;
import io.github.quant4j.io.quantized.module.ModulePattern;
import io.github.quant4j.io.quantized.module.ModuleReader;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.io.quantized.module.QuantizedModules;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The modules of an AutoRound checkpoint: those that have {@code qweight}. {@code packing_format}
 * tells the layout, and {@code extra_config} what differs for single modules.
 */
public final class AutoRoundModel {
  /** The {@code quant_method}. */
  public static final String METHOD = "auto-round";

  /** What older versions wrote. */
  public static final String OLD_METHOD = "intel/auto-round";

  private static final String BITS = "bits";
  private static final String GROUP_SIZE = "group_size";
  private static final String SYMMETRIC = "sym";
  private static final String DATA_TYPE = "data_type";
  private static final String EXTRA = "extra_config";
  private static final String ACTIVATION_BITS = "act_bits";

  /** Members that are read, say how the codes were found, or choose kernels. */
  private static final Set<String> KNOWN =
      Set.of(
          BITS,
          GROUP_SIZE,
          SYMMETRIC,
          DATA_TYPE,
          EXTRA,
          ACTIVATION_BITS,
          "packing_format",
          "backend");

  private static final Set<String> KNOWN_EXTRAS =
      Set.of(BITS, GROUP_SIZE, SYMMETRIC, DATA_TYPE, ACTIVATION_BITS, "in_blocks", "fixed_by_user");

  /** Weights that are not quantized. */
  private static final int FULL_WIDTH = 16;

  /** What layout the codes have. */
  private enum Packing {
    GPTQ,
    GPTQ_PLAIN,
    AWQ
  }

  private final JsonValue.Obj config;
  private final Packing packing;
  private final List<ModulePattern> patterns;

  private AutoRoundModel(JsonValue.Obj config, Packing packing, List<ModulePattern> patterns) {
    this.config = config;
    this.packing = packing;
    this.patterns = patterns;
  }

  /**
   * The readers of the modules.
   *
   * @param config the {@code quantization_config}
   * @param tensors all tensors
   * @return the modules, with warnings about zero points and inputs
   * @throws JsonException if something is missing, malformed or not supported
   */
  public static QuantizedModules modules(JsonValue.Obj config, TensorSource tensors) {
    requireKnown(config);
    JsonValue.Obj extra = extras(config);
    List<ModulePattern> patterns = new ArrayList<>();
    for (String name : extra.members().keySet()) {
      // Names are expressions that mean themselves, but for their dots.
      patterns.add(
          name.matches("[\\w.]+")
              ? ModulePattern.parse(name)
              : ModulePattern.expression(name, name));
    }
    AutoRoundModel model = new AutoRoundModel(config, packing(config), patterns);
    SequencedMap<String, ModuleReader> readers = new LinkedHashMap<>();
    SequencedMap<String, GptqReader> gptq = new LinkedHashMap<>();
    for (String module : ModuleTensors.having(tensors, GptqReader.CODES)) {
      ModuleReader reader = model.reader(module);
      readers.put(module, reader);
      if (reader instanceof GptqReader known) {
        gptq.put(module, known);
      }
    }
    List<String> warnings = new ArrayList<>(ZeroPointWarnings.of(gptq, tensors));
    config
        .getInt(ACTIVATION_BITS)
        .filter(bits -> bits < FULL_WIDTH)
        .ifPresent(
            bits ->
                warnings.add(
                    "'act_bits' is " + bits + "; inputs of layers stay in full precision"));
    config
        .getString("static_kv_dtype")
        .ifPresent(
            type ->
                warnings.add(
                    "'static_kv_dtype' is "
                        + type
                        + "; the key-value cache is kept in the precision that is asked for"));
    return QuantizedModules.of(readers, warnings);
  }

  /**
   * Refuses members that are not understood.
   *
   * @param config the {@code quantization_config}
   * @throws JsonException if there are any, with their names
   */
  public static void requireKnown(JsonValue.Obj config) {
    ConfigMembers.requireKnown(config, KNOWN);
    JsonValue.Obj extra = extras(config);
    for (String name : extra.members().keySet()) {
      extra.getObject(name).ifPresent(one -> requireKnownExtra(name, one));
    }
  }

  private static JsonValue.Obj extras(JsonValue.Obj config) {
    return config.getObject(EXTRA).orElseGet(() -> new JsonValue.Obj(new LinkedHashMap<>()));
  }

  private static void requireKnownExtra(String name, JsonValue.Obj one) {
    try {
      ConfigMembers.requireKnown(one, KNOWN_EXTRAS);
    } catch (JsonException e) {
      throw new JsonException("'" + EXTRA + "': '" + name + "': " + e.getMessage(), e);
    }
  }

  /** Of texts such as auto_round:auto_gptq, and older ones that name a kernel behind it. */
  private static Packing packing(JsonValue.Obj config) {
    String label =
        config
            .getString("packing_format")
            .or(() -> config.getString("backend"))
            .orElse("auto_round:auto_gptq");
    String[] words = label.toLowerCase(Locale.ROOT).split(":", -1);
    Packing packing = Packing.GPTQ_PLAIN;
    for (String word : words) {
      switch (word) {
        case "auto_gptq", "gptq", "autogptq" -> packing = Packing.GPTQ;
        case "auto_awq", "awq", "autoawq" -> packing = Packing.AWQ;
        case "auto_round",
            "autoround",
            "auto-round",
            "gptqmodel",
            "exllama",
            "exllamav2",
            "marlin",
            "tritonv2",
            "triton",
            "gemm",
            "auto",
            "torch",
            "cuda" -> {
          // Names of kernels, or of the layout that is taken if there is no other name.
        }
        default ->
            throw new JsonException(
                "'packing_format': '"
                    + label
                    + "' is not supported, expected auto_round, auto_round:gptqmodel,"
                    + " auto_round:auto_gptq or auto_round:auto_awq");
      }
    }
    return packing;
  }

  private ModuleReader reader(String module) {
    JsonValue.Obj extra = extra(module);
    String type = extra.getString(DATA_TYPE).or(() -> config.getString(DATA_TYPE)).orElse("int");
    if (!type.equals("int") && !type.equals("int_sym") && !type.equals("int_asym")) {
      throw new JsonException(
          "module '" + module + "': '" + DATA_TYPE + "' is '" + type + "', expected int");
    }
    int bits = number(extra, BITS);
    if (bits >= FULL_WIDTH) {
      throw new JsonException(
          "module '"
              + module
              + "' has quantized tensors, but '"
              + EXTRA
              + "' gives it "
              + bits
              + " bits");
    }
    int size = number(extra, GROUP_SIZE);
    boolean symmetric =
        extra.getBoolean(SYMMETRIC).or(() -> config.getBoolean(SYMMETRIC)).orElse(true);
    return switch (packing) {
      case AWQ -> {
        if (bits != 4) {
          throw new JsonException(
              "module '" + module + "': " + bits + " bits, expected 4 in the layout of AWQ");
        }
        yield new AwqReader(AwqLayout.GEMM, size, true);
      }
      case GPTQ ->
          new GptqReader(new GptqScheme(bits, size, symmetric, ZeroPointConvention.LESS_ONE));
      case GPTQ_PLAIN ->
          new GptqReader(new GptqScheme(bits, size, symmetric, ZeroPointConvention.PLAIN));
    };
  }

  private int number(JsonValue.Obj extra, String member) {
    Optional<Integer> own = extra.getInt(member);
    return own.isPresent() ? own.get() : ConfigMembers.number(config, member);
  }

  /** Under the module's name, or else of the first expression that is found in it. */
  private JsonValue.Obj extra(String module) {
    JsonValue.Obj nothing = new JsonValue.Obj(new LinkedHashMap<>());
    JsonValue.Obj all = config.getObject(EXTRA).orElse(nothing);
    for (ModulePattern pattern : patterns) {
      if (pattern.isName(module)) {
        return all.getObject(pattern.text()).orElse(nothing);
      }
    }
    for (ModulePattern pattern : patterns) {
      if (pattern.expressionIsFoundIn(module)) {
        return all.getObject(pattern.text()).orElse(nothing);
      }
    }
    return nothing;
  }
}
