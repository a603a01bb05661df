// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.DescribedTensors;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.transform.rule.TransformedStatistics;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputTransformTest {
  private static final int[] SIZES = {12, 16, 20, 28, 36, 40, 48, 96};

  static java.util.stream.LongStream seeds() {
    return java.util.stream.LongStream.range(0, 60);
  }

  private static double relativeDifference(float[] expected, float[] actual) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      error += ((double) expected[i] - actual[i]) * ((double) expected[i] - actual[i]);
      norm += (double) expected[i] * expected[i];
    }
    return Math.sqrt(error / Math.max(norm, 1e-30));
  }

  /** {@code x W^T + b} in double. */
  private static float[] layer(FloatMatrix x, FloatMatrix weights, float[] bias) {
    float[] y = new float[x.rows() * weights.rows()];
    for (int t = 0; t < x.rows(); t++) {
      for (int r = 0; r < weights.rows(); r++) {
        double sum = bias[r];
        for (int i = 0; i < x.columns(); i++) {
          sum += (double) x.get(t, i) * weights.get(r, i);
        }
        y[t * weights.rows() + r] = (float) sum;
      }
    }
    return y;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theInverseUndoesEveryChain(long seed) {
    SeededRandom random = new SeededRandom(seed);
    int size = SIZES[random.nextInt(0, SIZES.length)];
    InputTransform transform = RandomTransforms.chain(random, size);
    FloatMatrix x = random.gaussianMatrix(5, size);
    FloatMatrix back =
        transform.inverse().apply(transform.apply(x, Compute.scalar()), Compute.scalar());
    double difference = relativeDifference(x.data(), back.data());
    assertTrue(difference < 2e-5, () -> random + ", " + transform + ": " + difference);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theLayersOutputStaysAsItIs(long seed) {
    SeededRandom random = new SeededRandom(1000 + seed);
    int size = SIZES[random.nextInt(0, SIZES.length)];
    InputTransform transform = RandomTransforms.chain(random, size);
    FloatMatrix x = random.gaussianMatrix(6, size);
    FloatMatrix weights = random.gaussianMatrix(7, size);
    float[] bias = random.gaussians(7);
    float[] changedBias = bias.clone();
    float[] correction = transform.biasCorrection(weights, Compute.scalar());
    for (int i = 0; i < bias.length; i++) {
      changedBias[i] += correction[i];
    }
    float[] expected = layer(x, weights, bias);
    float[] actual =
        layer(
            transform.apply(x, Compute.scalar()),
            transform.transformWeights(weights, Compute.scalar()),
            changedBias);
    double difference = relativeDifference(expected, actual);
    assertTrue(difference < 1e-5, () -> random + ", " + transform + ": " + difference);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void foldingIntoTheProducerEqualsTransformingItsOutput(long seed) {
    SeededRandom random = new SeededRandom(2000 + seed);
    int size = SIZES[random.nextInt(0, SIZES.length)];
    InputTransform transform = RandomTransforms.chain(random, size);
    FloatMatrix input = random.gaussianMatrix(4, 9);
    FloatMatrix producer = random.gaussianMatrix(size, 9);
    float[] bias = random.gaussians(size);
    float[] expected =
        transform
            .apply(FloatMatrix.wrap(4, size, layer(input, producer, bias)), Compute.scalar())
            .data();
    float[] actual =
        layer(
            input,
            transform.foldIntoRows(producer, Compute.scalar()),
            transform.foldIntoBias(bias, Compute.scalar()));
    double difference = relativeDifference(expected, actual);
    assertTrue(difference < 1e-5, () -> random + ", " + transform + ": " + difference);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void statisticsInClosedFormEqualObservedOnes(long seed) {
    SeededRandom random = new SeededRandom(3000 + seed);
    int size = SIZES[random.nextInt(0, SIZES.length)];
    InputTransform transform = RandomTransforms.chain(random, size);
    FloatMatrix x = random.gaussianMatrix(50, size);
    Compute compute = Compute.scalar();
    InputStatistics before = InputStatistics.withGram(size);
    before.add(x, compute);
    InputStatistics observed = InputStatistics.withGram(size);
    observed.add(transform.apply(x, compute), compute);
    InputStatistics derived = TransformedStatistics.of(transform, before, compute);
    double moment =
        relativeDifference(
            observed.gram().orElseThrow().values(), derived.gram().orElseThrow().values());
    assertTrue(moment < 1e-4, () -> random + ", " + transform + ": moment differs by " + moment);
    for (int j = 0; j < size; j++) {
      double rms = Math.sqrt(observed.gram().orElseThrow().values()[j * size + j] / 50);
      assertEquals(observed.mean()[j], derived.mean()[j], 1e-4 * rms + 1e-6, random::toString);
    }
    assertEquals(transform.keepsChannels(), derived.ranges().isPresent(), random::toString);
    if (transform.keepsChannels()) {
      assertTrue(
          relativeDifference(
                  observed.ranges().orElseThrow().maximum(),
                  derived.ranges().orElseThrow().maximum())
              < 1e-5,
          random::toString);
      assertTrue(
          relativeDifference(
                  observed.ranges().orElseThrow().minimum(),
                  derived.ranges().orElseThrow().minimum())
              < 1e-5,
          random::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theStoredFormReadsBackTheSame(long seed) {
    SeededRandom random = new SeededRandom(4000 + seed);
    int size = SIZES[random.nextInt(0, SIZES.length)];
    InputTransform transform = RandomTransforms.chain(random, size);
    DescribedTensors stored = StoredTransforms.write(transform);
    JsonValue parsed = JsonParser.parse(JsonWriter.compact(stored.description()));
    InputTransform read =
        StoredTransforms.read(assertInstanceOf(JsonValue.Obj.class, parsed), stored.tensors());
    assertEquals(transform, read, random::toString);
    FloatMatrix x = random.gaussianMatrix(3, size);
    assertArrayEquals(
        transform.apply(x, Compute.scalar()).data(),
        read.apply(x, Compute.scalar()).data(),
        random.toString());
    assertEquals(StoredTransforms.storageBits(transform), stored.storageBits());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 12, 16, 20, 24, 28, 36, 40, 44, 48, 60, 64, 72, 120, 256})
  void hadamardMatricesAreOrthogonalWithEqualMagnitudes(int size) {
    HadamardTransform rotation = HadamardTransform.of(size, size, HadamardTransform.NO_SIGNS);
    FloatMatrix identity = FloatMatrix.zeros(size, size);
    for (int i = 0; i < size; i++) {
      identity.put(i, i, 1);
    }
    FloatMatrix matrix = rotation.apply(identity, Compute.scalar());
    OrthogonalTransform.of(matrix);
    for (float value : matrix.data()) {
      assertEquals(1 / Math.sqrt(size), Math.abs(value), 1e-6);
    }
    // The inverse is the transpose, not just some left inverse.
    assertArrayEquals(
        matrix.transpose().data(),
        rotation.inverse().apply(identity, Compute.scalar()).data(),
        1e-6f);
  }

  @ParameterizedTest
  @CsvSource({"768,768", "512,512", "2048,2048", "11008,11008", "14336,14336", "6,2", "100,100"})
  void theLargestHadamardBlockIsFound(int size, int block) {
    assertEquals(block, HadamardTransform.of(size, 0).block());
  }

  @Test
  void aHadamardRotationSpreadsAnOutlier() {
    float[] spike = new float[64];
    spike[5] = 8;
    for (float value :
        HadamardTransform.of(64, 3)
            .apply(FloatMatrix.wrap(1, 64, spike), Compute.scalar())
            .data()) {
      assertEquals(1, Math.abs(value), 1e-6);
    }
  }

  @Test
  void neighboursMerge() {
    SeededRandom random = new SeededRandom(7);
    int size = 16;
    DiagonalTransform diagonal = (DiagonalTransform) RandomTransforms.step(random, 0, size);
    ShiftTransform shift = (ShiftTransform) RandomTransforms.step(random, 1, size);
    PermutationTransform order = (PermutationTransform) RandomTransforms.step(random, 2, size);
    HadamardTransform rotation = HadamardTransform.of(size, 4);
    assertInstanceOf(
        DiagonalTransform.class, TransformChain.of(List.of(diagonal, diagonal)), "diagonals");
    assertInstanceOf(ShiftTransform.class, TransformChain.of(List.of(shift, shift)), "shifts");
    assertEquals(TransformChain.identity(size), TransformChain.of(List.of(order, order.inverse())));
    assertEquals(
        TransformChain.identity(size), TransformChain.of(List.of(rotation, rotation.inverse())));
    assertEquals(diagonal, TransformChain.of(List.of(diagonal, rotation, rotation.inverse())));
    TransformChain moved =
        (TransformChain) TransformChain.of(List.of(diagonal, order, diagonal, order));
    assertEquals(2, moved.steps().size(), "diagonals move before permutations and merge");
    InputTransform nested = TransformChain.of(List.of(moved, moved.inverse()));
    assertTrue(nested.keepsChannels());
  }

  @Test
  void foldsOnlyWhereTheOutputStays() {
    int size = 8;
    DiagonalTransform diagonal = DiagonalTransform.of(2, 2, 2, 2, 4, 4, 4, 4);
    assertArrayEquals(
        new float[] {.5f, .5f, .5f, .5f, .25f, .25f, .25f, .25f},
        diagonal.foldIntoVector(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, Compute.scalar()));
    HadamardTransform rotation = HadamardTransform.of(size, 0);
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () -> rotation.foldIntoVector(new float[size], Compute.scalar()));
    assertTrue(error.getMessage().contains("hadamard[8]"), error::getMessage);
    assertTrue(ShiftTransform.of(1, 2).foldPlaces().contains(FoldPlace.NORM_BIAS));
    assertTrue(!ShiftTransform.of(1, 2).foldPlaces().contains(FoldPlace.PRODUCER_ROWS));
  }

  @Test
  void badInputIsNamed() {
    assertThrows(IllegalArgumentException.class, () -> DiagonalTransform.of(1, 0));
    assertThrows(IllegalArgumentException.class, () -> DiagonalTransform.of(1, Float.NaN));
    assertThrows(IllegalArgumentException.class, () -> ShiftTransform.of(Float.NaN));
    assertThrows(IllegalArgumentException.class, () -> PermutationTransform.of(0, 2));
    assertThrows(IllegalArgumentException.class, () -> PermutationTransform.of(0, 0));
    assertThrows(IllegalArgumentException.class, () -> HadamardTransform.of(14, 14, 0));
    assertThrows(IllegalArgumentException.class, () -> HadamardTransform.of(12, 8, 0));
    assertThrows(IllegalArgumentException.class, () -> DenseTransform.of(FloatMatrix.zeros(3, 3)));
    assertThrows(
        IllegalArgumentException.class,
        () -> OrthogonalTransform.of(FloatMatrix.wrap(1, 1, new float[] {2})));
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                DiagonalTransform.of(1, 2)
                    .transformWeights(FloatMatrix.zeros(3, 4), Compute.scalar()));
    assertTrue(error.getMessage().contains("FloatMatrix[3, 4]"), error::getMessage);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void threadsDoNotChangeTheResult(long seed) {
    SeededRandom random = new SeededRandom(seed);
    InputTransform transform = RandomTransforms.chain(random, 48);
    FloatMatrix x = random.gaussianMatrix(33, 48);
    float[] y = new float[33 * 48];
    transform.apply(x.data(), 0, 33, y, 0, Compute.scalar().withTeam(WorkerTeam.ofThreads(3)));
    assertArrayEquals(transform.apply(x, Compute.scalar()).data(), y);
  }

  /** Whatever a damaged description says, it is read or refused with a message. */
  @Test
  void damagedDescriptionsAreRefused() {
    SeededRandom random = new SeededRandom(50);
    String alphabet = "{}[]:,0123456789.-eabchdimnorstuv\"";
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      DescribedTensors stored = StoredTransforms.write(RandomTransforms.chain(random, 12));
      StringBuilder text = new StringBuilder(JsonWriter.compact(stored.description()));
      for (int edit = random.nextInt(1, 3); edit > 0; edit--) {
        int at = random.nextInt(0, text.length());
        char c = alphabet.charAt(random.nextInt(0, alphabet.length()));
        switch (random.nextInt(0, 3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.insert(at, c);
          default -> text.setCharAt(at, c);
        }
      }
      try {
        JsonValue parsed = JsonParser.parse(text.toString());
        if (parsed instanceof JsonValue.Obj description) {
          StoredTransforms.read(description, stored.tensors());
        }
      } catch (JsonException | IllegalArgumentException e) {
        assertTrue(!String.valueOf(e.getMessage()).isEmpty());
        refused++;
      }
    }
    assertTrue(refused > 1000, "refused: " + refused);
    DescribedTensors diagonal = StoredTransforms.write(DiagonalTransform.of(1, 2, 3));
    assertThrows(
        IllegalArgumentException.class,
        () -> StoredTransforms.read(diagonal.description(), java.util.Map.of()));
  }
}
