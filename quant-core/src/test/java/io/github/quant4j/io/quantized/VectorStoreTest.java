// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.quantized.module.ModuleTensors;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vector-quantized layers as they are stored. */
class VectorStoreTest {
  private static final int ROWS = 22;
  private static final int COLUMNS = 40;

  private final SeededRandom random = new SeededRandom(15);

  private StoredModule stored(String recipe) {
    return StoredModule.of(linear(recipe));
  }

  private QuantizedLinear linear(String recipe) {
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    FloatMatrix inputs = random.gaussianMatrix(80, COLUMNS);
    return LinearQuantizer.of(recipe).quantize(weights, LayerInput.observe(inputs)).linear();
  }

  private static QuantizedLinear read(JsonValue.Obj layout, Map<String, Tensor> tensors) {
    SequencedMap<String, Tensor> named = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> named.put("m." + name, tensor.withName("m." + name)));
    return StoredModule.read(
        layout, ROWS, COLUMNS, new ModuleTensors(new QuantizedModels.Memory(named), "m"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "vq(4,bits=4)",
        "vq(6,bits=5,residual=3)",
        "vq(3,bits=9,norm)",
        "vq(4,bits=3,residual=2,outliers=0.1,norm)",
        "hadamard | vq(8,bits=4,plain) @ int8:token:sym",
      })
  void layersComeBack(String recipe) {
    QuantizedLinear linear = linear(recipe);
    StoredModule stored = StoredModule.of(linear);
    QuantizedLinear found = read(stored.layout(), stored.tensors());
    assertEquals(linear.toString(), found.toString());
    assertEquals(linear.storageBits(), found.storageBits());
    assertArrayEquals(linear.toDense().data(), found.toDense().data(), random.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "\"length\":4; \"length\":0; length",
        "\"length\":4; \"length\":17; length",
        "\"length\":4; \"length\":-4; length",
        "\"length\":4; \"length\":2147483647; length",
        "\"length\":4; \"length\":3; codes",
        "\"length\":4; \"size\":4; length",
        "\"bits\":5; \"bits\":0; bits",
        "\"bits\":5; \"bits\":4; codes",
        "\"bits\":5; \"bits\":31; bits",
        "\"bits\":5; \"bits\":-5; bits",
        "\"residual_bits\":3; \"residual_bits\":17; residual_bits",
        "\"residual_bits\":3; \"residual_bits\":2; codes",
        "\"residual_bits\":3; \"residual_bits\":\"3\"; residual_bits",
        "\"codes\":; \"code\":; codes",
        "\"residual_book\":; \"residual\":; residual_book",
      })
  void hostileDescriptionsAreRefused(String text, String changed, String name) throws Exception {
    StoredModule stored = stored("vq(4,bits=5,residual=3,norm)");
    String layout = JsonWriter.compact(stored.layout()).replace(" ", "");
    assertTrue(layout.contains(text), layout);
    JsonValue.Obj other = (JsonValue.Obj) JsonParser.parse(layout.replace(text, changed));
    RuntimeException refusal =
        assertThrows(RuntimeException.class, () -> read(other, stored.tensors()));
    assertTrue(String.valueOf(refusal.getMessage()).contains(name), refusal::toString);
  }

  @Test
  void hostileTensorsAreRefused() {
    StoredModule stored = stored("vq(4,bits=5,residual=3,norm)");
    for (Map.Entry<String, Tensor> entry : stored.tensors().entrySet()) {
      Tensor tensor = entry.getValue();
      int bytes = (int) tensor.byteSize();
      refused(stored, entry.getKey(), Tensor.ofBytes(DType.U8, Shape.of(bytes), new byte[bytes]));
      refused(stored, entry.getKey(), Tensor.ofBytes(DType.U8, Shape.of(1), new byte[1]));
      if (tensor.dtype() == DType.F16) {
        short[] infinite = new short[bytes / 2];
        infinite[0] = 0x7c00;
        refused(stored, entry.getKey(), Tensor.ofShorts(DType.F16, tensor.shape(), infinite));
      }
    }
  }

  private static void refused(StoredModule stored, String name, Tensor changed) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(stored.tensors());
    tensors.put(name, changed);
    assertThrows(IllegalArgumentException.class, () -> read(stored.layout(), tensors), name);
  }
}
