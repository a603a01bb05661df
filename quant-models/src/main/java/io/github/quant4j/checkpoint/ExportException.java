// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import java.io.Serial;
import java.util.List;

/** Layers cannot be written in another form as they are. Nothing was written. */
public final class ExportException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1;

  private final transient List<LayerExport> refused;

  /**
   * Says which layers and why.
   *
   * @param format the form's name
   * @param refused the layers that were refused, at least one
   * @param advice what to do about it
   */
  public ExportException(String format, List<LayerExport> refused, String advice) {
    super(message(format, refused, advice));
    this.refused = List.copyOf(refused);
  }

  private static String message(String format, List<LayerExport> refused, String advice) {
    LayerExport first = refused.getFirst();
    long alike =
        refused.stream().filter(layer -> layer.detail().equals(first.detail())).count() - 1;
    long others = refused.size() - 1 - alike;
    StringBuilder text = new StringBuilder();
    text.append(format).append(": '").append(first.layer()).append('\'');
    if (alike > 0) {
      text.append(" and ").append(alike).append(" more layers");
    }
    text.append(" cannot be written exactly: ").append(first.detail());
    if (others > 0) {
      text.append("; ").append(others).append(" other layers for other reasons");
    }
    return text.append("; ").append(advice).toString();
  }

  /**
   * The layers.
   *
   * @return each with the outcome {@code REFUSED} and the reason
   */
  public List<LayerExport> refused() {
    return refused;
  }
}
