// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.HeatMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of layers as a table of blocks and kinds of layers: {@code model.layers.3.mlp.up_proj} is
 * in the row of {@code model.layers.3} and the column of {@code mlp.up_proj}. A layer whose name
 * has no number is a row by itself.
 */
public final class LayerMap {
  private static final Pattern IN_BLOCK = Pattern.compile("(.*\\.\\d+)\\.(.+)");

  private final SequencedMap<String, Map<String, Double>> rows = new LinkedHashMap<>();
  private final SequencedSet<String> columns = new LinkedHashSet<>();

  /** An empty table. */
  public LayerMap() {}

  /**
   * Puts a number into its field.
   *
   * @param layer the name of the layer
   * @param value the number
   */
  public void put(String layer, double value) {
    Matcher name = IN_BLOCK.matcher(layer);
    boolean isInBlock = name.matches();
    String row = isInBlock ? name.group(1) : layer;
    String column = isInBlock ? name.group(2) : "itself";
    columns.add(column);
    rows.computeIfAbsent(row, _ -> new LinkedHashMap<>()).put(column, value);
  }

  /**
   * The table as a figure.
   *
   * @param title what it shows
   * @param axis what the numbers are
   * @return rows and columns in the order of the layers
   * @throws IllegalArgumentException if there is no layer
   */
  public HeatMap figure(String title, Axis axis) {
    double[][] values = new double[rows.size()][columns.size()];
    List<String> kinds = new ArrayList<>(columns);
    List<String> blocks = new ArrayList<>(rows.keySet());
    for (int row = 0; row < values.length; row++) {
      Arrays.fill(values[row], Double.NaN);
      Map<String, Double> fields = Objects.requireNonNull(rows.get(blocks.get(row)));
      for (Map.Entry<String, Double> field : fields.entrySet()) {
        values[row][kinds.indexOf(field.getKey())] = field.getValue();
      }
    }
    return new HeatMap(title, axis, kinds, blocks, values);
  }
}
