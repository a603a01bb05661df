// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.BlockScaleCodec;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers that were rounded to blocks, through our own schema and back. */
class BlockLayerTest {
  private static final String MODULE = "layers.3.proj";

  static List<BlockFormat> formats() {
    return BlockScaleCodec.formats();
  }

  private static QuantizedLinear read(QuantizedLinear linear) throws TensorFileException {
    StoredModule stored = StoredModule.of(linear);
    SequencedMap<String, OwnConfig.Module> modules = new LinkedHashMap<>();
    modules.put(
        MODULE, new OwnConfig.Module(stored.layout(), linear.outFeatures(), linear.inFeatures()));
    String config = JsonWriter.compact(OwnConfig.toJson(modules, List.of(), ""));
    List<Tensor> tensors = new ArrayList<>();
    stored.tensors().forEach((part, tensor) -> tensors.add(tensor.withName(MODULE + "." + part)));
    String text = "{\"quantization_config\":" + config + "}";
    JsonValue.Obj parsed = JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8));
    return QuantizedWeights.of(parsed, QuantizedModels.Memory.of(tensors))
        .find(MODULE)
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void whatIsStoredComesBack(BlockFormat format) throws TensorFileException {
    SeededRandom random = new SeededRandom(format.blockBytes());
    FloatMatrix weights = random.gaussianMatrix(5, 512);
    LayerInput input = LayerInput.observe(random.gaussianMatrix(64, 512));
    String recipe = format.name().toLowerCase(Locale.ROOT) + " clip rtn + sparse(0.01)";
    QuantizedLinear linear = LinearQuantizer.of(recipe).quantize(weights, input).linear();
    QuantizedLinear found = read(linear);
    assertArrayEquals(linear.toDense().data(), found.toDense().data(), format + ", " + random);
    assertEquals(linear.storageBits(), found.storageBits());
    BlockMatrix written = ((BlockTerm) linear.terms().get(1)).matrix();
    BlockMatrix back = assertInstanceOf(BlockTerm.class, found.terms().get(1)).matrix();
    assertEquals(format, back.format());
    assertArrayEquals(
        written.data().toArray(ValueLayout.JAVA_BYTE), back.data().toArray(ValueLayout.JAVA_BYTE));
  }

  /** Codes with scales of blocks could not be read again. */
  @Test
  void matricesOfBlocksAreNoTermsOfCodesAndScales() {
    QuantizedMatrix matrix =
        Quantizer.of("q4_0 rtn")
            .quantize(new SeededRandom(4).gaussianMatrix(2, 64), Compute.scalar());
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> new QuantizedTerm(matrix));
    assertTrue(String.valueOf(refusal.getMessage()).contains("q4_0"), refusal::getMessage);
    QuantizedLinear linear = QuantizedLinear.of(matrix);
    assertInstanceOf(BlockTerm.class, linear.terms().getFirst());
  }
}
