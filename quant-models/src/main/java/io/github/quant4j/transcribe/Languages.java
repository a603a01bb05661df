// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The languages that Whisper was trained on, by name. */
public final class Languages {
  private static final Map<String, String> CODES =
      """
      af afrikaans
      sq albanian
      am amharic
      ar arabic
      hy armenian
      as assamese
      az azerbaijani
      ba bashkir
      eu basque
      be belarusian
      bn bengali
      bs bosnian
      br breton
      bg bulgarian
      my burmese
      yue cantonese
      es castilian
      ca catalan
      zh chinese
      hr croatian
      cs czech
      da danish
      nl dutch
      en english
      et estonian
      fo faroese
      fi finnish
      nl flemish
      fr french
      gl galician
      ka georgian
      de german
      el greek
      gu gujarati
      ht haitian
      ht haitian creole
      ha hausa
      haw hawaiian
      he hebrew
      hi hindi
      hu hungarian
      is icelandic
      id indonesian
      it italian
      ja japanese
      jw javanese
      kn kannada
      kk kazakh
      km khmer
      ko korean
      lo lao
      la latin
      lv latvian
      lb letzeburgesch
      ln lingala
      lt lithuanian
      lb luxembourgish
      mk macedonian
      mg malagasy
      ms malay
      ml malayalam
      mt maltese
      zh mandarin
      mi maori
      mr marathi
      ro moldavian
      ro moldovan
      mn mongolian
      my myanmar
      ne nepali
      no norwegian
      nn nynorsk
      oc occitan
      pa panjabi
      ps pashto
      fa persian
      pl polish
      pt portuguese
      pa punjabi
      ps pushto
      ro romanian
      ru russian
      sa sanskrit
      sr serbian
      sn shona
      sd sindhi
      si sinhala
      si sinhalese
      sk slovak
      sl slovenian
      so somali
      es spanish
      su sundanese
      sw swahili
      sv swedish
      tl tagalog
      tg tajik
      ta tamil
      tt tatar
      te telugu
      th thai
      bo tibetan
      tr turkish
      tk turkmen
      uk ukrainian
      ur urdu
      uz uzbek
      ca valencian
      vi vietnamese
      cy welsh
      yi yiddish
      yo yoruba
      """
          .lines()
          .map(line -> line.split(" ", 2))
          .collect(Collectors.toUnmodifiableMap(line -> line[1], line -> line[0]));

  private Languages() {}

  /**
   * The code of a language.
   *
   * @param language a name, a code, or a code as a token, such as {@code <|en|>}
   * @return the code; what was given, in lower case, if it is no name
   */
  public static String code(String language) {
    String lower = language.strip().toLowerCase(Locale.ROOT);
    if (lower.startsWith("<|") && lower.endsWith("|>")) {
      return lower.substring(2, lower.length() - 2);
    }
    return CODES.getOrDefault(lower, lower);
  }
}
