// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;

/**
 * Prompts, what may be written, and how texts are divided, by hand. Tokens 0 to 4 are text, 5 ends,
 * 6 begins, 7 and 8 are languages, 9 and 10 tasks, 11 says that there are no time stamps, and 12 to
 * 20 are time stamps of 0 to 0.16 seconds.
 */
class SpeechRulesTest {
  private static final int VOCABULARY = 21;
  private static final int END = 5;
  private static final SpeechTokens TOKENS = tokens(true, List.of());

  private static SpeechTokens tokens(boolean multilingual, List<OptionalInt> forced) {
    return new SpeechTokens(
        6,
        END,
        OptionalInt.of(11),
        OptionalInt.empty(),
        multilingual ? Map.of("en", 7, "de", 8) : Map.of(),
        multilingual ? Map.of(Task.TRANSCRIBE, 9, Task.TRANSLATE, 10) : Map.of(),
        multilingual,
        Optional.empty(),
        Optional.empty(),
        forced,
        List.of(4, 6, 7, 8, 9, 10),
        List.of(0, END),
        OptionalInt.of(3),
        100);
  }

  /** The tokens that may follow, if text is as likely as it is told. */
  private static List<Integer> allowed(boolean timestamps, float text, int... written) {
    float[] scores = new float[VOCABULARY];
    Arrays.fill(scores, 0, 12, text);
    new TokenRules(TOKENS, timestamps, VOCABULARY).apply(written, written.length, scores, 0);
    List<Integer> allowed = new ArrayList<>();
    for (int token = 0; token < VOCABULARY; token++) {
      if (scores[token] > Float.NEGATIVE_INFINITY) {
        allowed.add(token);
      }
    }
    return allowed;
  }

  @Test
  void suppressedTokensAreNeverWritten() {
    List<Integer> stamps = List.of(12, 13, 14, 15, 16, 17, 18, 19, 20);
    List<Integer> first = new ArrayList<>(List.of(1, 2, 3, 11));
    first.addAll(stamps);
    assertEquals(first, allowed(false, 10));
    List<Integer> later = new ArrayList<>(List.of(0, 1, 2, 3, END, 11));
    later.addAll(stamps);
    assertEquals(later, allowed(false, 10, 1));
  }

  @Test
  void timestampsComeInPairsAndDoNotGoBack() {
    // The first is a stamp, of at most 3 steps.
    assertEquals(List.of(12, 13, 14, 15), allowed(true, 10));
    // Behind it comes text.
    assertEquals(List.of(0, 1, 2, 3, END), allowed(true, 10, 13));
    // Behind text may come more, the end, or a later stamp.
    assertEquals(List.of(0, 1, 2, 3, END, 14, 15, 16, 17, 18, 19, 20), allowed(true, 10, 13, 1));
    // Behind a stamp that closes comes the end, or one that opens at the same time or later.
    assertEquals(List.of(END, 16, 17, 18, 19, 20), allowed(true, 10, 13, 1, 16));
    // Behind a pair comes text, and no stamp.
    assertEquals(List.of(0, 1, 2, 3, END), allowed(true, 10, 13, 1, 16, 16));
    // The last one possible closes, and can only be opened again.
    assertEquals(List.of(END, 20), allowed(true, 10, 13, 1, 20));
  }

  @Test
  void timestampsThatAreTogetherMoreLikelyAreWritten() {
    // Seven stamps of score 0 make ln 7 = 1.946 together.
    assertEquals(
        List.of(14, 15, 16, 17, 18, 19, 20), allowed(true, 1.9f, 13, 1), "text is less likely");
    assertEquals(12, allowed(true, 2.0f, 13, 1).size(), "text is more likely");
  }

  private static PromptTokens.Prompt prompt(
      SpeechTokens tokens, TranscriptionOptions options, boolean timestamps) {
    IntSupplier detection = () -> 8;
    PromptTokens prompts = new PromptTokens(tokens);
    prompts.requirePossible(options, timestamps);
    return prompts.of(options, timestamps, detection);
  }

  @Test
  void promptsSayWhatIsAskedFor() {
    TranscriptionOptions plain = TranscriptionOptions.defaults();
    assertEquals(List.of(6, 8, 9, 11), prompt(TOKENS, plain, false).all());
    assertEquals(Optional.of("de"), prompt(TOKENS, plain, false).language());
    assertEquals(List.of(6, 8, 9), prompt(TOKENS, plain, true).all());
    assertEquals(List.of(6, 7, 9), prompt(TOKENS, plain.withLanguage("English"), true).all());
    assertEquals(
        List.of(6, 7, 10, 11),
        prompt(TOKENS, plain.withLanguage("en").withTask(Task.TRANSLATE), false).all());
  }

  @Test
  void forcedTokensCountUnlessSomethingIsAskedFor() {
    TranscriptionOptions plain = TranscriptionOptions.defaults();
    SpeechTokens open = tokens(true, List.of(OptionalInt.empty(), OptionalInt.of(10)));
    assertEquals(List.of(6, 8, 10, 11), prompt(open, plain, false).all());
    SpeechTokens fixed =
        tokens(true, List.of(OptionalInt.of(7), OptionalInt.of(9), OptionalInt.of(11)));
    assertEquals(List.of(6, 7, 9, 11), prompt(fixed, plain, false).all());
    assertEquals(List.of(6, 7, 9), prompt(fixed, plain, true).all());
    assertEquals(List.of(6, 8, 9), prompt(fixed, plain.withLanguage("de"), true).all());
  }

