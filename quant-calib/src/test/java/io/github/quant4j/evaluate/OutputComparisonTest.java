// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputComparisonTest {
  private static final String MODEL = "whisper-prefixed";
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(17);
  private final List<FloatMatrix> inputs =
      List.of(random.gaussianMatrix(48, 8), random.gaussianMatrix(20, 8));

  @Test
  void aNetworkAgreesWithItself() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, OPTIONS)) {
      OutputComparison.Result result =
          OutputComparison.of(encoder.graph(), encoder.graph()).run(inputs);
      assertEquals(Double.POSITIVE_INFINITY, result.sqnr());
      assertEquals(Double.POSITIVE_INFINITY, result.worst());
    }
  }

  @Test
  void theRatioIsThatOfTheFeatures() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, OPTIONS)) {
      Path target = directory.resolve("quantized");
      Quantization.of(encoder.graph(), encoder.directory().orElseThrow(), inputs, OPTIONS.kernels())
          .recipe("int4:g8:sym rtn")
          .saveTo(target);
      try (SpeechEncoder quantized = SpeechEncoder.open(target, OPTIONS)) {
        List<Long> blocks = new ArrayList<>();
        OutputComparison.Result result =
            OutputComparison.of(encoder.graph(), quantized.graph())
                .progress((stage, done, total) -> blocks.add(done))
                .run(inputs);
        double signal = 0;
        double noise = 0;
        List<Double> each = new ArrayList<>();
        for (FloatMatrix input : inputs) {
          FloatMatrix expected = encoder.encode(input);
          FloatMatrix actual = quantized.encode(input);
          each.add(SignalToNoise.decibels(expected, actual));
          for (int i = 0; i < expected.data().length; i++) {
            signal += Math.pow(expected.data()[i], 2);
            noise += Math.pow((double) expected.data()[i] - actual.data()[i], 2);
          }
        }
        assertEquals(10 * Math.log10(signal / noise), result.sqnr(), 1e-3, random.toString());
        assertEquals(Math.min(each.get(0), each.get(1)), result.worst(), 1e-3);
        assertEquals(each.get(1), result.inputs().get(1), 1e-3);
        assertEquals(List.of(1L, 2L, 3L), blocks);
      }
    }
  }

  /** A network without its last block. */
  private record Shorter(BlockModel<FloatMatrix> model) implements BlockModel<FloatMatrix> {
    @Override
    public String architecture() {
      return model.architecture();
    }

    @Override
    public List<BlockLayout> blocks() {
      return model.blocks().subList(0, model.blocks().size() - 1);
    }

    @Override
    public BlockLayout head() {
      return model.head();
    }

    @Override
    public Optional<ResidualStream> residualStream() {
      return model.residualStream();
    }

    @Override
    public HiddenStates embed(List<? extends FloatMatrix> inputs) {
      return model.embed(inputs);
    }

    @Override
    public Block open(int index) {
      return model.open(index);
    }

    @Override
    public Block openHead() {
      return model.openHead();
    }
  }

  @Test
  void whatCannotBeComparedIsRefused() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open(MODEL, OPTIONS);
        SpeechEncoder other = TestEncoders.open("whisper-bare", OPTIONS)) {
      IllegalArgumentException error =
          assertThrows(
              IllegalArgumentException.class,
              () -> OutputComparison.of(encoder.graph(), other.graph()));
      assertTrue(String.valueOf(error.getMessage()).contains("24"), error::getMessage);
      error =
          assertThrows(
              IllegalArgumentException.class,
              () -> OutputComparison.of(encoder.graph(), new Shorter(encoder.graph())));
      assertTrue(String.valueOf(error.getMessage()).contains("1 blocks"), error::getMessage);
      OutputComparison<FloatMatrix> comparison =
          OutputComparison.of(encoder.graph(), encoder.graph());
      assertThrows(IllegalArgumentException.class, () -> comparison.run(List.of()));
      assertThrows(
          CancellationException.class, () -> comparison.cancellation(() -> true).run(inputs));
      Thread.currentThread().interrupt();
      try {
        assertThrows(CancellationException.class, () -> comparison.run(inputs));
      } finally {
        Thread.interrupted();
      }
    }
  }
}
