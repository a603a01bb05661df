// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.io.gguf.GgufValueType;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.InvalidModelException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Well-formed files that say something else than their tensors: metadata and lists of tensors are
 * changed at random. Opening gives a model, or the documented exception, and nothing else.
 */
class GgufModelFuzzTest {
  private static final long SEED = 20_261_201;
  private static final int CHANGES_OF_EACH = 10 * Integer.getInteger("quant4j.fuzz", 1);
  private static final long[] NUMBERS = {
    0, 1, 2, 3, 7, 63, 65, 255, 4096, 65_537, Integer.MAX_VALUE, 0xffff_ffffL
  };
  private static final double[] REALS = {
    0, -1, 0x1p-90, 0x1p90, Double.NaN, Double.POSITIVE_INFINITY, 0.5, 3
  };

  @TempDir private Path directory;

  /** A tensor as it is declared; its data is that of another, or zeros. */
  private record Declared(String name, GgufTensorType type, List<Long> dimensions) {
    long bytes() {
      long elements = dimensions.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
      return elements / type.blockSize() * type.blockBytes();
    }
  }

  @Test
  void changedFilesAreModelsOrRefused() throws IOException {
    JsonValue.Obj models;
    try (InputStream in = GgufModelFuzzTest.class.getResourceAsStream("/gguf/models.json")) {
      models = JsonParser.parseObject(Objects.requireNonNull(in).readAllBytes());
    }
    Random random = new Random(SEED);
    int refused = 0;
    int opened = 0;
    for (String name : models.members().keySet()) {
      Path base = directory.resolve("base.gguf");
      ModelExports.named("gguf:F32")
          .write(
              RandomSource.of(models.getObject(name).orElseThrow(), SEED),
              base,
              ExportOptions.defaults().withOverwrite(true));
      try (GgufFile file = GgufFile.open(base)) {
        for (int i = 0; i < CHANGES_OF_EACH; i++) {
          Path changed = directory.resolve("changed.gguf");
          String change = change(file, random, changed);
          try (LanguageModel model = LanguageModel.open(changed)) {
            opened += model.graph().blocks().isEmpty() ? 0 : 1;
          } catch (TensorFileException | InvalidModelException e) {
            refused++;
          } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError(name + ", change " + i + " (seed " + SEED + "): " + change, e);
          }
        }
      }
    }
    assertTrue(refused > 100 && opened > 20, refused + " refused, " + opened + " opened");
  }

  private static String change(GgufFile file, Random random, Path target) throws IOException {
    GgufMetadata.Builder metadata = file.metadata().toBuilder();
    List<Declared> tensors = new ArrayList<>();
    file.tensors()
        .values()
        .forEach(
            tensor -> tensors.add(new Declared(tensor.name(), tensor.type(), tensor.dimensions())));
    String change =
        random.nextInt(3) > 0
            ? changeMetadata(file.metadata(), metadata, random)
            : changeTensors(tensors, random);
    GgufWriter writer = new GgufWriter(metadata.build());
    for (Declared one : tensors) {
      byte[] zeros = new byte[Math.toIntExact(one.bytes())];
      writer.add(
          one.name, one.type, one.dimensions, sink -> sink.write(MemorySegment.ofArray(zeros)));
    }
    writer.write(target);
    return change;
  }

  private static String changeMetadata(
      GgufMetadata before, GgufMetadata.Builder metadata, Random random) {
    List<String> keys = new ArrayList<>(before.keys());
    String key = keys.get(random.nextInt(keys.size()));
    if (random.nextInt(8) == 0) {
      metadata.remove(key);
      return key + " removed";
    }
    GgufValue value =
        switch (random.nextInt(7)) {
          case 0 -> new GgufValue.Real(GgufValueType.FLOAT32, REALS[random.nextInt(REALS.length)]);
          case 1 -> new GgufValue.Flag(random.nextBoolean());
          case 2 -> new GgufValue.Text(random.nextBoolean() ? "" : "yarn");
          case 3 ->
              GgufValue.Numbers.ofInts(
                  GgufValueType.INT32, random.ints(random.nextInt(5), -2, 99).toArray());
          default ->
              new GgufValue.Whole(GgufValueType.UINT32, NUMBERS[random.nextInt(NUMBERS.length)]);
        };
    metadata.put(key, value);
    return key + " = " + value;
  }

  private static String changeTensors(List<Declared> tensors, Random random) {
    int at = random.nextInt(tensors.size());
    Declared one = tensors.get(at);
    List<Long> dimensions = new ArrayList<>(one.dimensions);
    int d = random.nextInt(dimensions.size());
    switch (random.nextInt(5)) {
      case 0 -> {
        tensors.remove(at);
        return one + " removed";
      }
      case 1 -> tensors.set(at, new Declared("x." + one.name, one.type, dimensions));
      case 2 -> {
        dimensions.set(d, (long) random.nextInt(0, 100));
        tensors.set(at, new Declared(one.name, one.type, dimensions));
      }
      case 3 -> {
        if (random.nextBoolean() && dimensions.size() < 4) {
          dimensions.add(2L);
        } else {
          dimensions.remove(d);
          if (dimensions.isEmpty()) {
            dimensions.add(1L);
          }
        }
        tensors.set(at, new Declared(one.name, one.type, dimensions));
      }
      default -> {
        GgufTensorType type = random.nextBoolean() ? GgufTensorType.I32 : GgufTensorType.Q4_0;
        if (dimensions.getFirst() % 32 != 0) {
          type = GgufTensorType.F64;
        }
        tensors.set(at, new Declared(one.name, type, dimensions));
      }
    }
    return one + " is " + tensors.get(at);
  }
}
