// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrellisStoreTest {
  private static final String MODULE = "layers.1.proj";
  private static final TrellisCode CODE =
      new TrellisCode(
          2,
          8,
          List.of(
              new TrellisCode.Plane(161, 44),
              new TrellisCode.Plane(22, 35),
              new TrellisCode.Plane(82, 21)));

  private static QuantizedLinear layer(int rows, int columns) {
    SeededRandom random = new SeededRandom(rows);
    byte[] codes = new byte[TrellisMatrix.paddedRows(rows) * columns];
    float[] scales = new float[rows];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(0, 4);
    }
    for (int r = 0; r < rows; r++) {
      scales[r] = random.nextInt(1, 100) / 64f;
    }
    return QuantizedLinear.of(
        List.of(new TrellisTerm(TrellisMatrix.pack(rows, columns, CODE, codes, scales))));
  }

  private static String config(StoredModule stored, int rows, int columns) {
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    modules.put(MODULE, new OwnConfig.Module(stored.layout(), rows, columns));
    return JsonWriter.compact(OwnConfig.toJson(modules, List.of(), ""));
  }

  private static QuantizedLinear read(String config, Map<String, Tensor> parts)
      throws TensorFileException {
    List<Tensor> tensors = new ArrayList<>();
    parts.forEach((part, tensor) -> tensors.add(tensor.withName(MODULE + "." + part)));
    String text = "{\"quantization_config\":" + config + "}";
    JsonValue.Obj parsed = JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8));
    return QuantizedWeights.of(parsed, QuantizedModels.Memory.of(tensors))
        .find(MODULE)
        .orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "33, 17", "130, 48"})
  void whatIsStoredComesBack(int rows, int columns) throws TensorFileException {
    QuantizedLinear linear = layer(rows, columns);
    StoredModule stored = StoredModule.of(linear);
    QuantizedLinear found = read(config(stored, rows, columns), stored.tensors());
    assertArrayEquals(linear.toDense().data(), found.toDense().data());
    TrellisMatrix matrix = ((TrellisTerm) found.terms().getFirst()).matrix();
    assertEquals(CODE, matrix.code());
    long bytes = stored.tensors().values().stream().mapToLong(Tensor::byteSize).sum();
    assertEquals(linear.storageBits(), 8 * bytes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'bits':2 | 'bits':3 | expected 768 for [33, 17]",
        "'bits':2 | 'bits':9 | bits: 9",
        "'bits':2 | 'bits':'2' | bits",
        "'bits':2 | 'bytes':2 | 'bits' is missing",
        "'window':8 | 'window':7 | mask: 161",
        "'window':8 | 'window':70 | window: 70",
        "'window':8 | 'window':2 | window: 2",
        "[161,22,82] | [161,22] | expected as many of both",
        "[161,22,82] | [161,22,22] | expected different ones",
        "[161,22,82] | [161,22,-1] | mask: -1",
        "[161,22,82] | [161,22,'82'] | whole numbers",
        "[161,22,82] | [161,22,8200000000] | whole numbers",
        "[161,22,82] | [161,22,0.5] | not a whole number",
        "[161,22,82] | [] | expected 1 to 8",
        "[161,22,82] | [1,2,3,4,5,6,7,8,9] | expected 1 to 8",
        "[44,35,21] | [44,35,49] | at most 127",
        "[44,35,21] | [44,35,0] | magnitude: 0",
        "[44,35,21] | [2147483647,2147483647,21] | at most 127",
        "'shape':[33,17] | 'shape':[65,17] | expected F16 [65]",
        "'shape':[33,17] | 'shape':[33,16] | expected 256 for [33, 16]",
        "'planes':'weight_planes' | 'planets':'weight_planes' | 'planes' is missing",
        "'scale':'weight_scale' | 'scale':'weight_planes' | expected F16",
        "'planes':'weight_planes' | 'planes':'weight_scale' | expected U8",
      })
  void aDamagedDescriptionIsRefused(String from, String to, String expected) {
    StoredModule stored = StoredModule.of(layer(33, 17));
    String text = config(stored, 33, 17);
    String damaged = text.replace(from.replace('\'', '"'), to.replace('\'', '"'));
    assertTrue(!text.equals(damaged), text);
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> read(damaged, stored.tensors()));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void scalesThatAreNoNumbersAreRefused() {
    StoredModule stored = StoredModule.of(layer(2, 3));
    Map<String, Tensor> parts = new LinkedHashMap<>(stored.tensors());
    short infinite = Float.floatToFloat16(Float.POSITIVE_INFINITY);
    parts.put(
        "weight_scale", Tensor.ofShorts(DType.F16, Shape.of(2), new short[] {0x3c00, infinite}));
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> read(config(stored, 2, 3), parts));
    assertTrue(e.getMessage().contains("expected a finite number"), e.getMessage());
  }
}
