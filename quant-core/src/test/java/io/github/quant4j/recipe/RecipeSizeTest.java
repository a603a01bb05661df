// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeSizeTest {
  private static final int ROWS = 48;
  private static final int COLUMNS = 128;

  private final SeededRandom random = new SeededRandom(5);

  private QuantizedLinear quantized(String recipe) {
    FloatMatrix weights = FloatMatrix.wrap(ROWS, COLUMNS, random.gaussians(ROWS * COLUMNS));
    FloatMatrix inputs = FloatMatrix.wrap(64, COLUMNS, random.gaussians(64 * COLUMNS));
    return LinearQuantizer.of(recipe).quantize(weights, LayerInput.observe(inputs)).linear();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g64:sym rtn",
        "int3:g32:asym rtn",
        "int8:channel:sym rtn",
        "int5:tensor:asym rtn",
        "mxfp4 rtn",
        "nvfp4 rtn",
        "nf4:g64 rtn",
        "e3m2:channel rtn",
        "int4:block(16x16):sym:f32 rtn",
        "int4:column(16):sym rtn",
        "bf16",
        "int4:g16:asym:second-order rtn",
        "fp4e2m1:g32:sym:po2row rtn",
        "int4:g32:asym:i8row rtn",
        "codebook(16):channel rtn",
        "codebook(6):g64 rtn",
        "bitmod4:g32 rtn",
        "bitmod3:g32:sym mse rtn",
        "best-per-tile(int4,fp4e2m1,nf4):g16 rtn",
        "e?m?(5):channel gptq",
        "ternary2:g32",
        "int4:g64:sym rtn + split(3)",
        "int4:g64:sym rtn + plane(int2:g64:sym rtn)",
        "int4:g32:sym rtn + lowrank(4)",
        "int4:g32:sym rtn + lowrank(4,f32)",
        "int4:g32:sym rtn + lowrank(4,int8)",
        "int4:g32:sym rtn + sparse(0.01)",
        "int4:g32:sym rtn + columns(0.25)",
        "int3:g16:asym gptq(current) + sparse(0.02,loop)",
        "int3:g16:asym:second-order gptq(act-order,current) + sparse(0.02,loop)",
        "int4:g32:sym gptq(act-order,current)",
        "int3:channel:asym rtn>cd(3) + sparse(0.02,iht)",
        "binary:g64:sym absmean gptq + sparse(0.1,saliency,int8)",
        "int4:g32:sym rtn + sparse(0.3,magnitude,int8)",
        "power?(4):g64:sym rtn",
        "pot(3):channel:sym rtn",
        "dynamic8:channel rtn",
        "int4:g64:sym nested(8)",
        "int4:g32:sym rtn + lowrank(4,int1)",
        "int4:g32:sym rtn + lowrank(16,int1)",
        "int8:tensor:sym:e8m0 rtn + plane(int8:tensor:sym:e8m0 rtn)",
        "olive4:channel",
        "olive4:g32",
        "trellis2(8)",
        "trellis3(8,planes=5)",
        "vq(4,bits=8)",
        "vq(5,bits=6,residual=3,norm)",
        "vq(4,bits=4,outliers=0.05,norm)",
      })
  void theSizeIsKnownBeforehand(String recipe) {
    double expected = (double) quantized(recipe).storageBits();
    // Outliers are counted by rounding a share, and packed codes are padded to words.
    assertEquals(
        expected,
        (double) Recipe.parse(recipe).storageBits(ROWS, COLUMNS),
        0.01 * expected,
        recipe + ", " + random);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g96:sym rtn; 96",
        "int4:g64:sym rtn @ int8:g96; 96",
        "hadamard(block=12) | int4:g64:sym rtn; 12",
        "int4:g64:sym rtn + plane(int2:g96:sym rtn); 96",
        "int4:column(36):sym rtn; 36",
      })
  void whatDoesNotSuitIsRefusedWithItsNumber(String recipe, String number) {
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> Recipe.parse(recipe).storageBits(ROWS, COLUMNS));
    assertTrue(String.valueOf(error.getMessage()).contains(number), error.getMessage());
  }

  /** What the size accepts can be quantized, and what it refuses would fail in the layer. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "int2:g16:asym rtn @ int8:channel + widths",
        "int2:g16:asym rtn @ int8:channel + groups(0.25,int4:g16:asym rtn)",
        "int4:channel:sym rtn @ int8:channel + columns(0.25)",
        "int4:g32:sym gptq(act-order,current) @ int8:channel",
        "int2:g16:asym rtn @ int8:g32 + groups(0.3,int4:g16:asym rtn)",
        "int4:channel:sym rtn @ int8:g64 + columns(0.25)",
      })
  void activationsThatPartsOfTheWeightsCannotReadAreRefusedBeforehand(String recipe) {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> Recipe.parse(recipe).storageBits(ROWS, COLUMNS));
    assertTrue(
        String.valueOf(refusal.getMessage()).startsWith("activations: "), refusal::getMessage);
    if (!recipe.endsWith("widths")) {
      // Whether widths differ at all depends on the weights.
      assertThrows(IllegalArgumentException.class, () -> quantized(recipe));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int2:g16:asym rtn @ int8:g16 + widths",
        "int2:g16:asym rtn @ int8:token + widths",
        "int2:g16:asym rtn @ int8:g32 + groups(0.25,int4:g16:asym rtn)",
        "int2:g16:asym rtn @ int8:g16 + groups(0.3,int4:g16:asym rtn)",
        "int4:channel:sym rtn @ int8:g32 + columns(0.25)",
        "int4:channel:sym rtn @ int8:token + columns(0.3)",
        "int4:g32:sym rtn @ int8:channel + rows(0.25,int8:channel:sym rtn)",
        "int4:g32:sym rtn @ int8:channel + sparse(0.01)",
        "int4:g32:sym rtn @ int8:channel + lowrank(4)",
      })
  void activationsThatAllPartsCanReadAreAccepted(String recipe) {
    long bits = Recipe.parse(recipe).storageBits(ROWS, COLUMNS);
    assertTrue(bits > 0 && quantized(recipe).activations().isPresent(), recipe);
  }
}
