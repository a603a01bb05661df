// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** What a language model reads while its layers' inputs are observed. */
@Stable
public sealed interface Calibration {
  /**
   * The most tokens that windows may have in all, far more than calibration gains from: some
   * hundred thousand do.
   */
  long MAXIMUM_TOKENS = 1L << 28;

  /**
   * Text that the model writes itself, for when there is none, see {@link
   * SelfGeneratedCalibration}.
   *
   * @param windows how many windows, at least 1
   * @param context tokens of each, at least 2
   * @param seed what the draws depend on
   */
  record SelfGenerated(int windows, int context, long seed) implements Calibration {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is too small, or there are more than {@link
     *     #MAXIMUM_TOKENS}
     */
    public SelfGenerated {
      requireSizes(windows, context);
    }

    @Override
    public List<int[]> inputs(
        LanguageModel model, ProgressListener progress, Cancellation cancellation) {
      return List.of(
          SelfGeneratedCalibration.of(windows, context, seed).write(model, progress, cancellation));
    }

    @Override
    public long tokens() {
      return (long) windows * context;
    }

    @Override
    public String describe() {
      return windows + " windows of " + context + " tokens written by the model, seed " + seed;
    }
  }

  /**
   * Text that a mixture of experts writes itself and that is chosen so that its experts are used
   * evenly, see {@link BalancedCalibration}.
   *
   * @param windows how many windows, at least 1
   * @param context tokens of each, at least 2
   * @param seed what the draws depend on
   */
  record BalancedSelfGenerated(int windows, int context, long seed) implements Calibration {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is too small, or there are more than {@link
     *     #MAXIMUM_TOKENS}
     */
    public BalancedSelfGenerated {
      requireSizes(windows, context);
    }

    private BalancedCalibration writer() {
      return new BalancedCalibration(
          windows,
          context,
          seed,
          BalancedCalibration.DEFAULT_CANDIDATES,
          BalancedCalibration.DEFAULT_WEIGHT);
    }

    @Override
    public void requireSuited(LanguageModel model) {
      writer().requireSuited(model);
    }

    @Override
    public List<int[]> inputs(
        LanguageModel model, ProgressListener progress, Cancellation cancellation) {
      return inputs(model, progress, cancellation, _ -> {});
    }

    @Override
    public List<int[]> inputs(
        LanguageModel model,
        ProgressListener progress,
        Cancellation cancellation,
        Consumer<String> remarks) {
      BalancedCalibration.Text text = writer().write(model, progress, cancellation);
      remarks.accept(text.toString());
      return List.of(text.windows());
    }

    @Override
    public long tokens() {
      return (long) windows * context;
    }

    @Override
    public String describe() {
      return windows
          + " windows of "
          + context
          + " tokens written by the model, balanced over experts, seed "
          + seed;
    }
  }

  /**
   * Token windows that are given.
   *
   * @param windows at least one, each of at least one token; not to be changed afterwards
   */
  record Tokens(List<int[]> windows) implements Calibration {

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if there is no window, or one is empty
     */
    public Tokens {
      windows = List.copyOf(windows);
      if (windows.isEmpty() || windows.stream().anyMatch(window -> window.length == 0)) {
        throw new IllegalArgumentException(
            "windows: "
                + windows.size()
                + ", of which some may be empty; expected at least one, each of some tokens");
      }
    }

    @Override
    public List<int[]> inputs(
        LanguageModel model, ProgressListener progress, Cancellation cancellation) {
      return windows;
    }

    @Override
    public long tokens() {
      return windows.stream().mapToLong(window -> window.length).sum();
    }

    @Override
    public int context() {
      return windows.stream().mapToInt(window -> window.length).max().orElse(0);
    }

    @Override
    public String describe() {
      CRC32C checksum = new CRC32C();
      long tokens = 0;
      for (int[] window : windows) {
        for (int token : window) {
          checksum.update(token);
          checksum.update(token >>> 8);
          checksum.update(token >>> 16);
          checksum.update(token >>> 24);
        }
        checksum.update(0xff);
        tokens += window.length;
      }
      return String.format(
          Locale.ROOT,
          "%d windows of %d tokens in all, checksum %08x",
          windows.size(),
          tokens,
          checksum.getValue());
    }
  }

  /**
   * Windows of a text, drawn without replacement from its consecutive windows and then in the order
   * of the text.
   *
   * @param text the text; tokenized without special tokens
   * @param windows how many windows at most, at least 1
   * @param context tokens of each, at least 2
   * @param seed what the draw depends on
   */
  record Text(String text, int windows, int context, long seed) implements Calibration {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one is too small, or there are more than {@link
     *     #MAXIMUM_TOKENS}
     */
    public Text {
      requireSizes(windows, context);
    }

