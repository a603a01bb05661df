// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.nd4j;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A plain network of ND4J arrays: dense layers with rectifiers between them.
 *
 * @param layers the layers, first to last
 */
record DenseNetwork(List<Dense> layers) {
  private static final int BATCH = 100;
  private static final double RATE = 0.1;

  /**
   * One layer, {@code y = x W + b}.
   *
   * @param weights {@code [in, out]}
   * @param bias {@code [out]}
   */
  record Dense(INDArray weights, INDArray bias) {
    INDArray apply(INDArray x) {
      return x.mmul(weights).addRowVector(bias);
    }
  }

  /**
   * A network with random weights.
   *
   * @param widths the input, the hidden layers, the output
   * @return the network, always the same one
   */
  static DenseNetwork random(int... widths) {
    SplittableRandom random = new SplittableRandom(1);
    List<Dense> layers = new ArrayList<>();
    for (int i = 1; i < widths.length; i++) {
      int in = widths[i - 1];
      int out = widths[i];
      float[] weights = new float[in * out];
      for (int j = 0; j < weights.length; j++) {
        weights[j] = (float) (random.nextGaussian() * Math.sqrt(2.0 / in));
      }
      layers.add(
          new Dense(
              Nd4j.create(weights, new long[] {in, out}, 'c'), Nd4j.zeros(DataType.FLOAT, out)));
    }
    return new DenseNetwork(List.copyOf(layers));
  }

  /**
   * Runs the network.
   *
   * @param x {@code [count, in]}
   * @return {@code [count, out]}, not normalised
   */
  INDArray apply(INDArray x) {
    return states(x).getLast();
  }

  /** The input and what each layer makes of it; rectified, but for the last one. */
  private List<INDArray> states(INDArray x) {
    List<INDArray> states = new ArrayList<>();
    states.add(x);
    for (int i = 0; i < layers.size(); i++) {
      INDArray y = layers.get(i).apply(states.getLast());
      states.add(i + 1 < layers.size() ? Transforms.relu(y) : y);
    }
    return states;
  }

  /**
   * Stochastic gradient descent on the cross entropy. Changes the weights.
   *
   * @param data what to learn
   * @param epochs how many times
   */
  void train(Patterns data, int epochs) {
    INDArray targets = data.oneHot();
    long count = data.images().rows();
    for (int epoch = 0; epoch < epochs; epoch++) {
      double rate = RATE * (epochs - epoch) / epochs;
      for (long from = 0; from < count; from += BATCH) {
        var batch = NDArrayIndex.interval(from, Math.min(count, from + BATCH));
        step(
            data.images().get(batch, NDArrayIndex.all()),
            targets.get(batch, NDArrayIndex.all()),
            rate);
      }
    }
  }

  private void step(INDArray x, INDArray target, double rate) {
    List<INDArray> states = states(x);
    // The gradient of the cross entropy of a softmax by its inputs.
    INDArray gradient = Transforms.softmax(states.getLast()).sub(target).divi(x.rows());
    for (int i = layers.size() - 1; i >= 0; i--) {
      Dense layer = layers.get(i);
      INDArray input = states.get(i);
      INDArray inner = gradient.mmul(layer.weights().transpose());
      layer.weights().subi(input.transpose().mmul(gradient).muli(rate));
      layer.bias().subi(gradient.sum(0).muli(rate));
      if (i > 0) {
        gradient = inner.muli(input.gt(0).castTo(DataType.FLOAT));
      }
    }
  }
}
