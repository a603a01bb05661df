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
import java.util.function.IntFunction;

/**
 * The input of a block for all calibration sequences, in a mapped file, batch after batch: so it
 * needs no heap, and is there when an interrupted run is resumed.
 */
final class CalibrationStates implements AutoCloseable {
  private static final String REFERENCE = "reference";

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
   */
  static void write(
      Path path,
      int width,
      List<SequenceLayout> layouts,
      FloatMatrix reference,
      IntFunction<FloatMatrix> states)
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
      writer.add(
          name("states", batch),
          DType.F32,
          Shape.of(layout.tokens(), width),
          out -> out.write(MemorySegment.ofArray(states.apply(batch).data())));
    }
    writer.write(path);
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
      return read(file);
    } catch (IllegalArgumentException | ArithmeticException e) {
      file.close();
      throw FileSeal.damaged(path, String.valueOf(e.getMessage()));
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  private static CalibrationStates read(SafetensorsFile file) {
    for (String name : file.names()) {
      if (file.verify(name) != ChecksumState.INTACT) {
        throw new IllegalArgumentException("tensor '" + name + "' differs from its checksum");
      }
    }
    long width = matrix(file, REFERENCE).dimension(1);
    List<SequenceLayout> layouts = new ArrayList<>();
    List<Tensor> batches = new ArrayList<>();
    while (file.find(name("states", batches.size())).isPresent()) {
      String name = name("states", batches.size());
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
