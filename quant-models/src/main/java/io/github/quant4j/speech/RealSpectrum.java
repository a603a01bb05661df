// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

/**
 * The power spectrum of a real signal of any length n, in binary64: one step of Cooley and Tukey's
 * factorization {@code n = p q}, with p as near to the root of n as there is a divisor, and plain
 * transforms of lengths p and q. For 400 samples that is a tenth of a plain transform.
 *
 * <p>Thread-safe; each caller brings its own workspace.
 */
final class RealSpectrum {
  private final int size;
  private final int inner;
  private final int outer;
  private final double[] cosines;
  private final double[] sines;

  RealSpectrum(int size) {
    this.size = size;
    int divisor = (int) Math.sqrt(size);
    while (size % divisor != 0) {
      divisor--;
    }
    this.inner = divisor;
    this.outer = size / divisor;
    this.cosines = new double[size];
    this.sines = new double[size];
    for (int i = 0; i < size; i++) {
      cosines[i] = Math.cos(2 * Math.PI * i / size);
      sines[i] = Math.sin(2 * Math.PI * i / size);
    }
  }

  /** Frequencies from none to half the sample rate. */
  int frequencies() {
    return size / 2 + 1;
  }

  /** Elements that {@link #power} needs to work in. */
  int workspace() {
    return 2 * size;
  }

  /** Computes {@code |X[k]|^2} for all {@code k} up to half the size. */
  void power(double[] x, double[] workspace, double[] power) {
    // With sample outer i + j and frequency k + inner l: transforms over i of every j, ...
    for (int j = 0; j < outer; j++) {
      for (int k = 0; k < inner; k++) {
        double real = 0;
        double imaginary = 0;
        for (int i = 0, turn = 0; i < inner; i++) {
          double sample = x[outer * i + j];
          real += sample * cosines[turn];
          imaginary -= sample * sines[turn];
          turn += outer * k;
          turn -= turn >= size ? size : 0;
        }
        // ... turned by j k, ...
        double cosine = cosines[j * k];
        double sine = sines[j * k];
        workspace[2 * (k * outer + j)] = real * cosine + imaginary * sine;
        workspace[2 * (k * outer + j) + 1] = imaginary * cosine - real * sine;
      }
    }
    // ... and transforms over j.
    for (int frequency = 0; frequency < frequencies(); frequency++) {
      int from = frequency % inner * outer;
      int step = inner * (frequency / inner);
      double real = 0;
      double imaginary = 0;
      for (int j = 0, turn = 0; j < outer; j++) {
        double re = workspace[2 * (from + j)];
        double im = workspace[2 * (from + j) + 1];
        real += re * cosines[turn] + im * sines[turn];
        imaginary += im * cosines[turn] - re * sines[turn];
        turn += step;
        turn -= turn >= size ? size : 0;
      }
      power[frequency] = real * real + imaginary * imaginary;
    }
  }
}
