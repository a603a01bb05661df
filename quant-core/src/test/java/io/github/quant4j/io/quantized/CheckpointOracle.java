// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Decodes quantized checkpoints by the descriptions of the formats and nothing else: bytes in,
 * floats out, one code at a time, without the readers, formats, codecs and packings under test.
 */
final class CheckpointOracle {
  private record Entry(String dtype, int[] shape, int begin, int end) {}

  private final ByteBuffer file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final JsonValue.Obj quantization;

  CheckpointOracle(Path directory) throws IOException {
    file =
        ByteBuffer.wrap(Files.readAllBytes(directory.resolve("model.safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[(int) file.getLong(0)];
    file.get(8, json);
    JsonValue.Obj header = JsonParser.parseObject(json);
    for (String name : header.members().keySet()) {
      JsonValue.Obj entry = header.getObject(name).orElseThrow();
      if (!name.equals("__metadata__")) {
        int[] offsets = ints(entry.getArray("data_offsets").orElseThrow());
        entries.put(
            name,
            new Entry(
                entry.getString("dtype").orElseThrow(),
                ints(entry.getArray("shape").orElseThrow()),
                8 + json.length + offsets[0],
                8 + json.length + offsets[1]));
      }
    }
    quantization =
        JsonParser.parseObject(Files.readAllBytes(directory.resolve("config.json")))
            .getObject("quantization_config")
            .orElseThrow();
  }

  private static int[] ints(List<JsonValue> values) {
    return values.stream().mapToInt(value -> (int) ((JsonValue.Num) value).asLong()).toArray();
  }

  /** The bytes of all tensors of a module, the bias and the input's aside. */
  long weightBytes(String module) {
    return entries.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(module + ".weight"))
        .mapToLong(entry -> entry.getValue().end - entry.getValue().begin)
        .sum();
  }

  String method() {
    return quantization.getString("quant_method").orElseThrow();
  }

  JsonValue.Obj quantization() {
    return quantization;
  }

  /** The weights of a module, {@code [out, in]}. */
  float[][] weights(String module) {
    return method().equals("quant4j") ? own(module) : compressedTensors(module);
  }

  // ---- elements of stored tensors

  private double number(Entry entry, int index) {
    int begin = entry.begin;
    return switch (entry.dtype) {
      case "F32" -> file.getFloat(begin + 4 * index);
      case "F16" -> Float.float16ToFloat(file.getShort(begin + 2 * index));
      case "BF16" -> Float.intBitsToFloat(file.getShort(begin + 2 * index) << 16);
      case "I64" -> file.getLong(begin + 8 * index);
      case "I32" -> file.getInt(begin + 4 * index);
      case "I8" -> file.get(begin + index);
      case "U8" -> file.get(begin + index) & 0xff;
      case "F8_E4M3" -> e4m3(file.get(begin + index) & 0xff);
      default -> throw new AssertionError(entry);
    };
  }

  private static double minifloat(int code, int exponentBits, int mantissaBits) {
    int bias = (1 << (exponentBits - 1)) - 1;
    int exponent = code >> mantissaBits & ((1 << exponentBits) - 1);
    double fraction = (code & ((1 << mantissaBits) - 1)) / (double) (1 << mantissaBits);
    double magnitude =
        exponent == 0
            ? fraction * Math.pow(2, 1 - bias)
            : (1 + fraction) * Math.pow(2, exponent - bias);
    return code >> (exponentBits + mantissaBits) == 0 ? magnitude : -magnitude;
  }

  private static double e4m3(int code) {
    return (code & 0x7f) == 0x7f ? Double.NaN : minifloat(code, 4, 3);
  }

  private static final double[] NF4 = {
    -1.0, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0.0,
    0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1.0
  };

  /** The value of a code in a format known by name. */
  private static double value(String format, int code) {
    Matcher mini = Pattern.compile("(?:fp\\d)?e(\\d)m(\\d)").matcher(format);
    if (format.equals("nf4")) {
      return (float) NF4[code];
    }
    if (format.equals("ternary")) {
      return code - 1;
    }
    if (format.equals("fp8e4m3")) {
      return e4m3(code);
    }
    if (format.startsWith("levels(")) {
      String[] levels = format.substring(7, format.length() - 1).split(",", -1);
      return Float.parseFloat(levels[code]);
    }
    if (mini.matches()) {
      return minifloat(code, Integer.parseInt(mini.group(1)), Integer.parseInt(mini.group(2)));
    }
    int bits = Integer.parseInt(format.substring(3));
    return code - (1 << (bits - 1));
  }

  /** Code {@code index} of a dense stream of bits that starts at a byte, lowest bits first. */
  private int code(int start, int index, int bits) {
    int code = 0;
    for (int b = 0; b < bits; b++) {
      int bit = index * bits + b;
      code |= (file.get(start + bit / 8) >> bit % 8 & 1) << b;
    }
    return code;
  }

  /** Code {@code index} of column {@code column} of I32 words, packed from top to bottom. */
  private int codeDown(Entry words, int column, int index, int bits) {
    int code = 0;
    for (int b = 0; b < bits; b++) {
      int bit = index * bits + b;
      int word = file.getInt(words.begin + 4 * (bit / 32 * words.shape[1] + column));
      code |= (word >>> bit % 32 & 1) << b;
    }
    return code;
  }

  // ---- compressed-tensors

  private float[][] compressedTensors(String module) {
    JsonValue.Obj group = group(module);
    JsonValue.Obj arguments = group.getObject("weights").orElseThrow();
    String format = group.getString("format").orElseThrow();
    int bits = arguments.getInt("num_bits").orElseThrow();
    Entry weight = entries.get(module + ".weight");
    Entry packed = entries.get(module + ".weight_packed");
    Entry shape = entries.get(module + ".weight_shape");
    boolean words = format.equals("pack-quantized");
    boolean nibbles =
        format.equals("nvfp4-pack-quantized") || format.equals("mxfp4-pack-quantized");
    int rows = words ? (int) number(shape, 0) : nibbles ? packed.shape[0] : weight.shape[0];
    int columns = words ? (int) number(shape, 1) : nibbles ? packed.shape[1] * 2 : weight.shape[1];
    int[] tile = tile(arguments, rows, columns);
    Entry zero = entries.get(module + ".weight_zero_point");
    float[][] result = new float[rows][columns];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        double code =
            words
                ? code(packed.begin + r * packed.shape[1] * 4, c, bits) - (1 << (bits - 1))
                : nibbles
                    ? minifloat(code(packed.begin + r * packed.shape[1], c, 4), 2, 1)
                    : number(weight, r * columns + c);
        int tileRow = r / tile[0];
        int tileColumn = c / tile[1];
        int tilesAcross = (columns + tile[1] - 1) / tile[1];
        float scale = scale(module, format, tileRow * tilesAcross + tileColumn);
        float offset = 0;
        if (zero != null) {
          offset =
              zero.dtype.equals("I32")
                  ? codeDown(zero, tileColumn, tileRow, bits) - (1 << (bits - 1))
                  : (float) number(zero, tileRow * tilesAcross + tileColumn);
        }
        result[r][c] = ((float) code - offset) * scale;
      }
    }
    return result;
  }

