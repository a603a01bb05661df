// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real models, against a reader of a dozen lines that knows just what these files contain. */
@Tag("conformance")
class SafetensorsConformanceTest {
  private static final Pattern ENTRY =
      Pattern.compile(
          "\"([^\"]+)\": ?\\{\"dtype\": ?\"(\\w+)\", ?\"shape\": ?\\[([0-9, ]*)\\],"
              + " ?\"data_offsets\": ?\\[([0-9]+), ?([0-9]+)\\]\\}");

  @ParameterizedTest
  @ValueSource(strings = {"gutenberg-5m", "stories260k", "tiny1m", "whisper-base-encoder"})
  void realModelsAreReadExactly(String name) throws IOException {
    Path directory = SharedData.path("data/models/" + name);
    byte[] bytes = Files.readAllBytes(directory.resolve("model.safetensors"));
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) buffer.getLong(0);
    Matcher entries = ENTRY.matcher(new String(bytes, 8, header, StandardCharsets.UTF_8));
    int count = 0;
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      while (entries.find()) {
        Tensor tensor = model.require(entries.group(1));
        assertEquals(entries.group(2), tensor.dtype().label());
        assertEquals(
            entries.group(3).replace(" ", ""),
            tensor.shape().toString().replaceAll("[\\[\\] ]", ""));
        int begin = 8 + header + Integer.parseInt(entries.group(4));
        int end = 8 + header + Integer.parseInt(entries.group(5));
        assertEquals(end - begin, tensor.byteSize());
        assertValues(buffer, begin, tensor);
        count++;
      }
      assertEquals(count, model.names().size());
      assertTrue(count > 30);
    }
  }

  private static void assertValues(ByteBuffer buffer, int begin, Tensor tensor) {
    float[] values = tensor.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      float expected =
          switch (tensor.dtype()) {
            case DType.F32 -> buffer.getFloat(begin + 4 * i);
            case DType.F16 -> Float.float16ToFloat(buffer.getShort(begin + 2 * i));
            case DType.BF16 -> Float.intBitsToFloat(buffer.getShort(begin + 2 * i) << 16);
            default -> throw new AssertionError(tensor);
          };
      assertEquals(expected, values[i], 0f);
    }
  }
}
