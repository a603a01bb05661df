// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import java.util.List;
import java.util.Optional;

/**
 * One number that tells how good a model is, and the parts of the data that it comes from.
 *
 * @param name its name, a word for tables and programs
 * @param value the number over all of the data
 * @param form how the number comes from the parts
 * @param parts of each window or input what it adds, in order; empty if the number is no function
 *     of their sums
 */
public record Measure(String name, double value, Form form, List<Part> parts) {

  /** Copies the list. */
  public Measure {
    parts = List.copyOf(parts);
  }

  /** What is done with the quotient of two sums. */
  public enum Form {
    /** The quotient itself, such as a mean. */
    MEAN {
      @Override
      double of(double quotient) {
        return quotient;
      }
    },
    /** {@code e} to the quotient, such as a perplexity. */
    EXPONENTIAL {
      @Override
      double of(double quotient) {
        return Math.exp(quotient);
      }
    },
    /** {@code 10 log10} of the quotient. */
    DECIBELS {
      @Override
      double of(double quotient) {
        return 10 * Math.log10(quotient);
      }
    };

    abstract double of(double quotient);
  }

  /**
   * What a window or an input adds to the sums.
   *
   * @param numerator to the upper one
   * @param denominator to the lower one
   */
  public record Part(double numerator, double denominator) {}

  /**
   * A number without parts.
   *
   * @param name its name
   * @param value the number
   * @return the measure, which has no interval
   */
  public static Measure of(String name, double value) {
    return new Measure(name, value, Form.MEAN, List.of());
  }

  /**
   * The confidence interval.
   *
   * @param bootstrap how parts are drawn
   * @return empty if there are fewer than two parts
   */
  public Optional<Bootstrap.Interval> interval(Bootstrap bootstrap) {
    return parts.size() < 2 ? Optional.empty() : Optional.of(bootstrap.interval(parts, this::of));
  }

  private double of(List<Part> some) {
    double numerator = 0;
    double denominator = 0;
    for (Part part : some) {
      numerator += part.numerator;
      denominator += part.denominator;
    }
    return form.of(numerator / denominator);
  }
}
