// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

/** The sizes of a part of a network that multiplies, which its multiply-adds follow from. */
public sealed interface LayerShape {

  /**
   * The multiply-adds.
   *
   * @return of one pass
   */
  long multiplyAdds();

  /**
   * How many products are added up to one output.
   *
   * @return at least 1
   */
  long fanIn();

  private static void require(boolean sound, Object shape) {
    if (!sound) {
      throw new IllegalArgumentException("shape: " + shape + ", expected positive sizes");
    }
  }

  /**
   * A linear layer: {@code tokens out in}.
   *
   * @param outFeatures outputs
   * @param inFeatures inputs
   * @param tokens rows of the input
   */
  record Linear(int outFeatures, int inFeatures, long tokens) implements LayerShape {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Linear {
      require(
          outFeatures > 0 && inFeatures > 0 && tokens > 0,
          "linear [" + outFeatures + ", " + inFeatures + "] on " + tokens + " tokens");
    }

    @Override
    public long multiplyAdds() {
      return Math.multiplyExact(Math.multiplyExact((long) outFeatures, inFeatures), tokens);
    }

    @Override
    public long fanIn() {
      return inFeatures;
    }
  }

  /**
   * A convolution: {@code positions out (in / groups) height width}. One along a line has a kernel
   * of height 1; a depthwise one has as many groups as channels.
   *
   * @param outChannels output channels
   * @param inChannels input channels
   * @param kernelHeight rows of the kernel
   * @param kernelWidth columns of the kernel
   * @param groups into which the channels fall; divides both numbers of channels
   * @param positions of the output: its height times its width, and times the images
   */
  record Convolution(
      int outChannels,
      int inChannels,
      int kernelHeight,
      int kernelWidth,
      int groups,
      long positions)
      implements LayerShape {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is not positive, or the groups do not divide the
     *     channels
     */
    public Convolution {
      require(
          outChannels > 0
              && inChannels > 0
              && kernelHeight > 0
              && kernelWidth > 0
              && groups > 0
              && positions > 0
              && outChannels % groups == 0
              && inChannels % groups == 0,
          "convolution of "
              + inChannels
              + " to "
              + outChannels
              + " channels in "
              + groups
              + " groups, kernel "
              + kernelHeight
              + " x "
              + kernelWidth
              + ", "
              + positions
              + " positions");
    }

    /**
     * A convolution of a plane.
     *
     * @param outChannels output channels
     * @param inChannels input channels
     * @param kernel rows and columns of the kernel
     * @param positions of the output
     * @return the shape
     * @throws IllegalArgumentException if a size is not positive
     */
    public static Convolution square(int outChannels, int inChannels, int kernel, long positions) {
      return new Convolution(outChannels, inChannels, kernel, kernel, 1, positions);
    }

    /**
     * A convolution of a plane in which each channel is for itself.
     *
     * @param channels of input and output
     * @param kernel rows and columns of the kernel
     * @param positions of the output
     * @return the shape
     * @throws IllegalArgumentException if a size is not positive
     */
    public static Convolution depthwise(int channels, int kernel, long positions) {
      return new Convolution(channels, channels, kernel, kernel, channels, positions);
    }

    /**
     * A convolution along a line, such as time.
     *
     * @param outChannels output channels
     * @param inChannels input channels
     * @param kernel length of the kernel
     * @param positions length of the output
     * @return the shape
     * @throws IllegalArgumentException if a size is not positive
     */
    public static Convolution line(int outChannels, int inChannels, int kernel, long positions) {
      return new Convolution(outChannels, inChannels, 1, kernel, 1, positions);
    }

    /**
     * The number of weights.
     *
     * @return {@code out (in / groups) height width}
     */
    public long weights() {
      return Math.multiplyExact((long) outChannels, fanIn());
    }

    @Override
    public long multiplyAdds() {
      return Math.multiplyExact(weights(), positions);
    }

    @Override
    public long fanIn() {
      return (long) (inChannels / groups) * kernelHeight * kernelWidth;
    }
  }

  /**
   * The products of queries with keys, {@code heads queries keys width}; those of probabilities
   * with values are as many. The whole rectangle counts, also where a mask hides half of it, as the
   * usual formula has it.
   *
   * @param heads of the queries
   * @param keyValueHeads of keys and values, which queries may share
   * @param headWidth the width of a head
   * @param queries tokens that attend
   * @param keys tokens that are attended to
   */
  record Attention(int heads, int keyValueHeads, int headWidth, long queries, long keys)
      implements LayerShape {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Attention {
      require(
          heads > 0 && keyValueHeads > 0 && headWidth > 0 && queries > 0 && keys > 0,
          "attention of "
              + heads
              + " heads, "
              + keyValueHeads
              + " of keys, of width "
              + headWidth
              + ", "
              + queries
              + " queries by "
              + keys
              + " keys");
    }

    /** That of the products with keys alone; those with values are as many. */
    @Override
    public long multiplyAdds() {
      return Math.multiplyExact(Math.multiplyExact((long) heads * headWidth, queries), keys);
    }

    @Override
    public long fanIn() {
      return headWidth;
    }
  }
}