  private float scale(String module, String format, int index) {
    double scale = number(entries.get(module + ".weight_scale"), index);
    return switch (format) {
      case "mxfp4-pack-quantized", "mxfp8-quantized" -> (float) Math.pow(2, scale - 127);
      case "nvfp4-pack-quantized" ->
          (float) scale / (float) number(entries.get(module + ".weight_global_scale"), 0);
      default -> (float) scale;
    };
  }

  private static int[] tile(JsonValue.Obj arguments, int rows, int columns) {
    return switch (arguments.getString("strategy").orElseThrow()) {
      case "tensor" -> new int[] {rows, columns};
      case "channel" -> new int[] {1, columns};
      case "block" -> ints(arguments.getArray("block_structure").orElseThrow());
      default -> new int[] {1, arguments.getInt("group_size").orElseThrow()};
    };
  }

  private JsonValue.Obj group(String module) {
    List<JsonValue.Obj> found = new ArrayList<>();
    JsonValue.Obj groups = quantization.getObject("config_groups").orElseThrow();
    for (String name : groups.members().keySet()) {
      JsonValue.Obj group = groups.getObject(name).orElseThrow();
      for (JsonValue target : group.getArray("targets").orElseThrow()) {
        String text = ((JsonValue.Str) target).value();
        if (text.equals(module) || text.equals("Linear")) {
          found.add(group);
        }
      }
    }
    if (found.size() != 1) {
      throw new AssertionError(module + " is targeted by " + found);
    }
    return found.getFirst();
  }

