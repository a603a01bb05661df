// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.nd4j;

import java.util.SplittableRandom;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Small noisy images of a few patterns, to be told apart.
 *
 * @param images {@code [count, SIZE * SIZE]}
 * @param labels the pattern of each image
 */
record Patterns(INDArray images, int[] labels) {
  /** Pixels of a side. */
  static final int SIZE = 8;

  /** How many patterns there are. */
  static final int CLASSES = 10;

  private static final int WAVES = 3;
  private static final double NOISE = 1.1;

  /**
   * Draws images: a pattern is a sum of a few waves, an image shifts it by up to a pixel each way
   * and adds noise.
   *
   * @param count how many
   * @param seed decides shifts and noise, not the patterns
   * @return images and labels, always the same ones
   */
  static Patterns draw(int count, long seed) {
    float[][] patterns = new float[CLASSES][];
    for (int label = 0; label < CLASSES; label++) {
      patterns[label] = pattern(new SplittableRandom(label));
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] labels = new int[count];
    float[] pixels = new float[count * SIZE * SIZE];
    for (int i = 0; i < count; i++) {
      labels[i] = random.nextInt(CLASSES);
      int down = random.nextInt(SIZE - 1, SIZE + 2);
      int right = random.nextInt(SIZE - 1, SIZE + 2);
      for (int row = 0; row < SIZE; row++) {
        for (int column = 0; column < SIZE; column++) {
          float pixel = patterns[labels[i]][(row + down) % SIZE * SIZE + (column + right) % SIZE];
          pixels[(i * SIZE + row) * SIZE + column] =
              (float) (pixel + NOISE * random.nextGaussian());
        }
      }
    }
    return new Patterns(Nd4j.create(pixels, new long[] {count, SIZE * SIZE}, 'c'), labels);
  }

  private static float[] pattern(SplittableRandom random) {
    float[] pixels = new float[SIZE * SIZE];
    for (int wave = 0; wave < WAVES; wave++) {
      double down = random.nextInt(3) * 2 * Math.PI / SIZE;
      double right = random.nextInt(3) * 2 * Math.PI / SIZE;
      double phase = random.nextDouble() * 2 * Math.PI;
      for (int row = 0; row < SIZE; row++) {
        for (int column = 0; column < SIZE; column++) {
          pixels[row * SIZE + column] += (float) Math.sin(down * row + right * column + phase);
        }
      }
    }
    return pixels;
  }

  /** The labels as rows with a one each, {@code [count, CLASSES]}. */
  INDArray oneHot() {
    float[] rows = new float[labels.length * CLASSES];
    for (int i = 0; i < labels.length; i++) {
      rows[i * CLASSES + labels[i]] = 1;
    }
    return Nd4j.create(rows, new long[] {labels.length, CLASSES}, 'c');
  }

  /** The share of images for which the largest output is that of the label. */
  double accuracy(INDArray outputs) {
    INDArray guesses = outputs.argMax(1).castTo(DataType.INT32);
    int right = 0;
    for (int i = 0; i < labels.length; i++) {
      right += guesses.getInt(i) == labels[i] ? 1 : 0;
    }
    return (double) right / labels.length;
  }
}
