// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.FileChecksums;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/**
 * Looks for everything that can be wrong with a stored model without running it: files that break
 * the format, data that differs from its checksum, tensors that are missing or do not go with the
 * config, scales that are not positive and finite, codes that stand for no value, and weights that
 * are not finite. Files beside the weights are held against their checksums, if they have any.
 *
 * <p>Whether the shapes suit the model's architecture is for the model's own reader to say.
 */
public final class ModelVerifier {
  private static final int BLOCK = 1 << 16;

  private final Path directory;
  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final List<Problem> problems = new ArrayList<>();
  private long done;
  private long total;

  private ModelVerifier(Path directory, ProgressListener progress, Cancellation cancellation) {
    this.directory = directory;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares to verify a model.
   *
   * @param directory the model's directory
   * @return the verifier, which has read nothing yet
   */
  public static ModelVerifier of(Path directory) {
    return new ModelVerifier(directory, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of tensors, each of which is looked at twice: its checksum, its values
   * @return the changed verifier
   */
  public ModelVerifier progress(ProgressListener listener) {
    return new ModelVerifier(directory, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each tensor and between rows and blocks of values, by default
   *     whether the calling thread is interrupted
   * @return the changed verifier
   */
  public ModelVerifier cancellation(Cancellation changed) {
    return new ModelVerifier(directory, progress, changed);
  }

  /**
   * Verifies a model with nobody to tell how far it is.
   *
   * @param directory the model's directory
   * @return what is wrong; empty if nothing is
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if the calling thread is interrupted
   */
  public static List<Problem> verify(Path directory) throws IOException {
    return of(directory).run();
  }

  /**
   * Verifies the model. Reads every byte of it.
   *
   * @return what is wrong; empty if nothing is
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public List<Problem> run() throws IOException {
    // What is found is kept in one that nobody else has, so that this one can run again.
    ModelVerifier verifier = new ModelVerifier(directory, progress, cancellation);
    // Files cannot be opened by a thread that is interrupted.
    cancellation.check();
    try (ModelDirectory model = ModelDirectory.open(directory)) {
      verifier.verifySideFiles();
      verifier.verify(model);
    } catch (TensorFileException e) {
      verifier.report(directory.toString(), e);
    }
    return List.copyOf(verifier.problems);
  }

  private void advance(long tensors) {
    done += tensors;
    progress.progressed("verify", done, total);
  }

  private void report(String subject, Exception e) {
    problems.add(new Problem(subject, String.valueOf(e.getMessage())));
  }

  private void report(String subject, String description) {
    problems.add(new Problem(subject, description));
  }

  private void verifySideFiles() throws IOException {
    for (String problem : FileChecksums.problems(directory)) {
      int colon = problem.indexOf(": ");
      report(problem.substring(0, colon), problem.substring(colon + 2));
    }
  }

  private void verify(ModelDirectory model) {
    total =
        model.files().stream().mapToLong(file -> file.names().size()).sum() + model.names().size();
    for (SafetensorsFile file : model.files()) {
      for (String name : file.names()) {
        cancellation.check();
        if (file.verify(name) == ChecksumState.CORRUPT) {
          report("tensor '" + name + "'", "the data differs from its checksum in " + file.path());
        }
        if (model.find(name).filter(found -> found == file.require(name)).isEmpty()) {
          report("tensor '" + name + "'", "the index does not place it in " + file.path());
        }
        advance(1);
      }
    }
    Set<String> parts = new HashSet<>();
    try {
      QuantizedWeights weights = QuantizedWeights.of(model.config(), new Unchecked(model));
      parts.addAll(weights.sharedTensors());
      for (String module : weights.modules()) {
        cancellation.check();
        List<String> own = weights.tensors(module);
        parts.addAll(own);
        verify(weights, module);
        advance(own.size());
      }
    } catch (TensorFileException e) {
      report("config.json", e);
    }
    for (String name : model.names()) {
      if (!parts.contains(name)) {
        verifyFinite(model.require(name));
        advance(1);
      }
    }
  }

  private void verify(QuantizedWeights weights, String module) {
    String subject = "module '" + module + "'";
    try {
      Optional<QuantizedLinear> linear = weights.find(module);
      linear.ifPresent(found -> found.terms().forEach(term -> verify(subject, term)));
    } catch (TensorFileException e) {
      report(subject, e);
    }
  }

  private void verify(String subject, WeightTerm term) {
    switch (term) {
      case QuantizedTerm(var matrix) -> verifyCodes(subject, matrix);
      case LowRankTerm(var left, var right) -> {
        verify(subject, left);
        verify(subject, right);
      }
      case ColumnTerm columns -> verify(subject, columns.inner());
      case MixedTerm mixed -> mixed.parts().forEach(part -> verify(subject, part));
      default -> verifyRows(subject, term);
    }
  }

  /** Codes that stand for no finite value: NaN and infinities, and unused ones of code books. */
  private void verifyCodes(String subject, QuantizedMatrix matrix) {
    boolean[][] invalid =
        matrix.grid().palette().formats().stream()
            .map(ModelVerifier::invalidCodes)
            .toArray(boolean[][]::new);
    if (Arrays.stream(invalid).noneMatch(ModelVerifier::containsTrue)) {
      return;
    }
    ScaleLayout layout = matrix.grid().layout();
    byte[] codes = new byte[matrix.columns()];
    long count = 0;
    String first = "";
    for (int row = 0; row < matrix.rows(); row++) {
      cancellation.check();
      matrix.codes().unpackRow(row, codes, 0);
      for (int column = 0; column < codes.length; column++) {
        int selection = matrix.grid().palette().selection(layout.index(row, column));
        if (invalid[selection][codes[column] & 0xff]) {
          first = count == 0 ? codes[column] + " at (" + row + ", " + column + ")" : first;
          count++;
        }
      }
    }
    if (count > 0) {
      report(
          subject,
          count
              + " codes stand for no finite value of "
              + matrix.scheme()
              + ", the first is "
              + first);
    }
  }

  private static boolean containsTrue(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  private static boolean[] invalidCodes(NumberFormat format) {
    float[] table = format.decodeTable();
    boolean[] invalid = new boolean[256];
    for (int code = 0; code < table.length; code++) {
      invalid[code] = !Float.isFinite(table[code]);
    }
    return invalid;
  }

  private void verifyRows(String subject, WeightTerm term) {
    for (int row = 0; row < term.rows(); row++) {
      cancellation.check();
      float[] values = new float[term.columns()];
      term.addRow(row, values, 0);
      for (int column = 0; column < values.length; column++) {
        if (!Float.isFinite(values[column])) {
          report(
              subject,
              "element ("
                  + row
                  + ", "
                  + column
                  + ") of term "
                  + term.describe()
                  + " is "
                  + values[column]);
          return;
        }
      }
    }
  }

  private void verifyFinite(Tensor tensor) {
    if (!tensor.dtype().isFloatingPoint()) {
      return;
    }
    float[] block = new float[(int) Math.min(BLOCK, tensor.shape().elementCount())];
    long count = tensor.shape().elementCount();
    for (long from = 0; from < count; from += BLOCK) {
      cancellation.check();
      int length = (int) Math.min(BLOCK, count - from);
      tensor.readFloats(from, length, block, 0);
      for (int i = 0; i < length; i++) {
        if (!Float.isFinite(block[i])) {
          report(
              "tensor '" + tensor.name() + "'",
              "element " + (from + i) + " is " + block[i] + ", expected finite values");
          return;
        }
      }
    }
  }

  /** The tensors without their checksums, which have been looked at already. */
  private record Unchecked(TensorSource inner) implements TensorSource {
    @Override
    public SequencedSet<String> names() {
      return inner.names();
    }

    @Override
    public Optional<Tensor> find(String name) {
      return inner.find(name);
    }

    @Override
    public void close() {
      // The tensors are the caller's.
    }
  }
}