  // ---- our own schema; one quantized term

  private float[][] own(String module) {
    JsonValue.Obj entry =
        quantization.getObject("modules").orElseThrow().getObject(module).orElseThrow();
    JsonValue.Obj layout =
        quantization
            .getObject("layouts")
            .orElseThrow()
            .getObject(entry.getString("layout").orElseThrow())
            .orElseThrow();
    JsonValue.Obj term = (JsonValue.Obj) layout.getArray("terms").orElseThrow().getFirst();
    int[] shape = ints(entry.getArray("shape").orElseThrow());
    String[] scheme = expand(term.getString("scheme").orElseThrow()).split(":", -1);
    int[] tile = tile(scheme[1], shape);
    int bits = bits(scheme[0]);
    Entry codes = part(module, term, "codes");
    Entry zero = part(module, term, "zero_point");
    int rowBytes = (codes.end - codes.begin) / shape[0];
    int tilesAcross = (shape[1] + tile[1] - 1) / tile[1];
    float[][] result = new float[shape[0]][shape[1]];
    for (int r = 0; r < shape[0]; r++) {
      for (int c = 0; c < shape[1]; c++) {
        int code = code(codes.begin + r * rowBytes, c, bits);
        int unsigned = term.getString("codes").isPresent() ? code ^ 0x80 : code;
        int index = r / tile[0] * tilesAcross + c / tile[1];
        float factor = factor(module, term, scheme, index, r / tile[0]);
        float offset =
            zero == null
                ? 0
                : zero.dtype.equals("I32")
                    ? codeDown(zero, c / tile[1], r / tile[0], bits) - (1 << (bits - 1))
                    : zero.dtype.equals("U8")
                        ? zeroOfRun(module, term, scheme, index) - (1 << (bits - 1))
                        : (float) number(zero, index);
        result[r][c] = ((float) value(module, term, scheme[0], index, unsigned) - offset) * factor;
      }
    }
    return result;
  }

  private float factor(String module, JsonValue.Obj term, String[] scheme, int index, int tileRow) {
    if (scheme[0].startsWith("codebook")) {
      return 1;
    }
    Entry main = part(module, term, "scale");
    String codec = scheme.length > 3 ? scheme[3] : "f16";
    if (codec.startsWith("po2row")) {
      double row = number(part(module, term, "scale.row"), tileRow);
      return (float) (row * Math.pow(2, -code(main.begin, index, 4)));
    }
    if (codec.startsWith("second-order")) {
      int[] parameters = secondOrder(codec);
      int run = index / parameters[1];
      float base = (float) number(part(module, term, "scale.base"), run);
      float step = (float) number(part(module, term, "scale.step"), run);
      return base + step * code(main.begin, index, parameters[0]);
    }
    double scale = number(main, index);
    return switch (codec) {
      case "e8m0", "e8m0round", "e8m0ceil", "e8m0near" -> (float) Math.pow(2, scale - 127);
      case "e4m3" -> (float) scale / (float) number(part(module, term, "scale.tensor"), 0);
      case "i8row" -> (float) (scale * number(part(module, term, "scale.row"), tileRow));
      default -> (float) scale;
    };
  }

