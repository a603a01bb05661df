// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What {@link TextNormalizer#english} says. */
final class EnglishNormalizer implements TextNormalizer {
  /** Replaced in this order, each before the next; words as the regular expressions of Python. */
  private static final List<Rule> RULES =
      """
      \\b(hmm|mm|mhm|mmm|uh|um)\\b=
      \\s+'='
      \\bwon't\\b=will not
      \\bcan't\\b=can not
      \\blet's\\b=let us
      \\bain't\\b=aint
      \\by'all\\b=you all
      \\bwanna\\b=want to
      \\bgotta\\b=got to
      \\bgonna\\b=going to
      \\bi'ma\\b=i am going to
      \\bimma\\b=i am going to
      \\bwoulda\\b=would have
      \\bcoulda\\b=could have
      \\bshoulda\\b=should have
      \\bma'am\\b=madam
      \\bmr\\b=mister_
      \\bmrs\\b=missus_
      \\bst\\b=saint_
      \\bdr\\b=doctor_
      \\bprof\\b=professor_
      \\bcapt\\b=captain_
      \\bgov\\b=governor_
      \\bald\\b=alderman_
      \\bgen\\b=general_
      \\bsen\\b=senator_
      \\brep\\b=representative_
      \\bpres\\b=president_
      \\brev\\b=reverend_
      \\bhon\\b=honorable_
      \\basst\\b=assistant_
      \\bassoc\\b=associate_
      \\blt\\b=lieutenant_
      \\bcol\\b=colonel_
      \\bjr\\b=junior_
      \\bsr\\b=senior_
      \\besq\\b=esquire_
      'd been\\b=_had been
      's been\\b=_has been
      'd gone\\b=_had gone
      's gone\\b=_has gone
      'd done\\b=_had done
      's got\\b=_has got
      n't\\b=_not
      're\\b=_are
      's\\b=_is
      'd\\b=_would
      'll\\b=_will
      't\\b=_not
      've\\b=_have
      'm\\b=_am
      (\\d),(\\d)=$1$2
      \\.([^0-9]|$)=_$1
      """
          .lines()
          .map(Rule::of)
          .toList();

  private static final List<Rule> AFTER_NUMBERS =
      List.of(Rule.of("[.$¢€£]([^0-9])=_$1"), Rule.of("([^0-9])%=$1_"));

  private final EnglishNumbers numbers = new EnglishNumbers();
  private final Map<String, String> spellings;

  /** A replacement; an underscore stands for a space at an end. */
  private record Rule(Pattern pattern, String replacement) {
    static Rule of(String line) {
      int at = line.lastIndexOf('=');
      return new Rule(
          Pattern.compile(line.substring(0, at), Pattern.UNICODE_CHARACTER_CLASS),
          line.substring(at + 1).replace('_', ' '));
    }

    String apply(String text) {
      return pattern.matcher(text).replaceAll(replacement);
    }
  }

  EnglishNormalizer(Map<String, String> spellings) {
    this.spellings = Map.copyOf(spellings);
  }

  @Override
  public String normalize(String text) {
    String result = BasicNormalizer.withoutAsides(text.toLowerCase(Locale.ROOT));
    for (Rule rule : RULES) {
      result = rule.apply(result);
    }
    result = BasicNormalizer.withoutSymbolsAndDiacritics(result, ".%$¢€£");
    result = american(numbers.normalize(result));
    for (Rule rule : AFTER_NUMBERS) {
      result = rule.apply(result);
    }
    return BasicNormalizer.oneSpace(result);
  }

  private String american(String text) {
    return Arrays.stream(EnglishNumbers.words(text))
        .map(word -> spellings.getOrDefault(word, word))
        .collect(Collectors.joining(" "));
  }
}
