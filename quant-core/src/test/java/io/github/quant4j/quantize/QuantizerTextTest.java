// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class QuantizerTextTest {
  /** Every word, in its canonical spelling. */
  @SuppressWarnings("unused") // by name
  private static final List<String> CANONICAL =
      List.of(
          "int4:g64:sym rtn",
          "int4:g64:asym mse gptq(act-order)>cd(6)",
          "int1:tensor:sym rtn",
          "int2:column(16):asym rtn",
          "int3:column:sym rtn",
          "int8:channel:sym:f32 rtn",
          "int8:block(128x128):sym:bf16 rtn",
          "int4:g128:asym:i8row rtn",
          "int3:g16:asym:second-order gptq",
          "int3:g16:asym:second-order(4,32) gptq",
          "fp4e2m1:g256:sym:po2row gptq",
          "fp4e2m1:g256:sym:po2rowfloor gptq",
          "fp4e2m1:g256:sym:po2rownear gptq",
          "fp4e2m1:g32:sym:e4m3 rtn",
          "int4:g32:sym:e8m0ceil rtn",
          "int4:g32:sym:e8m0near rtn",
          "mxfp4 rtn",
          "mxfp6e2m3 rtn",
          "mxfp6e3m2 rtn",
          "mxfp8 rtn",
          "mxfp8e5m2 rtn",
          "mxint8 rtn",
          "nvfp4 gptq",
          "fp8e4m3:channel:sym rtn",
          "fp8e5m2:tensor:sym rtn",
          "fp6e2m3:channel:sym rtn",
          "fp6e3m2:channel:sym rtn",
          "e3m4:channel:sym rtn",
          "e4m3b11fnuz:channel:sym rtn",
          "e?m?(4):channel:sym mse rtn",
          "best(int4,fp4e2m1,nf4):channel:sym mse rtn",
          "best-per-tile(int4,fp4e2m1):g64:sym rtn",
          "bitmod3:g128:sym rtn",
          "bitmod4:g128:sym:i8row rtn",
          "codebook(16):channel gptq",
          "codebook(9):g128 rtn",
          "levels(-1,0,1.5):channel:sym rtn",
          "levels(-1,0,1.5):channel:sym:unit rtn",
          "nf4:g64:sym:second-order(8,256) rtn",
          "ternary:g128:sym mse rtn",
          "binary:g128:sym mse rtn",
          "int4:g64:sym mse(2.4) rtn",
          "int4:g64:sym mse(2.4,steps=50,shrink=0.5) rtn",
          "int4:g64:sym mse(steps=50) rtn",
          "int4:g64:asym clip rtn",
          "int4:g64:asym clip(asym,diag,steps=10,shrink=0.3) rtn",
          "int4:g64:sym gaussian rtn",
          "int4:g64:sym percentile(99.9) rtn",
          "int4:g64:sym gptq(current)",
          "int4:g64:sym gptq(act-order,damp=0.05,block=64)",
          "int4:g64:sym cd(6,plain,act-order)",
          "int4:g64:sym refit(2)",
          "int2:g64:asym clip(asym,diag,steps=25,shrink=0.6) gptq(act-order)>cd(6)>refit(2,sweeps=6,damp=0)",
          "fp4e2m1:g32:sym:e8m0round refit(1)",
          "int4:g64:sym adaround",
          "int4:g64:sym adaround(iterations=200,rate=0.01,penalty=1)",
          "int4:g64:sym flexround",
          "int4:g64:sym flexround(iterations=200,rate=0.01)",
          "int4:g64:sym signround",
          "int2:g64:asym clip gptq(act-order)>cd(6)>signround(iterations=1000,rate=0.01)",
          "int4:g64:sym signround(rate=0.01)",
          "int4:g64:sym signround(iterations=1000)",
          "int4:g64:sym stochastic(7)",
          "int4:g64:sym gptq>cd(2)>adaround>flexround");

  @ParameterizedTest
  @FieldSource("CANONICAL")
  void everyWordIsReadAndPrinted(String text) {
    assertEquals(text, Quantizer.of(text).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g64;int4:g64:sym rtn",
        " int4:g64:sym   minmax   rtn ;int4:g64:sym rtn",
        "int4:g64 mse;int4:g64:sym mse rtn",
        "int4:g64 mse(2);int4:g64:sym mse rtn",
        "int4:g64 clip( diag , asym );int4:g64:sym clip(asym,diag) rtn",
        "int4:g64 gptq( damp=0.01 , act-order );int4:g64:sym gptq(act-order)",
        "int4:g64 stochastic;int4:g64:sym stochastic(0)",
        "e2m1:g32:e8m0 rtn;mxfp4 rtn",
        "int4:g64 refit(2,sweeps=4);int4:g64:sym refit(2)",
        "int4:g64 signround(rate=0.005,iterations=200);int4:g64:sym signround",
        "mxfp8e4m3 rtn;mxfp8 rtn",
        "int4:g64:asym:f16 gptq()>cd(6);int4:g64:asym gptq>cd(6)",
      })
  void otherSpellingsBecomeCanonical(String text, String canonical) {
    assertEquals(canonical, Quantizer.of(text).toString());
    assertEquals(canonical, Quantizer.of(canonical).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "\"\";empty",
        "int4:g64 rnt;did you mean 'rtn'",
        "int4:g64 gtpq;did you mean 'gptq'",
        "int4:g64 gptq>dc(6);did you mean 'cd'",
        "int4:g64 msse rtn;did you mean 'mse'",
        "int4:g64 percentil(99) rtn;did you mean 'percentile'",
        "int4:g64 adaronud;did you mean 'adaround'",
        "int4:g64 gptq(actorder);did you mean 'act-order'",
        "int4:g64 gptq(dmap=0.1);did you mean 'damp='",
        "int4:g64 gptq(damp=x);'x' is not a number",
        "int4:g64 gptq(damp=2);expected 0 to 1",
        "int4:g64 gptq(block=1.5);'1.5' is not a whole number",
        "int4:g64 gptq(act-order,act-order);stands twice",
        "int4:g64 cd;such as cd(6)",
        "int4:g64 cd(0);1 to 1000",
        "int4:g64 cd(x);whole number",
        "int4:g64 refit;such as refit(2)",
        "int4:g64 signround(iterations=0);1 to 1000000",
        "int4:g64 signround(rate=0);expected above 0",
        "int4:g64 refit(0);1 to 100",
        "int4:g64 refit(2,sweeps=0);1 to 1000",
        "int4:g64 mse(-1) rtn;at 13: '-1': expected above 0",
        "int4:g64 mse(steps=0) rtn;at 19: '0': expected 1 to 10000",
        "int4:g64 clip(shrink=7) rtn;at 21: '7': expected 0 to 1",
        "int4:g64 percentile rtn;PERCENT is missing",
        "int4:g64 percentile(20) rtn;50 to 100",
        "int4:g64 gaussian(2) rtn;has no arguments",
        "int4:g64 rtn mse;a search stands before the rounding",
        "int4:g64 rtn rtn;nothing may follow",
        "int4:g64 rtn>;a rounding is missing",
        "int4:g64 (rtn;')' is missing",
        "int4:g64 gptq);')' closes nothing",
        "nfp4:g64;did you mean 'nf4'",
        "terary:g64;did you mean 'ternary'",
        "bitmod5:g64;did you mean 'bitmod",
        "fp4e3m2:g64;not an OCP format",
        "e9m9:g64;bits",
        "mxfp44 rtn;did you mean 'mxfp4'",
        "int4:g64:sym:e8mo;did you mean 'e8m0'",
        "int4:q64;did you mean 'g64'",
        "int4:block(8);block(ROWSxCOLUMNS)",
      })
  void mistakesAreExplained(String text, String part) {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> Quantizer.of(text));
    assertTrue(String.valueOf(thrown.getMessage()).contains(part), thrown::getMessage);
  }

  /** Whatever the text, it is a quantizer that prints and reads back, or there is a complaint. */
  @Test
  void mutationsNeverFailOtherwise() {
    SeededRandom random = new SeededRandom(111);
    String alphabet = "abcdefghijklmnopqrstuvwxyz0123456789:>(),.=-? \u00e9\t";
    int accepted = 0;
    for (int i = 0; i < 5000; i++) {
      StringBuilder text = new StringBuilder(CANONICAL.get(random.nextInt(0, CANONICAL.size())));
      for (int edit = random.nextInt(1, 4); edit > 0 && !text.isEmpty(); edit--) {
        int at = random.nextInt(0, text.length());
        char c = alphabet.charAt(random.nextInt(0, alphabet.length()));
        switch (random.nextInt(0, 4)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, c);
          case 2 -> text.setCharAt(at, c);
          default -> text.delete(at, Math.min(text.length(), at + random.nextInt(1, 9)));
        }
      }
      String mutated = text.toString();
      try {
        String canonical = Quantizer.of(mutated).toString();
        assertEquals(canonical, Quantizer.of(canonical).toString(), mutated);
        accepted++;
      } catch (IllegalArgumentException e) {
        assertTrue(!String.valueOf(e.getMessage()).isBlank(), mutated);
      }
    }
    assertTrue(accepted > 100, "mutations that are quantizers: " + accepted);
  }
}
