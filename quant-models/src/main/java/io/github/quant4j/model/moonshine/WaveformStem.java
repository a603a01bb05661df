// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.moonshine;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.IntactTensors;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import java.util.List;

/**
 * What turns samples into the first hidden states: three convolutions along time without padding.
 * Behind the first, which has no bias, come tanh and a normalization of all frames and channels
 * together; behind the others GELU.
 *
 * <p>Frames lie row after row, so the frames below a kernel are one run of numbers, and a
 * convolution is one matrix product of runs that overlap; they are copied out in parts.
 */
final class WaveformStem {
  /** Lengths of the kernels. */
  static final List<Integer> KERNELS = List.of(127, 7, 3);

  /** Steps of the convolutions. */
  static final List<Integer> STRIDES = List.of(64, 3, 2);

  /** So many samples make one frame of the last convolution. */
  static final int LEAST_SAMPLES = 895;

  /** Frames that are computed together, which bounds the copies. */
  private static final int PART = 256;

  private final Convolution[] convolutions = new Convolution[KERNELS.size()];
  private final float[] normWeight;
  private final float[] normBias;
  private final LinearAlgebra algebra;
  private final KernelOptions options;

  /**
   * A convolution.
   *
   * @param weights {@code [out, kernel * in]}, for each tap those of all channels
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Convolution(FloatMatrix weights, float[] bias, int in, int stride) {

    int frames(int entering) {
      return (entering - weights.columns() / in) / stride + 1;
    }
  }

  WaveformStem(MoonshineLayout layout, TensorSource tensors, KernelOptions options) {
    for (int i = 0; i < convolutions.length; i++) {
      convolutions[i] = read(tensors, layout.convolution(i + 1), STRIDES.get(i), i > 0);
    }
    this.normWeight = vector(tensors, layout.groupNorm() + ".weight");
    this.normBias = vector(tensors, layout.groupNorm() + ".bias");
    this.algebra = options.compute().algebra();
    this.options = options;
  }

  private static float[] vector(TensorSource tensors, String name) {
    return IntactTensors.require(tensors, name).toFloatArray();
  }

  private static Convolution read(TensorSource tensors, String module, int stride, boolean biased) {
    Tensor tensor = IntactTensors.require(tensors, module + ".weight");
    int out = (int) tensor.shape().dimension(0);
    int in = (int) tensor.shape().dimension(1);
    int taps = (int) tensor.shape().dimension(2);
    float[] stored = tensor.toFloatArray();
    FloatMatrix weights = FloatMatrix.zeros(out, taps * in);
    for (int row = 0; row < out * in; row++) {
      for (int tap = 0; tap < taps; tap++) {
        weights.data()[(row / in * taps + tap) * in + row % in] = stored[row * taps + tap];
      }
    }
    float[] bias = biased ? vector(tensors, module + ".bias") : new float[out];
    return new Convolution(weights, bias, in, stride);
  }

  /** The frames that leave the stem, at least 1 if there are {@link #LEAST_SAMPLES}. */
  static int frames(int samples) {
    int frames = samples;
    for (int i = 0; i < KERNELS.size(); i++) {
      frames = (frames - KERNELS.get(i)) / STRIDES.get(i) + 1;
    }
    return frames;
  }

  /** Writes the hidden states of samples, from a row on. */
  void run(float[] samples, FloatMatrix hidden, int firstRow) {
    int width = normWeight.length;
    int first = convolutions[0].frames(samples.length);
    float[] frames = new float[Math.multiplyExact(first, width)];
    convolve(convolutions[0], samples, frames, 0, first);
    Elementwise.cap(1f, frames, 0, frames.length);
    normalize(frames);
    int second = convolutions[1].frames(first);
    float[] wider = new float[Math.multiplyExact(second, 2 * width)];
    convolve(convolutions[1], frames, wider, 0, second);
    Elementwise.gelu(wider, 0, wider.length);
    int third = convolutions[2].frames(second);
    convolve(convolutions[2], wider, hidden.data(), firstRow * width, third);
    Elementwise.gelu(hidden.data(), firstRow * width, (firstRow + third) * width);
  }

  private void convolve(Convolution layer, float[] x, float[] y, int yFrom, int frames) {
    int run = layer.weights().columns();
    int out = layer.weights().rows();
    int step = layer.stride() * layer.in();
    float[] runs = options.scratch().floats(Math.multiplyExact(Math.min(PART, frames), run));
    for (int from = 0; from < frames; from += PART) {
      int count = Math.min(PART, frames - from);
      for (int i = 0; i < count; i++) {
        System.arraycopy(x, (from + i) * step, runs, i * run, run);
      }
      algebra.multiplyTransposed(
          MatrixView.dense(runs, 0, count, run),
          MatrixView.of(layer.weights()),
          false,
          MatrixView.dense(y, yFrom + from * out, count, out),
          options.team());
    }
    options.scratch().release(runs);
    RowParts.run(
        options.team(), frames, row -> Elementwise.add(layer.bias(), 0, y, yFrom + row * out, out));
  }

  private void normalize(float[] frames) {
    double mean = Elementwise.sum(frames, 0, frames.length) / frames.length;
    double squares = 0;
    for (float value : frames) {
      squares += (value - mean) * (value - mean);
    }
    double factor = 1 / Math.sqrt(squares / frames.length + MoonshineConfiguration.NORM_EPSILON);
    for (int i = 0; i < frames.length; i++) {
      int channel = i % normWeight.length;
      frames[i] = (float) ((frames[i] - mean) * factor * normWeight[channel] + normBias[channel]);
    }
  }
}
