// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recipes whose weights become blocks of ggml. */
class BlockRecipesTest {
  private static final int ROWS = 8;
  private static final int COLUMNS = 256;

  private static QuantizedLinear quantized(String recipe, SeededRandom random) {
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    FloatMatrix inputs = random.gaussianMatrix(400, COLUMNS);
    return LinearQuantizer.of(recipe).quantize(weights, LayerInput.observe(inputs)).linear();
  }

  /** Widths are those of ggml, block by block. */
  @ParameterizedTest
  @CsvSource({
    "q4_0, Q4_0, 4.5",
    "q4_1, Q4_1, 5",
    "q5_0, Q5_0, 5.5",
    "q5_1, Q5_1, 6",
    "q8_0, Q8_0, 8.5",
    "q2_k, Q2_K, 2.625",
    "q3_k, Q3_K, 3.4375",
    "q4_k, Q4_K, 4.5",
    "q5_k, Q5_K, 5.5",
    "q6_k, Q6_K, 6.5625",
    "iq4_nl, IQ4_NL, 4.5",
    "iq4_xs, IQ4_XS, 4.25",
    "tq1_0, TQ1_0, 1.6875",
    "tq2_0, TQ2_0, 2.0625"
  })
  void aLayerIsBlocksOfTheWidthThatIsKnownBeforehand(
      String scheme, BlockFormat format, double bits) {
    SeededRandom random = new SeededRandom(format.blockBytes());
    String text = scheme + " clip gptq(act-order)>cd(2)>refit(1)";
    Recipe recipe = Recipe.parse(text);
    assertEquals(text, recipe.toString());
    assertEquals(recipe, Recipe.parse(recipe.toString()));
    assertEquals(bits * ROWS * COLUMNS, (double) recipe.storageBits(ROWS, COLUMNS));
    QuantizedLinear linear = quantized(text, random);
    assertEquals(bits * ROWS * COLUMNS, (double) linear.storageBits(), scheme + ", " + random);
    BlockTerm term = assertInstanceOf(BlockTerm.class, linear.terms().getFirst());
    assertEquals(format, term.matrix().format());
    assertEquals(1, linear.terms().size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "q4_k rtn",
        "awq | q4_0 clip rtn",
        "smooth(0.5) | hadamard | q6_k mse rtn @ int8:token:sym",
        "q2_k clip gptq>cd(2) + lowrank(4)",
        "q3_k clip rtn + sparse(0.01)",
        "q4_0 rtn or q4_1 rtn",
        "iq4_nl mse adaround(iterations=5)",
        "q5_k clip stochastic(3)",
      })
  void goesWithOtherSteps(String text) {
    SeededRandom random = new SeededRandom(50);
    assertEquals(text, Recipe.parse(text).toString());
    QuantizedLinear linear = quantized(text, random);
    assertTrue(linear.terms().stream().anyMatch(BlockTerm.class::isInstance), text);
    assertTrue(linear.toDense().isFinite(), text);
  }

  @Test
  void printsAsItWasWritten() {
    String text = "retarget(0.5) | awq | q4_k clip gptq(act-order)>cd(6)>refit(2) + bias";
    assertEquals(text, Recipe.parse(text).toString());
    assertEquals("q4_k rtn", Recipe.parse(" q4_k ").toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "q4_k gptq(current); share a block",
        "q4_0 nested(8); changes scales one by one",
        "q4_k signround; changes scales one by one",
        "q4_k flexround; changes scales one by one",
        "q4_k gaussian rtn; found by minmax, mse or clip",
        "q4_k mse(2.4) rtn; found by minmax, mse or clip",
        "q4_k percentile(99) rtn; found by minmax, mse or clip",
        "q4_k rtn + split(3); makes blocks",
        "q4_k rtn + columns(0.1); makes blocks",
        "q2_k rtn + widths; makes blocks",
        "q2_k gptq + sparse(0.01,loop); makes blocks",
        "q2_k rtn + groups(0.25,q4_k rtn); makes blocks",
        "q2_k rtn + rows(0.25,q4_k rtn); makes blocks",
        "q4_x rtn; did you mean 'q4_",
        "q4_k:g32 rtn; q4_k",
        "int4:g32:asym:q4_k rtn; q4_k",
        "int8:channel:sym rtn @ q8_0; q8_0",
      })
  void whatDoesNotSuitIsRefused(String recipe, String part) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> Recipe.parse(recipe));
    assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal::getMessage);
  }

  @ParameterizedTest
  @CsvSource({
    "q2_k, iq4_nl",
    "q3_k, iq4_nl",
    "q4_k, q5_0",
    "q5_k, q5_1",
    "q6_k, q8_0",
    "iq4_xs, iq4_nl"
  })
  void rowsThatAreNoWholeBlocksAreRefusedWithAdvice(String scheme, String other) {
    Recipe recipe = Recipe.parse(scheme + " rtn");
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> recipe.storageBits(4, 288));
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains("288") && message.contains("take " + other + " "), message);
    assertTrue(Recipe.parse(other + " rtn").storageBits(4, 288) > 0);
  }

  /** The same on one thread and on several. */
  @Test
  void isDeterministic() {
    String recipe = "q2_k clip gptq(act-order)>cd(2)>refit(2)";
    FloatMatrix first = quantized(recipe, new SeededRandom(9)).toDense();
    FloatMatrix second = quantized(recipe, new SeededRandom(9)).toDense();
    assertEquals(0, java.util.Arrays.compare(first.data(), second.data()));
  }
}
