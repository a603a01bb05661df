// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is in a model that is stored as a graph.
 *
 * @param producer the tool that made the file, with its version; empty if not said
 * @param opsets the sets of operators, for example {@code ai.onnx:17}
 * @param inputs names and types of what the caller gives; initializers are not among them
 * @param outputs names and types of what comes out
 * @param operators how often each operator occurs, in inner graphs and functions as well; those of
 *     other domains than ONNX's own begin with the domain and a point
 */
public record GraphInspection(
    String producer,
    List<String> opsets,
    List<String> inputs,
    List<String> outputs,
    SortedMap<String, Integer> operators) {

  /** Copies the lists and the map. */
  public GraphInspection {
    opsets = List.copyOf(opsets);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    operators = Collections.unmodifiableSortedMap(new TreeMap<>(operators));
  }
}