    @Override
    public List<int[]> inputs(
        LanguageModel model, ProgressListener progress, Cancellation cancellation)
        throws IOException {
      return draw(model.tokenizer().encode(text, false), windows, context, seed);
    }

    @Override
    public long tokens() {
      return (long) windows * context;
    }

    @Override
    public String describe() {
      CRC32C checksum = new CRC32C();
      checksum.update(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return String.format(
          Locale.ROOT,
          "%d windows of %d tokens of a text of %d characters, checksum %08x, seed %d",
          windows,
          context,
          text.length(),
          checksum.getValue(),
          seed);
    }

    /** The calibration text is not for logs. */
    @Override
    public String toString() {
      return "Text[" + describe() + "]";
    }
  }

  private static void requireSizes(int windows, int context) {
    if (windows < 1 || context < 2 || (long) windows * context > MAXIMUM_TOKENS) {
      throw new IllegalArgumentException(
          "windows: "
              + windows
              + " of "
              + context
              + " tokens, expected at least 1 of at least 2 tokens, and at most "
              + MAXIMUM_TOKENS
              + " tokens in all");
    }
  }

  private static List<int[]> draw(int[] tokens, int windows, int context, long seed) {
    int available = tokens.length / context;
    if (available == 0) {
      throw new IllegalArgumentException(
          "calibration text: "
              + tokens.length
              + " tokens, expected at least the "
              + context
              + " of one window");
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < available; i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    return order.subList(0, Math.min(windows, available)).stream()
        .sorted()
        .map(i -> Arrays.copyOfRange(tokens, i * context, (i + 1) * context))
        .toList();
  }

  /**
   * Text that the model writes itself, seed 0.
   *
   * @param windows how many windows, at least 1
   * @param context tokens of each, at least 2
   * @return the calibration
   * @throws IllegalArgumentException if a number is too small, or there are more than {@link
   *     #MAXIMUM_TOKENS}
   */
  static Calibration selfGenerated(int windows, int context) {
    return new SelfGenerated(windows, context, 0);
  }

  /**
   * Text that a mixture of experts writes itself and that is chosen so that its experts are used
   * evenly, seed 0.
   *
   * @param windows how many windows, at least 1
   * @param context tokens of each, at least 2
   * @return the calibration
   * @throws IllegalArgumentException if a number is too small, or there are more than {@link
   *     #MAXIMUM_TOKENS}
   */
  static Calibration balanced(int windows, int context) {
    return new BalancedSelfGenerated(windows, context, 0);
  }

  /**
   * Windows of a text, seed 0.
   *
   * @param text the text
   * @param windows how many windows at most, at least 1
   * @param context tokens of each, at least 2
   * @return the calibration
   * @throws IllegalArgumentException if a number is too small, or there are more than {@link
   *     #MAXIMUM_TOKENS}
   */
  static Calibration ofText(String text, int windows, int context) {
    return new Text(text, windows, context, 0);
  }

  /**
   * Token windows that are given.
   *
   * @param windows at least one
   * @return the calibration
   * @throws IllegalArgumentException if there is no window, or one is empty
   */
  static Calibration ofTokens(int[]... windows) {
    return new Tokens(List.of(windows));
  }

  /**
   * The windows.
   *
   * @param model who reads them
   * @param progress is told how far their making is
   * @param cancellation asked now and then
   * @return at least one window
   * @throws IOException if the tokenizer cannot be read
   * @throws IllegalArgumentException if a text is too short for one window
   * @throws CancellationException if it was cancelled
   */
  List<int[]> inputs(LanguageModel model, ProgressListener progress, Cancellation cancellation)
      throws IOException;

  /**
   * The windows, with what there is to say of them.
   *
   * @param model who reads them
   * @param progress is told how far their making is
   * @param cancellation asked now and then
   * @param remarks is told, in a line for reports, what was found out; often nothing
   * @return at least one window
   * @throws IOException if the tokenizer cannot be read
   * @throws IllegalArgumentException if a text is too short for one window
   * @throws CancellationException if it was cancelled
   */
  default List<int[]> inputs(
      LanguageModel model,
      ProgressListener progress,
      Cancellation cancellation,
      Consumer<String> remarks)
      throws IOException {
    return inputs(model, progress, cancellation);
  }

  /**
   * Refuses models that this is not for, before any work is done.
   *
   * @param model who is to read
   * @throws IllegalArgumentException if the model lacks something that is needed
   */
  default void requireSuited(LanguageModel model) {}

  /**
   * The length of a window.
   *
   * @return tokens of the longest one
   */
  int context();

  /**
   * How many tokens the windows have; a text that is too short may give fewer.
   *
   * @return at least 1
   */
  long tokens();

  /**
   * What the windows depend on, which is compared when a run is resumed.
   *
   * @return one line
   */
  String describe();
}
