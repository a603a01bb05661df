// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The input of a block for all calibration sequences, in a mapped file, batch after batch: so it
 * needs no heap, and is there when an interrupted run is resumed. Where recipes ask what
 * quantization has done so far, the input of the block in the model as it was given lies beside it.
 */
final class CalibrationStates implements AutoCloseable {
  private static final String REFERENCE = "reference";
  private static final String QUANTIZED = "states";
  private static final String FULL_PRECISION = "full-precision";

  private final SafetensorsFile file;
  private final List<SequenceLayout> layouts;
  private final List<Tensor> batches;

  private CalibrationStates(
      SafetensorsFile file, List<SequenceLayout> layouts, List<Tensor> batches) {
    this.file = file;
    this.layouts = layouts;
    this.batches = batches;
  }

  /**
   * Writes the states of a block.
   *
   * @param width columns of the states
   * @param layouts how the rows of each batch fall into sequences
   * @param reference the first sequence as it would be without quantization
   * @param states computes a batch; called once for each, in order
   * @param fullPrecision the same for the model as it was given, called for a batch after {@code
   *     states}; empty if nobody needs it
   */
  static void write(
      Path path,
      int width,
      List<SequenceLayout> layouts,
      FloatMatrix reference,
      IntFunction<FloatMatrix> states,
      Optional<IntFunction<FloatMatrix>> fullPrecision)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    writer.add(
        Tensor.ofFloats(Shape.of(reference.rows(), reference.columns()), reference.data())
            .withName(REFERENCE));
    for (int b = 0; b < layouts.size(); b++) {
      int batch = b;
      SequenceLayout layout = layouts.get(b);
      int[] lengths = new int[layout.count()];
      for (int s = 0; s < lengths.length; s++) {
        lengths[s] = layout.length(s);
      }
      writer.add(Tensor.ofInts(Shape.of(lengths.length), lengths).withName(name("lengths", batch)));
      add(writer, QUANTIZED, batch, Shape.of(layout.tokens(), width), states);
      fullPrecision.ifPresent(
          given -> add(writer, FULL_PRECISION, batch, Shape.of(layout.tokens(), width), given));
    }
    writer.write(path);
  }

  private static void add(
      SafetensorsWriter writer,
      String kind,
      int batch,
      Shape shape,
      IntFunction<FloatMatrix> states) {
    writer.add(
        name(kind, batch),
        DType.F32,
        shape,
        out -> out.write(MemorySegment.ofArray(states.apply(batch).data())));
  }

  private static String name(String kind, int batch) {
    return String.format(Locale.ROOT, "%s.%06d", kind, batch);
  }

  /**
   * Opens the states of a block, and reads all of them once to see whether they are what was
   * written.
   *
   * @throws TensorFileException if the file is damaged
   */
  static CalibrationStates open(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      return verified(file);
    } catch (IllegalArgumentException | ArithmeticException e) {
      file.close();
      throw FileSeal.damaged(path, String.valueOf(e.getMessage()));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static CalibrationStates verified(SafetensorsFile file) {
    for (String name : file.names()) {
      if (file.verify(name) != ChecksumState.INTACT) {
        throw new IllegalArgumentException("tensor '" + name + "' differs from its checksum");
      }
    }
    return of(file, QUANTIZED);
  }

  private static CalibrationStates of(SafetensorsFile file, String kind) {
    long width = matrix(file, REFERENCE).dimension(1);
    List<SequenceLayout> layouts = new ArrayList<>();
    List<Tensor> batches = new ArrayList<>();
    while (file.find(name(kind, batches.size())).isPresent()) {
      String name = name(kind, batches.size());
      SequenceLayout layout =
          SequenceLayout.of(file.require(name("lengths", batches.size())).toIntArray());
      Shape shape = matrix(file, name);
      if (shape.dimension(0) != layout.tokens() || shape.dimension(1) != width) {
        throw new IllegalArgumentException(
            "tensor '"
                + name
                + "' is "
                + shape
                + ", expected ["
                + layout.tokens()
                + ", "
                + width
                + "]");
      }
      layouts.add(layout);
      batches.add(file.require(name));
    }
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("there are no states, expected at least one batch");
    }
    return new CalibrationStates(file, layouts, batches);
  }

  private static Shape matrix(SafetensorsFile file, String name) {
    Shape shape = file.require(name).shape();
    if (shape.rank() != 2) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' is " + shape + ", expected a matrix");
    }
    return shape;
  }

  /**
   * The input of the block in the model as it was given. It shares the file and is not to be
   * closed.
   *
   * @throws IllegalArgumentException if it was not written
   */
  CalibrationStates fullPrecision() {
    CalibrationStates given = of(file, FULL_PRECISION);
    if (given.batches() != batches()) {
      throw new IllegalArgumentException(
          given.batches() + " batches in full precision, expected " + batches());
    }
    return given;
  }

  /** How the rows of each batch fall into sequences. */
  List<SequenceLayout> layouts() {
    return layouts;
  }

  int batches() {
    return batches.size();
  }

  long tokens() {
    return layouts.stream().mapToLong(SequenceLayout::tokens).sum();
  }

  int width() {
    return (int) batches.getFirst().shape().dimension(1);
  }

  /** A batch, copied to the heap. */
  HiddenStates batch(int index) {
    return new HiddenStates(batches.get(index).toMatrix(), layouts.get(index));
  }

  /** The first sequence as it would be without quantization, copied to the heap. */
  HiddenStates reference() {
    FloatMatrix values = file.require(REFERENCE).toMatrix();
    return new HiddenStates(values, SequenceLayout.of(values.rows()));
  }

  @Override
  public void close() {
    file.close();
  }
}
