// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufVerifierTest {
  @TempDir Path folder;

  private Path path() {
    return folder.resolve("model.gguf");
  }

  private List<Problem> verify() throws IOException {
    return GgufVerifier.verify(path(), ProgressListener.none(), Cancellation.onInterrupt());
  }

  private static GgufMetadata.Builder metadata() {
    return GgufMetadata.builder()
        .putString("general.architecture", "llama")
        .putUnsigned("llama.embedding_length", 32)
        .putUnsigned("llama.block_count", 1)
        .putStrings("tokenizer.ggml.tokens", List.of("a", "b"));
  }

  private static GgufWriter sound(GgufMetadata metadata) {
    return new GgufWriter(metadata)
        .add(Tensor.ofFloats(Shape.of(2, 32), new float[64]).withName("token_embd.weight"))
        .add("blk.0.w", GgufTensorType.Q8_0, List.of(32L, 2L), s -> s.write(bytes(new byte[68])))
        .add(Tensor.ofInts(Shape.of(1), new int[1]).withName("whole"));
  }

  private static MemorySegment bytes(byte[] bytes) {
    return MemorySegment.ofArray(bytes);
  }

  private void assertProblem(String subject, String... parts) throws IOException {
    List<Problem> problems = verify();
    assertEquals(1, problems.size(), problems.toString());
    assertEquals(subject, problems.getFirst().subject());
    for (String part : parts) {
      assertTrue(problems.getFirst().description().contains(part), problems + " lacks " + part);
    }
  }

  @Test
  void aSoundFileHasNoProblems() throws IOException {
    sound(metadata().build()).write(path());
    assertEquals(List.of(), verify());
  }

  @Test
  void valuesThatAreNotFiniteAreFound() throws IOException {
    float[] values = new float[5];
    values[3] = Float.NEGATIVE_INFINITY;
    sound(metadata().build())
        .add(Tensor.ofFloats(Shape.of(5), values).withName("bad"))
        .write(path());
    assertProblem("tensor 'bad'", "element 3", "-Infinity");
  }

  /** The scale of a block of Q8_0 is its first two bytes, in binary16. */
  @Test
  void scalesThatAreNotFiniteAreFound() throws IOException {
    byte[] blocks = new byte[2 * 34];
    blocks[34] = 0x00;
    blocks[35] = 0x7e;
    sound(metadata().build())
        .add("bad", GgufTensorType.Q8_0, List.of(64L), sink -> sink.write(bytes(blocks)))
        .write(path());
    assertProblem("tensor 'bad'", "element 32", "NaN");
  }

  /** A power of two is a byte, and 255 stands for none. */
  @Test
  void powersOfTwoThatAreNoneAreFound() throws IOException {
    byte[] block = new byte[17];
    block[0] = (byte) 0xff;
    sound(metadata().build())
        .add("bad", GgufTensorType.MXFP4, List.of(32L), sink -> sink.write(bytes(block)))
        .write(path());
    assertEquals("tensor 'bad'", verify().getFirst().subject());
  }

  @Test
  void blocksOfActivationsAreNoWeights() throws IOException {
    sound(metadata().build())
        .add("bad", GgufTensorType.Q8_1, List.of(32L), sink -> sink.write(bytes(new byte[36])))
        .write(path());
    assertProblem("tensor 'bad'", "Q8_1", "activations");
  }

  @Test
  void sizesThatContradictTheMetadataAreFound() throws IOException {
    sound(metadata().putUnsigned("llama.embedding_length", 33).build()).write(path());
    assertProblem("tensor 'token_embd.weight'", "[2, 32]", "embedding_length", "33");
    sound(metadata().putStrings("tokenizer.ggml.tokens", List.of("a", "b", "c")).build())
        .write(path());
    assertProblem("tensor 'token_embd.weight'", "[2, 32]", "tokens", "3");
    sound(metadata().putUnsigned("llama.block_count", 0).build()).write(path());
    assertProblem("tensor 'blk.0.w'", "llama.block_count", "0");
    sound(metadata().putString("llama.block_count", "one").build()).write(path());
    assertProblem(path().toString(), "llama.block_count", "string");
    sound(GgufMetadata.empty()).write(path());
    assertProblem(path().toString(), "general.architecture", "missing");
  }

  @Test
  void aFileThatCannotBeOpenedIsAProblem() throws IOException {
    sound(metadata().build()).write(path());
    byte[] whole = Files.readAllBytes(path());
    Files.write(path(), Arrays.copyOf(whole, whole.length - 100));
    List<Problem> problems = verify();
    assertEquals(path().toString(), problems.getFirst().subject());
    assertTrue(problems.getFirst().description().startsWith("tensor '"), problems.toString());
  }

  @Test
  void importanceMatricesNeedNoArchitecture() throws IOException {
    ImportanceMatrix.builder()
        .add("w", new ImportanceMatrix.Entry(new float[] {1}, new long[] {1}))
        .build()
        .write(path());
    assertEquals(List.of(), verify());
  }
}
