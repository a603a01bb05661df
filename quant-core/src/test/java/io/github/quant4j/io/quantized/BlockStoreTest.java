// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.metric.LayerProducts;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BlockStoreTest {
  private static final String MODULE = "layers.1.proj";

  private static BlockMatrix matrix(BlockFormat format) {
    SeededRandom random = new SeededRandom(format.blockBytes());
    byte[] blocks = new byte[3 * (int) format.rowBytes(512)];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = (byte) random.nextInt(0, 256);
    }
    return new BlockMatrix(format, 3, 512, MemorySegment.ofArray(blocks));
  }

  private static QuantizedLinear layer(BlockFormat format) {
    return QuantizedLinear.of(List.of(new BlockTerm(matrix(format))));
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
  @EnumSource
  void whatIsStoredComesBack(BlockFormat format) throws TensorFileException {
    QuantizedLinear linear = layer(format);
    StoredModule stored = StoredModule.of(linear);
    QuantizedLinear found = read(config(stored, 3, 512), stored.tensors());
    BlockMatrix matrix = ((BlockTerm) found.terms().getFirst()).matrix();
    assertEquals(format, matrix.format());
    assertArrayEquals(
        matrix(format).data().toArray(ValueLayout.JAVA_BYTE),
        matrix.data().toArray(ValueLayout.JAVA_BYTE));
    long bytes = stored.tensors().values().stream().mapToLong(Tensor::byteSize).sum();
    assertEquals(linear.storageBits(), 8 * bytes);
    assertEquals(format.name(), found.terms().getFirst().describe());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'Q4_K' | 'Q5_K' | expected U8 [3, 352]",
        "'Q4_K' | 'Q4_Z' | 'format' is 'Q4_Z'",
        "'Q4_K' | 4 | format",
        "'format':'Q4_K' | 'form':'Q4_K' | 'format' is missing",
        "'shape':[3,512] | 'shape':[4,512] | expected U8 [4, 288]",
        "'shape':[3,512] | 'shape':[3,256] | expected U8 [3, 144]",
        "'shape':[3,512] | 'shape':[3,500] | columns: 500",
        "'weight':'weight' | 'weights':'weight' | 'weight' is missing",
        "'kind':'blocks' | 'kind':'block' | mixed, trellis, vectors or blocks",
      })
  void aDamagedDescriptionIsRefused(String from, String to, String expected) {
    StoredModule stored = StoredModule.of(layer(BlockFormat.Q4_K));
    String text = config(stored, 3, 512);
    String damaged = text.replace(from.replace('\'', '"'), to.replace('\'', '"'));
    assertTrue(!text.equals(damaged), text);
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> read(damaged, stored.tensors()));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  /** Widths by hand: five bits for codes of four with signs, and 4.5 with scales. */
  @Test
  void productsAreCountedAtTheirWidth() {
    List<MatrixProduct> products =
        LayerProducts.of("proj", ProductRole.LAYER, layer(BlockFormat.Q4_0), 2);
    assertEquals(1, products.size());
    MatrixProduct product = products.getFirst();
    assertEquals(2.0 * 3 * 512, product.multiplyAdds());
    assertEquals(4.5 * 3 * 512, product.storedBits());
    assertEquals(4.5, product.stationary().bits());
    assertEquals(4, product.stationary().significandBits());
    MatrixProduct points =
        LayerProducts.of("proj", ProductRole.LAYER, layer(BlockFormat.IQ2_XS), 2).getFirst();
    assertEquals(2.3125, points.stationary().bits());
    assertEquals(11, points.stationary().significandBits());
  }
}
