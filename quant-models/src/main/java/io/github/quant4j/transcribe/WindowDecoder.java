// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import io.github.quant4j.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Decodes a window, at one temperature after the other until the text is good enough. */
final class WindowDecoder {
  private final TokenDecoder decoder;
  private final SpeechTokens tokens;
  private final Tokenizer tokenizer;
  private final TranscriptionOptions options;
  private final boolean timestamps;
  private final SplittableRandom random;

  WindowDecoder(
      TokenDecoder decoder,
      SpeechTokens tokens,
      Tokenizer tokenizer,
      TranscriptionOptions options,
      boolean timestamps) {
    this.decoder = decoder;
    this.tokens = tokens;
    this.tokenizer = tokenizer;
    this.options = options;
    this.timestamps = timestamps;
    this.random = new SplittableRandom(options.seed());
  }

  /**
   * What becomes of a window.
   *
   * @param text the tokens of text, decoded
   * @param isSilence whether it is to be left out
   */
  record Result(
      List<Integer> tokens,
      String text,
      double temperature,
      double averageLogProbability,
      double compressionRatio,
      double noSpeechProbability,
      boolean isSilence) {}

  /** The text of some tokens, without special ones and time stamps. */
  String text(List<Integer> written) {
    int[] ids =
        written.stream()
            .mapToInt(token -> token)
            .filter(token -> !tokens.isTimestamp(token) && !tokenizer.isSpecial(token))
            .toArray();
    return tokenizer.decode(ids, true);
  }

  /**
   * Decodes a window.
   *
   * @param earlier what stands before the prompt, perhaps nothing
   * @param prompt what the text goes on from
   */
  Result run(TokenDecoder.Window window, List<Integer> earlier, List<Integer> prompt) {
    Result result = attempt(window, earlier, prompt, options.temperatures().getFirst());
    for (int i = 1; i < options.temperatures().size() && isPoor(result); i++) {
      result = attempt(window, earlier, prompt, options.temperatures().get(i));
    }
    return result;
  }

  private boolean isPoor(Result result) {
    return !result.isSilence
        && (result.averageLogProbability < options.logProbabilityThreshold()
            || result.compressionRatio > options.compressionRatioThreshold());
  }

  private Result attempt(
      TokenDecoder.Window window, List<Integer> earlier, List<Integer> prompt, double temperature) {
    int vocabulary = decoder.vocabularySize();
    int texts = temperature == 0 ? options.beams() : 1;
    TokenDecoder.Session session = window.begin(texts);
    // What is predicted behind the first token tells whether anyone speaks.
    int[] first =
        Stream.concat(earlier.stream(), Stream.of(prompt.getFirst())).mapToInt(t -> t).toArray();
    float[] logits = session.append(alone(texts, first));
    double silence = noSpeech(logits, vocabulary);
    int[] rest = prompt.stream().skip(1).mapToInt(t -> t).toArray();
    if (rest.length > 0) {
      logits = session.append(alone(texts, rest));
    }
    int most = room(earlier.size() + prompt.size());
    TokenRules rules = new TokenRules(tokens, timestamps, vocabulary);
    Hypothesis found;
    if (texts == 1) {
      found =
          new GreedySearch(rules, tokens.end(), vocabulary, temperature, random)
              .run(session, logits, most);
    } else {
      session.reorder(new int[texts]);
      found =
          new BeamSearch(rules, tokens.end(), vocabulary, texts, options.lengthPenalty())
              .run(session, logits, most);
    }
    String text = text(found.tokens());
    boolean isUnlikely = found.averageLogProbability() < options.logProbabilityThreshold();
    return new Result(
        found.tokens(),
        text,
        temperature,
        found.averageLogProbability(),
        CompressionRatio.of(text.strip()),
        silence,
        isUnlikely && silence > options.noSpeechThreshold());
  }

  /** How many tokens fit behind a prompt. */
  private int room(int prompt) {
    int most = Math.min(decoder.maximumPositions() - prompt, tokens.maximumLength());
    return options.maximumTokens() == 0 ? most : Math.min(most, options.maximumTokens());
  }

  /** Tokens for the first of several texts. */
  private static int[][] alone(int texts, int[] first) {
    int[][] all = new int[texts][0];
    all[0] = first;
    return all;
  }

  private double noSpeech(float[] logits, int vocabulary) {
    if (tokens.noTimestamps().isEmpty() || tokens.noTimestamps().getAsInt() == 0) {
      return 0;
    }
    int token = tokens.noTimestamps().getAsInt() - 1;
    return Math.exp(logits[token] - LogSoftmax.logSum(logits, 0, vocabulary));
  }

  /** What a text may go on from: the last tokens of earlier windows. */
  List<Integer> earlier(List<List<Integer>> segments) {
    if (segments.isEmpty() || tokens.previous().isEmpty()) {
      return List.of();
    }
    List<Integer> all = new ArrayList<>();
    for (List<Integer> segment : segments) {
      // Of two time stamps at the end, the second one begins what follows.
      boolean isPair = segment.size() > 2 && tokens.isTimestamp(segment.get(segment.size() - 2));
      all.addAll(isPair ? segment.subList(0, segment.size() - 1) : segment);
    }
    int most = Math.min(all.size(), decoder.maximumPositions() / 2 - 1);
    List<Integer> prompt = new ArrayList<>();
    prompt.add(tokens.previous().getAsInt());
    prompt.addAll(all.subList(all.size() - most, all.size()));
    return prompt;
  }

  /** The language whose token is likeliest behind the first token of a text. */
  static int language(TokenDecoder decoder, SpeechTokens tokens, TokenDecoder.Window window) {
    float[] logits = window.begin(1).append(new int[][] {{tokens.start()}});
    int[] languages = tokens.languages().values().stream().mapToInt(t -> t).sorted().toArray();
    int best = languages[0];
    for (int language : Arrays.copyOfRange(languages, 1, languages.length)) {
      if (logits[language] > logits[best]) {
        best = language;
      }
    }
    return best;
  }
}
