// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.checkpoint.GgufPlaces;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Sums of squares of the inputs of all channels, under the names of tensors of a GGUF file. */
final class ImportanceSums implements SiteObserver {
  private final GgufPlaces places;
  private final Map<String, Sums> tensors = new TreeMap<>();

  /** Of all matrices of a tensor. */
  private record Sums(double[] squares, long[] counts) {}

  ImportanceSums(GgufPlaces places) {
    this.places = places;
  }

  @Override
  public void observe(SiteGroup group, SiteInput input) {
    // Layers that are one tensor in the file read the same and count once.
    Set<GgufPlaces.Place> seen = new HashSet<>();
    for (LinearSite site : group.sites()) {
      Optional<GgufPlaces.Place> place = places.of(site.weight());
      if (place.isPresent() && seen.add(place.get())) {
        add(place.get(), input);
      }
    }
  }

  private void add(GgufPlaces.Place place, SiteInput input) {
    int width = input.width();
    Sums sums =
        tensors.computeIfAbsent(
            place.tensor(),
            _ -> new Sums(new double[place.matrices() * width], new long[place.matrices()]));
    int first = place.index() * width;
    for (int t = 0; t < input.tokens(); t++) {
      int from = input.offset() + t * width;
      for (int j = 0; j < width; j++) {
        double value = input.data()[from + j];
        sums.squares[first + j] += value * value;
      }
    }
    sums.counts[place.index()] += input.tokens();
  }

  /** What was seen, with the number and the length of the texts. */
  ImportanceMatrix matrix(long windows, int context) {
    ImportanceMatrix.Builder builder = ImportanceMatrix.builder().chunks(windows, context);
    tensors.forEach((name, sums) -> builder.add(name, entry(name, sums)));
    return builder.build();
  }

  private static ImportanceMatrix.Entry entry(String name, Sums sums) {
    float[] squares = new float[sums.squares.length];
    for (int j = 0; j < squares.length; j++) {
      squares[j] = (float) sums.squares[j];
    }
    try {
      return new ImportanceMatrix.Entry(squares, sums.counts);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("inputs of '" + name + "': " + e.getMessage(), e);
    }
  }
}
