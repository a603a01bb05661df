// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.ModelCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bits in the place of a recipe. */
class BitsOptionTest {
  @TempDir private Path temporary;
  private TinyModel tiny = new TinyModel(Path.of(""), Path.of(""));

  @BeforeEach
  void write() throws IOException {
    tiny = TinyModel.in(temporary);
  }

  private CommandRun quantize(String options) {
    List<String> call =
        new ArrayList<>(
            List.of(
                "quantize",
                tiny.directory().toString(),
                temporary.resolve("out").toString(),
                "--json",
                "--calib",
                tiny.text().toString(),
                "--samples",
                "4",
                "--context",
                "32"));
    call.addAll(List.of(options.split(" ")));
    return CommandRun.of(call.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({"2.8", "3.7", "4.9", "6.5", "9.5", "32"})
  void layersTakeAtMostSoManyBits(double bits) throws IOException {
    CommandRun run = quantize("--bits " + bits);
    double taken = run.number("bits_per_weight");
    assertTrue(taken <= bits && taken > Math.min(bits, 9) - 1.5, () -> taken + " of " + bits);
    assertEquals(List.of(), ModelCheck.verify(temporary.resolve("out")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bits 1.2 | --bits: 1.2, expected at least 2.",
        "--bits 0 | --bits: 0.0, expected above 0",
        "--bits NaN | expected a number",
        "--bits 33 | at most 32",
        "--bits 3 --plan none.json | --bits: beside --recipe or --plan",
      })
  void whatCannotBeIsRefused(String options, String expected) {
    quantize(options).requireFailure(Failure.CALL, expected);
  }
}
