// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;

/**
 * What turns a spectrogram into the first hidden states: two convolutions along time, each of width
 * 3 with a frame of zeros on both sides and followed by GELU, the second in steps of two frames;
 * then the position embeddings are added.
 *
 * <p>A convolution is the sum of three matrix products, one for each tap, of rows that lie a stride
 * apart.
 */
final class ConvolutionStem {
  /** Length of the kernels. */
  static final int TAPS = 3;

  private final Convolution first;
  private final Convolution second;
  private final FloatMatrix positions;
  private final LinearAlgebra algebra;
  private final KernelOptions options;

  /**
   * A convolution.
   *
   * @param taps for each tap its weights, {@code [out, in]}
   */
  private record Convolution(FloatMatrix[] taps, float[] bias, int stride) {

    static Convolution read(TensorSource tensors, String module, int stride) {
      Tensor tensor = IntactTensors.require(tensors, module + ".weight");
      int out = (int) tensor.shape().dimension(0);
      int in = (int) tensor.shape().dimension(1);
      float[] weights = tensor.toFloatArray();
      FloatMatrix[] taps = new FloatMatrix[TAPS];
      for (int tap = 0; tap < TAPS; tap++) {
        taps[tap] = FloatMatrix.zeros(out, in);
        for (int i = 0; i < out * in; i++) {
          taps[tap].data()[i] = weights[i * TAPS + tap];
        }
      }
      float[] bias = IntactTensors.require(tensors, module + ".bias").toFloatArray();
      return new Convolution(taps, bias, stride);
    }

    int in() {
      return taps[0].columns();
    }

    int out() {
      return taps[0].rows();
    }
  }

  ConvolutionStem(WhisperLayout layout, TensorSource tensors, KernelOptions options) {
    this.first = Convolution.read(tensors, layout.convolution(1), 1);
    this.second = Convolution.read(tensors, layout.convolution(2), 2);
    this.positions = IntactTensors.require(tensors, layout.positions()).toMatrix();
    this.algebra = options.compute().algebra();
    this.options = options;
  }

  /** The frames that leave the stem. */
  static int frames(int entering) {
    return Math.ceilDiv(entering, 2);
  }

  /** Writes the hidden states of a spectrogram {@code [frames, mel bins]}, from a row on. */
  void run(FloatMatrix spectrogram, float[] hidden, int firstRow) {
    int entering = spectrogram.rows();
    int width = second.out();
    int size = Math.multiplyExact(entering + 2, width);
    float[] padded = options.scratch().floats((entering + 2) * first.in());
    pad(padded, entering, first.in());
    System.arraycopy(spectrogram.data(), 0, padded, first.in(), entering * first.in());
    float[] between = options.scratch().floats(size);
    pad(between, entering, width);
    convolve(first, padded, entering, between, width);
    options.scratch().release(padded);
    int frames = frames(entering);
    convolve(second, between, frames, hidden, firstRow * width);
    options.scratch().release(between);
    Elementwise.add(positions.data(), 0, hidden, firstRow * width, frames * width);
  }

  /** Clears the frames before the first and after the last. */
  private static void pad(float[] frames, int count, int width) {
    Arrays.fill(frames, 0, width, 0f);
    Arrays.fill(frames, (count + 1) * width, (count + 2) * width, 0f);
  }

  private void convolve(Convolution layer, float[] x, int frames, float[] y, int yFrom) {
    for (int tap = 0; tap < TAPS; tap++) {
      int apart = layer.stride() * layer.in();
      algebra.multiplyTransposed(
          new MatrixView(x, tap * layer.in(), frames, layer.in(), apart),
          MatrixView.of(layer.taps()[tap]),
          tap > 0,
          MatrixView.dense(y, yFrom, frames, layer.out()),
          options.team());
    }
    RowParts.run(
        options.team(),
        frames,
        row -> {
          int from = yFrom + row * layer.out();
          Elementwise.add(layer.bias(), 0, y, from, layer.out());
          Elementwise.gelu(y, from, from + layer.out());
        });
  }
}
