// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.added;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.normalizer.NormalizedText;
import io.github.quant4j.text.normalizer.Normalizer;
import io.github.quant4j.text.unicode.CharacterClasses;
import io.github.quant4j.text.vocabulary.Vocabulary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The added tokens of a tokenizer. Those that are not normalized are found in the text as it is
 * given, the others afterwards in what is left of it, normalized. At each place the longest token
 * wins. Immutable.
 */
public final class AddedTokens {
  private static final Logger log = LoggerFactory.getLogger(AddedTokens.class);

  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, AddedToken> byId = new HashMap<>();
  private final Set<String> specials = new HashSet<>();
  private final TokenTrie given = new TokenTrie();
  private final TokenTrie normalized = new TokenTrie();
  private final Normalizer normalizer;

  /** Receives the parts of a text in order. */
  public interface Consumer {
    /**
     * Takes an added token.
     *
     * @param id its id
     */
    void token(int id);

    /**
     * Takes what lies between added tokens.
     *
     * @param piece normalized, not empty
     */
    void text(NormalizedText piece);
  }

  private AddedTokens(Normalizer normalizer) {
    this.normalizer = normalizer;
  }

  /**
   * Reads the added tokens. The id of a token is that of the vocabulary, or the next free one; the
   * id that the file states is only compared with it, as Hugging Face's implementation does.
   *
   * @param sections the elements of {@code added_tokens}
   * @param vocabulary the tokens of the model
   * @param normalizer what is done to the text
   * @return the tokens
   * @throws IllegalArgumentException if they are malformed
   */
  public static AddedTokens read(
      List<Section> sections, Vocabulary vocabulary, Normalizer normalizer) {
    AddedTokens result = new AddedTokens(normalizer);
    List<AddedToken> special = new ArrayList<>();
    List<AddedToken> ordinary = new ArrayList<>();
    List<AddedToken> tokens = sections.stream().map(AddedToken::read).toList();
    for (AddedToken token : tokens) {
      if (token.special() && !token.content().isEmpty() && result.specials.add(token.content())) {
        special.add(token);
      }
    }
    int next = vocabulary.size();
    int moved = 0;
    String firstMoved = "";
    for (int i = 0; i < tokens.size(); i++) {
      AddedToken token = tokens.get(i);
      Integer known = result.ids.get(token.content());
      if (token.content().isEmpty() || known != null && token.equals(result.byId.get(known))) {
        continue;
      }
      int id = known != null ? known : vocabulary.idOf(token.content()).orElse(next);
      int stated = sections.get(i).natural("id");
      if (id != stated) {
        if (moved++ == 0) {
          firstMoved = "'" + token.content() + "' has id " + id + ", not " + stated;
        }
      }
      if (id == Integer.MAX_VALUE) {
        throw sections.get(i).error("the id is too large: " + id);
      }
      // A free id lies after the vocabulary and after all that were given out.
      next = Math.max(next, id + 1);
      result.ids.put(token.content(), id);
      result.byId.put(id, token);
      if (!result.specials.contains(token.content())) {
        ordinary.add(token);
      }
    }
    if (moved > 0) {
      log.warn("{} added tokens have other ids than the file states, first: {}", moved, firstMoved);
    }
    special.addAll(ordinary);
    for (AddedToken token : special) {
      result.addPattern(token);
    }
    return result;
  }

  private void addPattern(AddedToken token) {
    int id = Objects.requireNonNull(ids.get(token.content()));
    if (!token.normalized()) {
      given.add(token.content(), id);
      return;
    }
    String pattern = normalizer.normalize(new NormalizedText(token.content(), 0)).text();
    if (pattern.isEmpty()) {
      throw new IllegalArgumentException(
          "added_tokens: nothing is left of '"
              + token.content()
              + "' once it is normalized, so it cannot be found");
    }
    normalized.add(pattern, id);
  }

  /**
   * Finds the added tokens of a text and normalizes the rest.
   *
   * @param text well-formed UTF-16
   * @param out receives the parts
   */
  public void split(String text, Consumer out) {
    split(
        NormalizedText.whole(text),
        given,
        new Consumer() {
          @Override
          public void token(int id) {
            out.token(id);
          }

          @Override
          public void text(NormalizedText piece) {
            split(normalizer.normalize(piece), normalized, out);
          }
        });
  }

  private void split(NormalizedText piece, TokenTrie trie, Consumer out) {
    String text = piece.text();
    int done = 0;
    TokenTrie.Match match = trie.find(text, 0);
    while (match != null) {
      AddedToken token = Objects.requireNonNull(byId.get(match.id()));
      if (!token.singleWord() || standsAlone(text, match)) {
        int start =
            token.stripLeft() ? Math.max(spaceBefore(text, match.start()), done) : match.start();
        int end = token.stripRight() ? spaceBehind(text, match.end()) : match.end();
        if (done < start) {
          out.text(piece.slice(done, start));
        }
        // Searching goes on after the token without its spaces. They may be tokens once more;
        // those are dropped where the spaces are all that they are.
        if (start < end) {
          out.token(match.id());
        }
        done = end;
      }
      match = trie.find(text, match.end());
    }
    if (done < text.length()) {
      out.text(piece.slice(done, text.length()));
    }
  }

  private static boolean standsAlone(String text, TokenTrie.Match match) {
    return (match.start() == 0 || !CharacterClasses.isWord(text.codePointBefore(match.start())))
        && (match.end() == text.length()
            || !CharacterClasses.isWord(text.codePointAt(match.end())));
  }

  private static int spaceBefore(String text, int from) {
    int start = from;
    while (start > 0 && CharacterClasses.isWhiteSpace(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static int spaceBehind(String text, int from) {
    int end = from;
    while (end < text.length() && CharacterClasses.isWhiteSpace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /**
   * The id of an added token.
   *
   * @param token its text
   * @return its id, or empty if no added token has this text
   */
  public OptionalInt idOf(String token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * The text of an added token.
   *
   * @param id any
   * @return its text, or empty if no added token has this id
   */
  public Optional<String> tokenOf(int id) {
    return Optional.ofNullable(byId.get(id)).map(AddedToken::content);
  }

  /**
   * Whether decoding may leave a token out.
   *
   * @param token its text
   * @return true if it is a special token
   */
  public boolean isSpecial(String token) {
    return specials.contains(token);
  }

  /**
   * How many added tokens are not of a vocabulary.
   *
   * @param vocabulary the tokens of the model
   * @return the count
   */
  public int sizeBeyond(Vocabulary vocabulary) {
    return (int) ids.keySet().stream().filter(token -> vocabulary.idOf(token).isEmpty()).count();
  }
}
