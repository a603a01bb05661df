// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StepTest {
  private record Wave(double height, boolean isRound, String color, int length, int crests) {}

  private static final Step<Wave, Wave> WAVE =
      Step.<Wave>named("wave", "goes up and down")
          .required("HEIGHT", Range.above(0, 10), Wave::height, "in metres")
          .optional("CRESTS", Range.whole(1, 9), 3, Wave::crests, "how many")
          .flag("round", Wave::isRound, "without edges")
          .choice("color", List.of("blue", "green"), "blue", Wave::color, "of the water")
          .key("length", Range.whole(1, 99), 7, Wave::length, "from crest to crest")
          .make(
              values ->
                  new Wave(
                      values.number("HEIGHT"),
                      values.flag("round"),
                      values.word("color"),
                      values.count("length"),
                      values.count("CRESTS")));

  private static final Steps<Wave> WAVES = Steps.of("shape", WAVE);

  private static Wave read(String text) {
    return WAVES.read(Phrase.of("test", text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "wave(2);wave(2)",
        "wave( 2 , 3 , blue , length = 7 );wave(2)",
        "wave(length=8,green,round,0.50);wave(0.5,round,green,length=8)",
        "wave(1e-3,4);wave(0.001,4)",
      })
  void whatIsReadIsPrintedInTheDeclaredOrder(String text, String canonical) {
    Wave wave = read(text);
    assertEquals(canonical, WAVE.label(wave));
    assertEquals(wave, read(WAVE.label(wave)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "wave;0;HEIGHT is missing",
        "wave(11);5;expected above 0, to 10",
        "wave(0);5;expected above 0, to 10",
        "wave(2,10);7;expected 1 to 9",
        "wave(2,1.5);7;is not a whole number",
        "wave(2,3,4);9;is not known here",
        "wave(2,rond);7;did you mean 'round'?",
        "wave(2,lenght=3);7;did you mean 'length='?",
        "wave(2,length=x);14;is not a whole number",
        "wave(2,round,round);13;stands twice",
        "wave(2,blue,green);12;there is 'blue' already",
        "wave(2)(3);0;expected a name",
        "Wave(2);0;is not known",
        "wvae(2);0;did you mean 'wave'?",
        "wave(2;6;')' is missing",
        "wave 2);6;')' closes nothing",
      })
  void mistakesAreLocated(String text, int position, String hint) {
    SyntaxException error = assertThrows(SyntaxException.class, () -> read(text));
    assertTrue(error.problem().contains(hint), error::problem);
    assertEquals(position, error.position(), error::getMessage);
    assertEquals(text, error.text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "NaN",
        "Infinity",
        "1f",
        "2d",
        "0x1p-4",
        "0x10",
        "1_000",
        "\u0661",
        "1e",
        "e5",
        ".",
        "--1",
        "1e999",
        "1e-999",
        "1 2",
        "1,5"
      })
  void whatIsNoDecimalNumberIsRefused(String text) {
    assertThrows(SyntaxException.class, () -> Numerals.number(Phrase.of("test", text)));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "-1.5,-1.5", "+.5,0.5", "3.,3", "1e-3,0.001", "2.5E+2,250", "-0,0"})
  void decimalNumbersAreRead(String text, String printed) {
    assertEquals(printed, Numerals.plain(Numerals.number(Phrase.of("test", text))));
  }

  @Test
  void helpComesFromTheDeclaration() {
    assertEquals("wave(HEIGHT,[CRESTS],[round],[blue|green],[length=L])", WAVE.usage());
    assertEquals(
        List.of(
            "HEIGHT: in metres (above 0, to 10)",
            "CRESTS: how many (1 to 9, 3 if not given)",
            "round: without edges",
            "blue|green: of the water (blue if not given)",
            "length=L: from crest to crest (1 to 99, 7 if not given)"),
        WAVE.argumentHelp());
  }

  @Test
  void partsKnowWhereTheyStand() {
    Phrase text = Phrase.of("test", " a | b(c|d)  e @f");
    List<Phrase> parts = text.split("|@");
    assertEquals(List.of("a", "b(c|d)  e", "f"), parts.stream().map(Phrase::text).toList());
    assertEquals(List.of(1, 5, 16), parts.stream().map(Phrase::position).toList());
    assertEquals(List.of(' ', '|', '@'), parts.stream().map(Phrase::mark).toList());
    assertEquals(List.of(5, 13), parts.get(1).words().stream().map(Phrase::position).toList());
  }

  @Test
  void aLongWordIsNotCompared() {
    assertEquals("", Suggestion.of("x".repeat(10_000_000), List.of("xx", "gptq")));
    assertEquals("; did you mean 'gptq'?", Suggestion.of("gtpq", List.of("xx", "gptq")));
  }
}
