// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/** A linear layer in ONNX Runtime, with input and output in memory that no call copies. */
final class OnnxLinear implements AutoCloseable {
  private final OrtSession session;
  private final FloatBuffer output;
  private final OnnxTensor inputTensor;
  private final OnnxTensor outputTensor;
  private final Map<String, OnnxTensor> inputs;
  private final Map<String, OnnxTensor> outputs;

  /**
   * Opens a session.
   *
   * @param matrix the weights
   * @param x the input, {@code [tokens, in]}
   * @param tokens tokens of the input
   * @param accuracyLevel how activations may be rounded
   * @param threads threads of the session
   */
  OnnxLinear(QuantizedMatrix matrix, float[] x, int tokens, int accuracyLevel, int threads)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      this.session =
          environment.createSession(MatMulNBitsModel.of(matrix, tokens, accuracyLevel), options);
    }
    this.output = floats(tokens * matrix.rows());
    this.inputTensor =
        OnnxTensor.createTensor(
            environment, floats(x.length).put(x).rewind(), new long[] {tokens, matrix.columns()});
    this.outputTensor =
        OnnxTensor.createTensor(environment, output, new long[] {tokens, matrix.rows()});
    this.inputs = Map.of(MatMulNBitsModel.INPUT, inputTensor);
    this.outputs = Map.of(MatMulNBitsModel.OUTPUT, outputTensor);
  }

  private static FloatBuffer floats(int count) {
    return ByteBuffer.allocateDirect(Float.BYTES * count)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Multiplies the input; the result is in the buffer that is returned. */
  FloatBuffer multiply() throws OrtException {
    session.run(inputs, outputs).close();
    return output;
  }

  @Override
  public void close() throws OrtException {
    inputTensor.close();
    outputTensor.close();
    session.close();
  }
}