  /** Bits of a tile's code, and tiles of a run. */
  private static int[] secondOrder(String codec) {
    Matcher match = Pattern.compile("second-order\\((\\d+),(\\d+)\\)").matcher(codec);
    return match.matches()
        ? new int[] {Integer.parseInt(match.group(1)), Integer.parseInt(match.group(2))}
        : new int[] {3, 16};
  }

  /** A zero point that is a multiple of its run's step above the smallest one, unsigned. */
  private float zeroOfRun(String module, JsonValue.Obj term, String[] scheme, int index) {
    int[] parameters = secondOrder(scheme[3]);
    Entry range = part(module, term, "zero_point.range");
    int run = index / parameters[1];
    int code = code(part(module, term, "zero_point").begin, index, parameters[0]);
    return (float) (number(range, 2 * run) + number(range, 2 * run + 1) * code);
  }

  /** The value of a code in the format of its tile. */
  private double value(String module, JsonValue.Obj term, String format, int tile, int code) {
    Entry levels = part(module, term, "levels");
    if (levels != null) {
      return number(levels, tile * levels.shape[1] + code);
    }
    List<JsonValue> formats = term.getArray("formats").orElse(List.of());
    if (formats.isEmpty()) {
      return value(format, code);
    }
    int indexBits = 32 - Integer.numberOfLeadingZeros(formats.size() - 1);
    Entry choice = part(module, term, "format_index");
    int chosen = choice == null ? 0 : code(choice.begin, tile, indexBits);
    return value(((JsonValue.Str) formats.get(chosen)).value(), code);
  }

  private Entry part(String module, JsonValue.Obj term, String role) {
    return term.getObject("tensors")
        .orElseThrow()
        .getString(role)
        .map(name -> entries.get(module + "." + name))
        .orElse(null);
  }

  private static String expand(String scheme) {
    return switch (scheme) {
      case "mxfp4" -> "fp4e2m1:g32:sym:e8m0";
      case "mxfp8" -> "fp8e4m3:g32:sym:e8m0";
      case "mxfp6e2m3" -> "fp6e2m3:g32:sym:e8m0";
      case "mxint8" -> "int8:g32:sym:e8m0";
      case "nvfp4" -> "fp4e2m1:g16:sym:e4m3";
      default -> scheme;
    };
  }

  private static int bits(String format) {
    Matcher choice = Pattern.compile("(codebook|e\\?m\\?|bitmod)\\(?(\\d+)\\)?").matcher(format);
    if (choice.matches()) {
      int number = Integer.parseInt(choice.group(2));
      return format.startsWith("codebook") ? 32 - Integer.numberOfLeadingZeros(number - 1) : number;
    }
    if (format.startsWith("best")) {
      return bits(format.substring(format.indexOf('(') + 1).replaceFirst(",.*", ""));
    }
    Matcher mini = Pattern.compile("(?:fp\\d)?e(\\d)m(\\d)").matcher(format);
    if (mini.matches()) {
      return 1 + Integer.parseInt(mini.group(1)) + Integer.parseInt(mini.group(2));
    }
    return switch (format) {
      case "nf4" -> 4;
      case "ternary" -> 2;
      default -> Integer.parseInt(format.substring(3));
    };
  }

  private static int[] tile(String granularity, int[] shape) {
    Matcher block = Pattern.compile("block\\((\\d+)x(\\d+)\\)").matcher(granularity);
    if (block.matches()) {
      return new int[] {Integer.parseInt(block.group(1)), Integer.parseInt(block.group(2))};
    }
    return switch (granularity) {
      case "tensor" -> shape;
      case "channel" -> new int[] {1, shape[1]};
      case "column" -> new int[] {shape[0], 1};
      default ->
          granularity.startsWith("column")
              ? new int[] {Integer.parseInt(granularity.replaceAll("\\D", "")), 1}
              : new int[] {1, Integer.parseInt(granularity.substring(1))};
    };
  }
}
