// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.image;

import io.github.quant4j.io.OutputText;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.Palette;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.internal.chartpart.Chart;

/**
 * Figures as images, drawn by XChart. They need {@code java.desktop}, but no screen: {@code
 * java.awt.headless} may be true. Instances are immutable.
 */
public final class FigureImage {
  private static final int DEFAULT_WIDTH = 1000;
  private static final int DEFAULT_HEIGHT = 520;
  private static final int LEAST_SIZE = 100;
  private static final Pattern FINE = Pattern.compile("(\\d\\.\\d\\d)\\d+");

  private final Figure figure;
  private final Palette palette;
  private final int width;
  private final int height;

  private FigureImage(Figure figure, Palette palette, int width, int height) {
    this.figure = figure;
    this.palette = palette;
    this.width = width;
    this.height = height;
  }

  /**
   * An image of 1000 by 520 pixels in light colours.
   *
   * @param figure what it shows
   * @return the image, not yet drawn
   */
  public static FigureImage of(Figure figure) {
    return new FigureImage(figure, Palette.LIGHT, DEFAULT_WIDTH, DEFAULT_HEIGHT);
  }

  /**
   * The same in other colours.
   *
   * @param changed the colours
   * @return the changed image
   */
  public FigureImage palette(Palette changed) {
    return new FigureImage(figure, changed, width, height);
  }

  /**
   * The same in another size.
   *
   * @param pixelsWide at least 100
   * @param pixelsHigh at least 100
   * @return the changed image
   * @throws IllegalArgumentException if it is too small
   */
  public FigureImage size(int pixelsWide, int pixelsHigh) {
    if (pixelsWide < LEAST_SIZE || pixelsHigh < LEAST_SIZE) {
      throw new IllegalArgumentException(
          "size: "
              + pixelsWide
              + " x "
              + pixelsHigh
              + " pixels, expected at least "
              + LEAST_SIZE
              + " each");
    }
    return new FigureImage(figure, palette, pixelsWide, pixelsHigh);
  }

  private Chart<?, ?> chart() {
    return FigureChart.of(figure, palette, width, height);
  }

  /**
   * The image as scalable vector graphics. Letters are shapes, so that it looks the same whatever
   * fonts there are; its title and description say what it shows to who cannot see it.
   *
   * @return the text of a file
   * @throws IOException if the image cannot be encoded
   */
  public String svg() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    VectorGraphicsEncoder.saveVectorGraphic(chart(), bytes, VectorGraphicsFormat.SVG);
    // Hundredths of a pixel do, and a third of the file is what follows them.
    String svg =
        FINE.matcher(bytes.toString(StandardCharsets.UTF_8)).replaceAll(number -> number.group(1));
    int begin = svg.indexOf('>', svg.indexOf("<svg")) + 1;
    return svg.substring(0, begin)
        + "<title>"
        + escape(figure.title())
        + "</title><desc>"
        + escape(FigureText.of(figure))
        + "</desc>"
        + svg.substring(begin);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /**
   * The image as pixels.
   *
   * @return the bytes of a PNG file
   * @throws IOException if the image cannot be encoded
   */
  public byte[] png() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BitmapEncoder.saveBitmap(chart(), bytes, BitmapFormat.PNG);
    return bytes.toByteArray();
  }

  /**
   * Writes the image as scalable vector graphics.
   *
   * @param file where it is to appear
   * @throws io.github.quant4j.io.OutputException if it cannot be written
   * @throws IOException if the image cannot be encoded
   */
  public void writeSvg(Path file) throws IOException {
    OutputText.write(file, svg());
  }

  /**
   * Writes the image as pixels, which take a fraction of the bytes of the vectors where there are
   * many letters.
   *
   * @param file where it is to appear
   * @throws io.github.quant4j.io.OutputException if it cannot be written
   * @throws IOException if the image cannot be encoded
   */
  public void writePng(Path file) throws IOException {
    OutputText.write(file, png());
  }
}
