// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import java.util.List;

/**
 * What was written in another form.
 *
 * @param format the form's name
 * @param layers the linear layers, in the order of the model
 * @param bytes the size of all files
 */
public record ExportReport(String format, List<LayerExport> layers, long bytes) {

  /** Copies the list. */
  public ExportReport {
    layers = List.copyOf(layers);
  }

  /**
   * How many layers something became of.
   *
   * @param outcome what became of them
   * @return their number
   */
  public long count(LayerExport.Outcome outcome) {
    return layers.stream().filter(layer -> layer.outcome() == outcome).count();
  }
}
