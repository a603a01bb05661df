// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How good a model is.
 *
 * @param all the measures, the most telling one first; names are unique
 * @param tokensPerSecond how fast the model was while it was measured; empty if that says nothing
 */
public record Measures(List<Measure> all, OptionalDouble tokensPerSecond) {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if a name occurs twice
   */
  public Measures {
    all = List.copyOf(all);
    if (all.stream().map(Measure::name).distinct().count() < all.size()) {
      throw new IllegalArgumentException("measures: " + all + ", expected names that are unique");
    }
  }

  /**
   * A measure.
   *
   * @param name its name
   * @return the number
   * @throws IllegalArgumentException if there is none of that name
   */
  public double value(String name) {
    return all.stream()
        .filter(measure -> measure.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "name: '"
                        + name
                        + "', expected one of "
                        + all.stream().map(Measure::name).toList()))
        .value();
  }
}
