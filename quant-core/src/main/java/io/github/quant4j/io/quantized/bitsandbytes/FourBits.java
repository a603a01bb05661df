// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.bitsandbytes;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.io.quantized.module.AffineMatrix;
import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Codes of 4 bits for a table of 16 levels, high nibble first, over the weights in one row; each
 * block of them has a largest magnitude, which may be quantized itself.
 */
final class FourBits {
  /** The table of levels; every module has one. */
  static final String LEVELS = "weight.quant_map";

  private static final String STATE = "weight.quant_state.bitsandbytes__";
  private static final String MAXIMA = "weight.absmax";
  private static final String NESTED_MAXIMA = "weight.nested_absmax";
  private static final String NESTED_LEVELS = "weight.nested_quant_map";
  private static final int COUNT = 16;
  private static final int NESTED_COUNT = 256;

  private FourBits() {}

  static QuantizedLinear read(ModuleTensors tensors) {
    JsonValue.Obj state = state(tensors);
    int[] shape = shape(state);
    int rows = shape[0];
    int columns = shape[1];
    int block = number(state, "blocksize");
    Tensor packed = tensors.require("weight", DType.U8);
    long count = (long) rows * columns;
    if (packed.byteSize() != Math.ceilDiv(count, 2L)) {
      throw new IllegalArgumentException(
          packed
              + ": expected "
              + Math.ceilDiv(count, 2L)
              + " bytes for "
              + Arrays.toString(shape));
    }
    if (block < 1) {
      throw new IllegalArgumentException("'blocksize': " + block + ", expected at least 1");
    }
    Levels levels = Levels.of(floats(tensors.require(LEVELS, DType.F32), COUNT));
    float[] maxima = maxima(tensors, state, Math.ceilDiv(count, (long) block));
    byte[] codes = codes(packed, levels, maxima, Math.toIntExact(count), block);
    if (columns % block == 0 || block % columns == 0) {
      Granularity granularity =
          columns == block
              ? Granularity.channel()
              : columns % block == 0
                  ? Granularity.group(block)
                  : new Granularity.PerBlock(block / columns, columns);
      return QuantizedLinear.of(
          AffineMatrix.of(
              PackedCodes.pack(rows, columns, Codebook.of(levels.ascending).bits(), 1, codes),
              Codebook.of(levels.ascending),
              granularity,
              DType.F32,
              maxima,
              null));
    }
    // Blocks that begin and end within rows are tiles of no matrix.
    float[] dense = new float[codes.length];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = levels.ascending[codes[i]] * maxima[i / block];
    }
    return QuantizedLinear.of(FloatMatrix.wrap(rows, columns, dense), DType.F32);
  }

  /**
   * The table in ascending order without repetitions.
   *
   * @param ascending the levels
   * @param places of each code of the file the place of its level
   */
  @SuppressWarnings("ArrayRecordComponent") // Not compared.
  private record Levels(float[] ascending, byte[] places) {
    static Levels of(float[] given) {
      float[] sorted = given.clone();
      for (int i = 0; i < sorted.length; i++) {
        if (!Float.isFinite(sorted[i])) {
          throw new IllegalArgumentException(
              "'" + LEVELS + "': level " + i + " is " + sorted[i] + ", expected a finite one");
        }
        // Both zeros are one level.
        sorted[i] += 0f;
      }
      Arrays.sort(sorted);
      int distinct = 0;
      for (float level : sorted) {
        if (distinct == 0 || level != sorted[distinct - 1]) {
          sorted[distinct++] = level;
        }
      }
      float[] ascending = Arrays.copyOf(sorted, distinct);
      byte[] places = new byte[given.length];
      for (int i = 0; i < given.length; i++) {
        places[i] = (byte) Arrays.binarySearch(ascending, given[i] + 0f);
      }
      return new Levels(ascending, places);
    }

    /** The place of level 0, or -1. */
    int zero() {
      return Math.max(-1, Arrays.binarySearch(ascending, 0f));
    }
  }

  /** One code in a byte; blocks of zeros get the scale 1. */
  private static byte[] codes(Tensor packed, Levels levels, float[] maxima, int count, int block) {
    byte[] codes = new byte[count];
    int zero = levels.zero();
    for (int i = 0; i < count; i++) {
      int both = packed.data().get(ValueLayout.JAVA_BYTE, i / 2) & 0xff;
      codes[i] = levels.places[i % 2 == 0 ? both >> 4 : both & 15];
      if (maxima[i / block] == 0 && zero >= 0) {
        codes[i] = (byte) zero;
      }
    }
    if (zero >= 0) {
      for (int i = 0; i < maxima.length; i++) {
        maxima[i] = maxima[i] == 0 ? 1 : maxima[i];
      }
    }
    return codes;
  }

  private static float[] maxima(ModuleTensors tensors, JsonValue.Obj state, long blocks) {
    Tensor stored = tensors.require(MAXIMA, DType.F32, DType.U8);
    if (stored.shape().elementCount() != blocks) {
      throw new IllegalArgumentException(stored + ": expected " + blocks + " values");
    }
    if (stored.dtype() == DType.F32) {
      return stored.toFloatArray();
    }
    float[] levels = floats(tensors.require(NESTED_LEVELS, DType.F32), NESTED_COUNT);
    int run = number(state, "nested_blocksize");
    double offset =
        state
            .getDouble("nested_offset")
            .orElseThrow(() -> new IllegalArgumentException("'nested_offset' is missing"));
    if (run < 1) {
      throw new IllegalArgumentException("'nested_blocksize': " + run + ", expected at least 1");
    }
    int runs = Math.toIntExact(Math.ceilDiv(blocks, (long) run));
    float[] scales = floats(tensors.require(NESTED_MAXIMA, DType.F32), runs);
    float[] maxima = new float[Math.toIntExact(blocks)];
    for (int i = 0; i < maxima.length; i++) {
      int code = stored.data().get(ValueLayout.JAVA_BYTE, i) & 0xff;
      maxima[i] = levels[code] * scales[i / run] + (float) offset;
    }
    return maxima;
  }

  private static JsonValue.Obj state(ModuleTensors tensors) {
    for (String kind : List.of("nf4", "fp4")) {
      Optional<Tensor> stored = tensors.find(STATE + kind);
      if (stored.isPresent()) {
        try {
          JsonValue.Obj state =
              JsonParser.parseObject(stored.get().data().toArray(ValueLayout.JAVA_BYTE));
          String said = state.getString("quant_type").orElse(kind).toLowerCase(Locale.ROOT);
          if (!said.equals(kind)) {
            throw new IllegalArgumentException(
                "'quant_type' is '" + said + "', expected '" + kind + "' as in the tensor's name");
          }
          return state;
        } catch (JsonException e) {
          throw new IllegalArgumentException(stored.get() + ": " + e.getMessage(), e);
        }
      }
    }
    throw new IllegalArgumentException(
        "tensor '" + ModuleTensors.join(tensors.module(), STATE) + "nf4' or fp4 is missing");
  }

  private static int[] shape(JsonValue.Obj state) {
    List<JsonValue> sizes = state.getArray("shape").orElse(List.of());
    int[] shape = new int[2];
    for (int i = 0; i < shape.length; i++) {
      long size =
          sizes.size() == 2 && sizes.get(i) instanceof JsonValue.Num number ? number.asLong() : 0;
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw new IllegalArgumentException("'shape': expected outputs and inputs");
      }
      shape[i] = (int) size;
    }
    return shape;
  }

  private static int number(JsonValue.Obj state, String member) {
    return state
        .getInt(member)
        .orElseThrow(() -> new IllegalArgumentException("'" + member + "' is missing"));
  }

  private static float[] floats(Tensor tensor, int count) {
    if (tensor.shape().elementCount() != count) {
      throw new IllegalArgumentException(tensor + ": expected " + count + " values");
    }
    return tensor.toFloatArray();
  }
}
