// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import java.util.List;

/**
 * Colours that can be told apart with any kind of colour vision, as {@code #rrggbb}.
 *
 * @param paper behind everything
 * @param ink of text
 * @param lines of axes and grids
 * @param series of series, in order
 */
public record Palette(String paper, String ink, String lines, List<String> series) {
  /**
   * Okabe and Ito, "Color Universal Design", 2008, in an order in which neighbours differ most;
   * without black, which is that of text, and yellow, which white paper swallows.
   */
  private static final List<String> OKABE_ITO =
      List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9");

  /** On white. */
  public static final Palette LIGHT = new Palette("#ffffff", "#1a1a1a", "#d0d0d0", OKABE_ITO);

  /** On a dark ground, where blue would be hard to see and sky blue is not. */
  public static final Palette DARK =
      new Palette(
          "#161a1e",
          "#e8e8e8",
          "#454b52",
          List.of("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442"));

  /**
   * From few to many, in equal steps of lightness: cividis (Nunez, Anderton and Renslow,
   * arXiv:1712.01662).
   */
  public static final List<String> SCALE =
      List.of(
          "#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369",
          "#e1cc55", "#fee838");

  /** Copies the list. */
  public Palette {
    series = List.copyOf(series);
  }

  /**
   * The colour of a series.
   *
   * @param index its number
   * @return its colour; that of the first again after the last
   */
  public String of(int index) {
    return series.get(index % series.size());
  }
}
