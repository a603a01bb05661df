// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads and writes the models of ONNX's own tests and models made for this project. */
@Tag("conformance")
class OnnxConformanceTest {
  /** What the files themselves have wrong; other refusals concern what the operators mean. */
  private static final List<String> MALFORMED =
      List.of(
          "external_missing_file",
          "external_too_short",
          "external_path_leaves_folder",
          "external_absolute_path",
          "external_offset_not_a_number",
          "external_offset_overflow",
          "refuse_empty_file",
          "refuse_text_file",
          "refuse_git_lfs_pointer",
          "refuse_truncated_10",
          "refuse_truncated_95",
          "refuse_raw_data_too_short",
          "refuse_raw_data_too_long",
          "refuse_dimension_overflow",
          "refuse_unknown_tensor_type",
          "refuse_or_run_nesting_of_60");

  @TempDir Path folder;

  private void sameBytes(Path path) throws IOException {
    Path copy = path.resolveSibling("copy.onnx");
    try (OnnxFile file = OnnxFile.open(path)) {
      OnnxWriter.asItIs().write(file.model(), copy);
      assertEquals(-1, Files.mismatch(path, copy), path.toString());
    }
    Files.delete(copy);
  }

  @Test
  void nodeTests() throws IOException {
    Path root = SharedData.path("fixtures/onnx-node-tests");
    int count = 0;
    try (Stream<Path> files = Files.walk(root)) {
      for (Path path : files.filter(file -> file.endsWith("model.onnx")).toList()) {
        sameBytes(Files.copy(path, folder.resolve("model" + count + ".onnx")));
        count++;
      }
    }
    assertTrue(count > 150, count + " models");
  }

  @Test
  void backendTests() throws IOException {
    Path root = SharedData.path("fixtures/onnx-backend");
    int models = 0;
    int tensors = 0;
    List<Path> zips;
    try (Stream<Path> files = Files.list(root)) {
      zips = files.filter(file -> file.toString().endsWith(".zip")).sorted().toList();
    }
    List<String> refused = new ArrayList<>();
    for (Path zip : zips) {
      Path target = folder.resolve(String.valueOf(zip.getFileName()));
      try (ZipFile archive = new ZipFile(zip.toFile())) {
        unpack(archive, target);
      }
      try (Stream<Path> files = Files.walk(target)) {
        for (Path path : files.filter(Files::isRegularFile).toList()) {
          String test = target.relativize(path).getName(0).toString();
          if (path.endsWith("model.onnx")) {
            models++;
            if (MALFORMED.contains(test)) {
              refused.add(test);
              assertThrows(TensorFileException.class, () -> OnnxFile.open(path).close(), test);
            } else {
              sameBytes(path);
            }
          } else if (path.toString().endsWith(".pb")) {
            OnnxTensor tensor = OnnxTensor.parse(MemorySegment.ofArray(Files.readAllBytes(path)));
            if (tensor.type() != OnnxType.STRING) {
              assertEquals(tensor.byteSize(), tensor.data().byteSize(), path.toString());
            }
            tensors++;
          }
        }
      }
    }
    assertEquals(MALFORMED.size(), refused.size());
    assertTrue(models > 1500 && tensors > 3000, models + " models, " + tensors + " tensors");
  }

  /** Values of all types in raw and typed data, as ONNX Runtime casts them to float. */
  @Test
  void valuesAreThoseOfOnnxRuntime() throws IOException {
    Path zip = SharedData.path("fixtures/onnx-backend/graphs.zip");
    try (ZipFile archive = new ZipFile(zip.toFile())) {
      unpack(archive, folder);
    }
    Path zoo = folder.resolve("tensor_zoo");
    int compared = 0;
    try (OnnxFile file = OnnxFile.open(zoo.resolve("model.onnx"))) {
      OnnxGraph graph = file.model().graph();
      for (int i = 0; i < graph.outputs().size(); i++) {
        OnnxTensor expected =
            OnnxTensor.parse(
                MemorySegment.ofArray(Files.readAllBytes(zoo.resolve("output_" + i + ".pb"))));
        String name = graph.outputs().get(i).name();
        OnnxNode cast =
            graph.nodes().stream()
                .filter(node -> node.outputs().contains(name))
                .findFirst()
                .orElseThrow();
        OnnxTensor tensor = graph.initializer(cast.inputs().getFirst()).orElseThrow();
        if (cast.opType().equals("Cast")) {
          Tensor values =
              tensor.type().isNarrowInteger() ? tensor.unpacked() : tensor.tensor().orElseThrow();
          assertArrayEquals(
              expected.tensor().orElseThrow().toFloatArray(),
              values.toFloatArray(),
              tensor.toString());
          compared++;
        }
      }
    }
    assertTrue(compared > 30, compared + " tensors");
  }

  private static void unpack(ZipFile archive, Path target) throws IOException {
    for (ZipEntry entry : archive.stream().filter(one -> !one.isDirectory()).toList()) {
      Path path = target.resolve(entry.getName());
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      try (var in = archive.getInputStream(entry)) {
        Files.copy(in, path);
      }
    }
  }
}