  @Test
  void modelsOfOneLanguageHaveNoChoice() {
    SpeechTokens english = tokens(false, List.of());
    TranscriptionOptions plain = TranscriptionOptions.defaults();
    assertEquals(List.of(6, 11), prompt(english, plain, false).all());
    assertEquals(Optional.empty(), prompt(english, plain, false).language());
    assertEquals(List.of(6), prompt(english, plain, true).all());
    for (TranscriptionOptions asked :
        List.of(plain.withLanguage("en"), plain.withTask(Task.TRANSCRIBE))) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> prompt(english, asked, false))
              .getMessage();
      assertTrue(message.contains("English only"), message);
    }
  }

  private static SegmentCutter.Cut cut(boolean timestamps, int length, Integer... written) {
    return new SegmentCutter(TOKENS, timestamps).cut(List.of(written), 100, length);
  }

  private static SegmentCutter.Piece piece(double start, double end, Integer... tokens) {
    return new SegmentCutter.Piece(start, end, List.of(tokens));
  }

  private static void assertPieces(SegmentCutter.Cut cut, SegmentCutter.Piece... expected) {
    assertEquals(
        Arrays.stream(expected).map(SegmentCutter.Piece::tokens).toList(),
        cut.pieces().stream().map(SegmentCutter.Piece::tokens).toList());
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i].start(), cut.pieces().get(i).start(), 1e-12, "start " + i);
      assertEquals(expected[i].end(), cut.pieces().get(i).end(), 1e-12, "end " + i);
    }
  }

  /** Windows that begin at frame 100, one second. */
  @Test
  void textsAreDividedByPairsOfTimestamps() {
    // One stamp ends the text: nothing is said after it, so the whole window is done.
    SegmentCutter.Cut ended = cut(true, 16, 12, 1, 14, 15, 2, 17);
    assertPieces(ended, piece(1.0, 1.04, 12, 1, 14), piece(1.06, 1.10, 15, 2, 17));
    assertEquals(16, ended.advance());
    // Two stamps end it: what begins there belongs to the next window.
    SegmentCutter.Cut open = cut(true, 16, 12, 1, 14, 15, 2, 17, 18);
    assertPieces(open, piece(1.0, 1.04, 12, 1, 14), piece(1.06, 1.10, 15, 2, 17, 18));
    assertEquals(10, open.advance());
    // Text behind the last pair is thrown away.
    SegmentCutter.Cut cutOff = cut(true, 16, 12, 1, 14, 15, 2);
    assertPieces(cutOff, piece(1.0, 1.04, 12, 1, 14, 15));
    assertEquals(4, cutOff.advance());
    // Without a pair it is one segment, to the last stamp or the end.
    assertPieces(cut(true, 16, 12, 1, 14), piece(1.0, 1.04, 12, 1, 14));
    assertPieces(cut(true, 16, 12, 1), piece(1.0, 1.16, 12, 1));
    assertEquals(16, cut(true, 16, 12, 1, 14).advance());
    assertPieces(cut(true, 7), piece(1.0, 1.06));
    // Where there are to be none they are tokens like others.
    SegmentCutter.Cut plain = cut(false, 16, 12, 1, 14, 15, 2, 17, 18);
    assertPieces(plain, piece(1.0, 1.16, 12, 1, 14, 15, 2, 17, 18));
    assertEquals(16, plain.advance());
    // A pair at the beginning must not lead to the same window for ever.
    assertEquals(16, cut(true, 16, 12, 12, 1).advance());
  }

  /** The sizes are those of Python's zlib. */
  @Test
  void repetitionsCompressWell() {
    assertEquals(0.0, CompressionRatio.of(""));
    assertEquals(1 / 9.0, CompressionRatio.of("a"), 1e-12);
    assertEquals(47 / 17.0, CompressionRatio.of("hello ".repeat(8).strip()), 1e-12);
    assertEquals(
        44 / 51.0, CompressionRatio.of("The quick brown fox jumps over the lazy dog."), 1e-12);
    assertEquals(55 / 19.0, CompressionRatio.of("äöü ".repeat(8).strip()), 1e-12);
  }

  @Test
  void languagesHaveNamesAndCodes() {
    assertEquals("en", Languages.code(" English "));
    assertEquals("es", Languages.code("castilian"));
    assertEquals("yue", Languages.code("<|yue|>"));
    assertEquals("xx", Languages.code("XX"));
  }

  @Test
  void logSumsAreStable() {
    float minus = Float.NEGATIVE_INFINITY;
    assertEquals(
        1000 + Math.log(2), LogSoftmax.logSum(new float[] {9, 1000, minus, 1000}, 1, 4), 1e-12);
    assertEquals(Double.NEGATIVE_INFINITY, LogSoftmax.logSum(new float[] {minus, minus}, 0, 2));
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThrows(
          ArithmeticException.class, () -> LogSoftmax.logSum(new float[] {0, wrong}, 0, 2));
    }
  }

  @Test
  void optionsAreChecked() {
    TranscriptionOptions plain = TranscriptionOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> plain.withBeams(0));
    assertThrows(IllegalArgumentException.class, () -> plain.withBeams(1025));
    assertThrows(IllegalArgumentException.class, () -> plain.withMaximumTokens(-1));
    assertThrows(IllegalArgumentException.class, () -> plain.withTemperatures(List.of()));
    assertThrows(IllegalArgumentException.class, () -> plain.withTemperatures(List.of(-0.1)));
    assertThrows(IllegalArgumentException.class, () -> plain.withTemperatures(List.of(Double.NaN)));
    assertThrows(IllegalArgumentException.class, () -> plain.withThresholds(Double.NaN, -1, 0.6));
  }
}
