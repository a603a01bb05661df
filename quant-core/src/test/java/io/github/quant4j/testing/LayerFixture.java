// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/**
 * A real layer with its activations from the shared data, and its output error in double.
 *
 * @param weights {@code [out, in]}
 * @param activations {@code [tokens, in]}
 */
public record LayerFixture(FloatMatrix weights, FloatMatrix activations) {

  /** {@return the layer of a site of {@code fixtures/layers}} */
  public static LayerFixture load(String site) {
    try {
      byte[] file = Files.readAllBytes(SharedData.path("fixtures/layers/" + site + ".safetensors"));
      ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      int start = 8 + Math.toIntExact(buffer.getLong(0));
      JsonValue.Obj header = JsonParser.parseObject(Arrays.copyOfRange(file, 8, start));
      return new LayerFixture(
          matrix(buffer, start, header.getObject("weight").orElseThrow()),
          matrix(buffer, start, header.getObject("activations").orElseThrow()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FloatMatrix matrix(ByteBuffer file, int start, JsonValue.Obj entry) {
    int[] shape = numbers(entry.getArray("shape").orElseThrow());
    int[] range = numbers(entry.getArray("data_offsets").orElseThrow());
    float[] values = new float[shape[0] * shape[1]];
    file.slice(start + range[0], range[1] - range[0])
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return FloatMatrix.wrap(shape[0], shape[1], values);
  }

  private static int[] numbers(List<JsonValue> list) {
    return list.stream().mapToInt(value -> (int) ((JsonValue.Num) value).asLong()).toArray();
  }

  /** {@return the squared error of the outputs relative to their square, in double} */
  public double relativeError(FloatMatrix quantized) {
    return relativeError(weights, activations, quantized);
  }

  /** {@return {@code |X (Q - W)^T|^2 / |X W^T|^2} in double} */
  public static double relativeError(FloatMatrix weights, FloatMatrix inputs, FloatMatrix changed) {
    int columns = weights.columns();
    double error = 0;
    double power = 0;
    for (int t = 0; t < inputs.rows(); t++) {
      for (int row = 0; row < weights.rows(); row++) {
        double difference = 0;
        double output = 0;
        for (int j = 0; j < columns; j++) {
          double x = inputs.data()[t * columns + j];
          double w = weights.data()[row * columns + j];
          output += x * w;
          difference += x * (changed.data()[row * columns + j] - w);
        }
        error += difference * difference;
        power += output * output;
      }
    }
    return error / power;
  }
}
