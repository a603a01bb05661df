// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.block.BlockDecoder;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks for everything that can be wrong with a GGUF file without running it: a header that breaks
 * the format, scales and values that are not finite, and sizes that contradict the metadata. GGUF
 * has no checksums, so other damage to the data is not seen.
 *
 * <p>Whether the tensors are those of the model's architecture is for the model's own reader to
 * say.
 */
public final class GgufVerifier {
  private static final int BLOCK = 1 << 16;
  private static final byte NO_SCALE = (byte) 0xff;
  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final List<Problem> problems = new ArrayList<>();

  private GgufVerifier(ProgressListener progress, Cancellation cancellation) {
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Verifies a file, or all files of a model by its first. Reads every byte.
   *
   * @param path the file
   * @param progress is told of tensors
   * @param cancellation asked before each tensor and between blocks of values
   * @return what is wrong; empty if nothing is
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public static List<Problem> verify(
      Path path, ProgressListener progress, Cancellation cancellation) throws IOException {
    // Files cannot be opened by a thread that is interrupted.
    cancellation.check();
    try (GgufFile file = GgufFile.open(path)) {
      GgufVerifier verifier = new GgufVerifier(progress, cancellation);
      verifier.verify(file);
      return List.copyOf(verifier.problems);
    } catch (TensorFileException e) {
      return List.of(new Problem(path.toString(), withoutName(path, e)));
    }
  }

  /** What is wrong with the file itself, whose name is the subject already. */
  private static String withoutName(Path path, TensorFileException e) {
    String message = String.valueOf(e.getMessage());
    String name = path + ": ";
    return message.startsWith(name) ? message.substring(name.length()) : message;
  }

  private void report(GgufTensor tensor, String description) {
    problems.add(new Problem("tensor '" + tensor.name() + "'", description));
  }

  private void verify(GgufFile file) {
    try {
      verifyMetadata(file);
    } catch (IllegalArgumentException e) {
      problems.add(new Problem(file.path().toString(), String.valueOf(e.getMessage())));
    }
    long done = 0;
    for (GgufTensor tensor : file.tensors().values()) {
      cancellation.check();
      Optional<BlockFormat> format = tensor.type().blockFormat();
      if (format.isPresent()) {
        verifyBlocks(tensor, format.get());
      } else if (tensor.isPlain()) {
        verifyPlain(tensor);
      } else {
        report(tensor, tensor.type() + " is a type of activations, expected weights");
      }
      progress.progressed("verify", ++done, file.tensors().size());
    }
  }

  private void verifyMetadata(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    Optional<String> architecture = metadata.getString("general.architecture");
    if (architecture.isEmpty()) {
      if (metadata.getString("general.type").filter("imatrix"::equals).isEmpty()) {
        problems.add(
            new Problem(
                file.path().toString(),
                "metadata 'general.architecture' is missing, expected the name of a model's"));
      }
      return;
    }
    Optional<GgufTensor> embedding = file.find("token_embd.weight");
    metadata
        .getLong(architecture.get() + ".embedding_length")
        .ifPresent(size -> verifyColumns(embedding, size, architecture.get()));
    metadata
        .strings("tokenizer.ggml.tokens")
        .ifPresent(tokens -> verifyVocabulary(embedding, tokens.size()));
    metadata
        .getLong(architecture.get() + ".block_count")
        .ifPresent(count -> verifyLayers(file, count, architecture.get() + ".block_count"));
  }

  private void verifyColumns(Optional<GgufTensor> tensor, long expected, String architecture) {
    tensor
        .filter(found -> found.dimensions().size() == 2 && found.dimensions().get(0) != expected)
        .ifPresent(
            found ->
                report(
                    found,
                    found.shape()
                        + ", but metadata '"
                        + architecture
                        + ".embedding_length' says "
                        + expected));
  }

  /** Rows may be more than tokens, since some models round them up. */
  private void verifyVocabulary(Optional<GgufTensor> tensor, int tokens) {
    tensor
        .filter(found -> found.dimensions().size() == 2 && found.dimensions().get(1) < tokens)
        .ifPresent(
            found ->
                report(
                    found,
                    found.shape()
                        + ", but metadata 'tokenizer.ggml.tokens' has "
                        + tokens
                        + " tokens"));
  }

  private void verifyLayers(GgufFile file, long count, String key) {
    for (GgufTensor tensor : file.tensors().values()) {
      Matcher matcher = LAYER.matcher(tensor.name());
      if (matcher.matches() && Long.parseLong(matcher.group(1)) >= count) {
        report(tensor, "metadata '" + key + "' says there are " + count + " layers");
        return;
      }
    }
  }

  private void verifyBlocks(GgufTensor tensor, BlockFormat format) {
    BlockDecoder decoder = format.decoder();
    float[] values = new float[format.blockSize()];
    long count = tensor.data().byteSize() / format.blockBytes();
    int atOnce = BLOCK / format.blockSize();
    for (long block = 0; block < count; block++) {
      if (block % atOnce == 0) {
        cancellation.check();
      }
      long offset = block * format.blockBytes();
      decoder.decode(tensor.data(), offset, values, 0);
      for (int i = 0; i < values.length; i++) {
        if (!Float.isFinite(values[i])) {
          reportElement(tensor, block * values.length + i, values[i]);
          return;
        }
      }
      if (tensor.type() == GgufTensorType.MXFP4
          && tensor.data().get(ValueLayout.JAVA_BYTE, offset) == NO_SCALE) {
        report(tensor, "the scale of block " + block + " is not a number");
        return;
      }
    }
  }

  private void verifyPlain(GgufTensor plain) {
    Tensor tensor = plain.tensor();
    if (!tensor.dtype().isFloatingPoint()) {
      return;
    }
    long count = tensor.shape().elementCount();
    float[] values = new float[(int) Math.min(BLOCK, count)];
    for (long from = 0; from < count; from += BLOCK) {
      cancellation.check();
      int length = (int) Math.min(BLOCK, count - from);
      tensor.readFloats(from, length, values, 0);
      for (int i = 0; i < length; i++) {
        if (!Float.isFinite(values[i])) {
          reportElement(plain, from + i, values[i]);
          return;
        }
      }
    }
  }

  private void reportElement(GgufTensor tensor, long index, float value) {
    report(tensor, "element " + index + " is " + value + ", expected finite values");
  }
}
