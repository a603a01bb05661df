// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import java.util.Arrays;
import java.util.Optional;

/**
 * The field of {@code q = p^j} elements for an odd prime {@code p} and {@code j} up to 3, as far as
 * Paley's constructions need it: which differences are squares.
 *
 * <p>Element {@code e} is the polynomial whose coefficients are the digits of {@code e} in base
 * {@code p}.
 */
final class FiniteField {
  private static final int HIGHEST_DEGREE = 3;

  private final int prime;
  private final int degree;

  /**
   * Coefficients of the monic irreducible polynomial that products are reduced by, lowest first.
   */
  private final int[] modulus;

  private final boolean[] square;

  private FiniteField(int prime, int degree) {
    this.prime = prime;
    this.degree = degree;
    this.modulus = irreducible(prime, degree);
    this.square = new boolean[size()];
    for (int e = 1; e < square.length; e++) {
      square[squared(e)] = true;
    }
  }

  /** The field of a size, or empty if the size is no such prime power. */
  static Optional<FiniteField> of(int size) {
    for (int degree = 1; degree <= HIGHEST_DEGREE; degree++) {
      int root = (int) Math.round(Math.pow(size, 1.0 / degree));
      if (power(root, degree) == size && root > 2 && isPrime(root)) {
        return Optional.of(new FiniteField(root, degree));
      }
    }
    return Optional.empty();
  }

  private static int power(int base, int exponent) {
    int result = 1;
    for (int i = 0; i < exponent; i++) {
      result *= base;
    }
    return result;
  }

  private static boolean isPrime(int p) {
    for (int d = 2; d * d <= p; d++) {
      if (p % d == 0) {
        return false;
      }
    }
    return p > 1;
  }

  /** A polynomial of degree 2 or 3 without a root has no factor; of degree 1 any will do. */
  private static int[] irreducible(int prime, int degree) {
    int[] candidate = new int[degree + 1];
    candidate[degree] = 1;
    while (degree > 1 && hasRoot(candidate, prime)) {
      int i = 0;
      while (++candidate[i] == prime) {
        candidate[i++] = 0;
      }
    }
    return candidate;
  }

  private static boolean hasRoot(int[] polynomial, int prime) {
    for (int x = 0; x < prime; x++) {
      int value = 0;
      for (int i = polynomial.length - 1; i >= 0; i--) {
        value = (value * x + polynomial[i]) % prime;
      }
      if (value == 0) {
        return true;
      }
    }
    return false;
  }

  int size() {
    return power(prime, degree);
  }

  /** 1 if {@code a - b} is a square, -1 if it is not, 0 if {@code a = b}. */
  int character(int a, int b) {
    if (a == b) {
      return 0;
    }
    int difference = 0;
    int place = 1;
    for (int i = 0; i < degree; i++) {
      difference += Math.floorMod(a / place % prime - b / place % prime, prime) * place;
      place *= prime;
    }
    return square[difference] ? 1 : -1;
  }

  private int squared(int element) {
    int[] digits = new int[degree];
    for (int i = 0, rest = element; i < degree; i++, rest /= prime) {
      digits[i] = rest % prime;
    }
    int[] product = new int[2 * degree - 1];
    for (int i = 0; i < degree; i++) {
      for (int j = 0; j < degree; j++) {
        product[i + j] = (product[i + j] + digits[i] * digits[j]) % prime;
      }
    }
    for (int i = product.length - 1; i >= degree; i--) {
      int factor = product[i];
      for (int j = 0; j <= degree; j++) {
        int at = i - degree + j;
        product[at] = Math.floorMod(product[at] - factor * modulus[j], prime);
      }
    }
    int result = 0;
    for (int i = degree - 1; i >= 0; i--) {
      result = result * prime + product[i];
    }
    return result;
  }

  @Override
  public String toString() {
    return "GF(" + prime + "^" + degree + ") modulo " + Arrays.toString(modulus);
  }
}
