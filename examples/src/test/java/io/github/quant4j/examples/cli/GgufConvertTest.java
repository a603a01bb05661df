// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quantizing to the blocks that the presets of llama.cpp want of each tensor. */
class GgufConvertTest {
  private static final String RECIPE = "q4_k clip gptq(act-order)>cd(1)";

  @TempDir Path temporary;

  private Path convert(String name, String... more) {
    Path target = temporary.resolve(name);
    CommandRun run = run(target, more);
    assertEquals(0, run.status(), run.err());
    return target;
  }

  private static CommandRun run(Path target, String... more) {
    return CommandRun.of(
        Stream.concat(Stream.of("convert", CommandRun.MODEL, target.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  private static Map<String, GgufTensorType> types(Path file) throws IOException {
    Map<String, GgufTensorType> types = new TreeMap<>();
    try (GgufFile opened = GgufFile.open(file)) {
      for (GgufTensor tensor : opened.tensors().values()) {
        types.put(tensor.name(), tensor.type());
      }
    }
    return types;
  }

  private static double divergence(Path file) {
    return CommandRun.of(
            "eval",
            file.toString(),
            "--reference",
            CommandRun.MODEL,
            "--text",
            CommandRun.TEXT,
            "--context",
            "128",
            "--max-windows",
            "6",
            "--json")
        .number("kl");
  }

  @Test
  void aRecipeHasTheTypesOfThePresetAndLosesLess() throws IOException {
    Path plain = convert("plain.gguf", "--to", "gguf:Q4_K_M");
    Path ours =
        convert(
            "ours.gguf",
            "--to",
            "gguf:Q4_K_M",
            "--recipe",
            RECIPE,
            "--calib",
            "self",
            "--samples",
            "8",
            "--context",
            "128");
    assertEquals(types(plain), types(ours));
    assertTrue(types(ours).containsValue(GgufTensorType.Q6_K));
    double before = divergence(plain);
    double after = divergence(ours);
    assertTrue(after < before, after + ", plain " + before);
  }

  @Test
  void layersThatAreNamedKeepWhatIsSaidOfThem() throws IOException {
    Path ours =
        convert(
            "ours.gguf",
            "--to",
            "gguf:Q4_K_M,attn_v=F16,attn_k=Q5_0",
            "--recipe",
            "q4_k rtn",
            "--keep",
            "*.up_proj");
    Map<String, GgufTensorType> types = types(ours);
    assertEquals(types(convert("plain.gguf", "--to", "gguf:Q4_K_M,attn_v=F16,attn_k=Q5_0")), types);
    assertEquals(GgufTensorType.F16, types.get("blk.0.attn_v.weight"));
    assertEquals(GgufTensorType.Q5_0, types.get("blk.3.attn_k.weight"));
    CommandRun named =
        run(
            temporary.resolve("named.gguf"),
            "--to",
            "gguf:Q4_K_M",
            "--recipe",
            "q4_k rtn",
            "--set",
            "*.0.mlp.up_proj=q6_k rtn");
    named.requireFailure(2, "blk.0.ffn_up.weight", "Q4_K", "--requantize");
  }

  @Test
  void calibrationAloneTakesTheBestRecipe() throws IOException {
    Path target = temporary.resolve("best.gguf");
    CommandRun run =
        run(
            target,
            "--to",
            "gguf:Q4_0",
            "--calib",
            CommandRun.TEXT,
            "--samples",
            "1",
            "--context",
            "16",
            "--keep",
            "*.mlp.*");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("retarget(0.5) | q4_0 clip gptq(act-order)"), run.out());
    assertEquals(types(convert("plain.gguf", "--to", "gguf:Q4_0")), types(target));
  }

  @Test
  void aModelOfSeveralFilesIsTheSame() throws IOException {
    Path plain = convert("plain.gguf", "--to", "gguf:Q4_0");
    convert("parts.gguf", "--to", "gguf:Q4_0", "--split-size", "1M");
    Path first;
    try (Stream<Path> files = Files.list(temporary)) {
      first =
          files.filter(file -> file.toString().contains("parts-00001-of-")).findAny().orElseThrow();
    }
    assertEquals(types(plain), types(first));
    assertTrue(Files.size(first) < Files.size(plain) / 2);
    run(temporary.resolve("parts.gguf"), "--to", "gguf:Q4_0", "--split-size", "2M")
        .requireFailure(1, "parts-0000", "is there already");
    run(temporary.resolve("x.gguf"), "--to", "gguf:Q4_0", "--split-size", "0")
        .requireFailure(2, "--split-size", "4G");
    run(temporary.resolve("x"), "--to", "awq", "--split-size", "1M")
        .requireFailure(2, "--split-size", "gguf:TYPE");
  }

  @Test
  void anImportanceMatrixHelpsTheQuantizer() throws IOException {
    Path file = temporary.resolve("importance.gguf");
    String[] command = {
      "imatrix",
      CommandRun.MODEL,
      file.toString(),
      "--calib",
      CommandRun.TEXT,
      "--samples",
      "8",
      "--context",
      "64",
      "--json"
    };
    CommandRun run = CommandRun.of(command);
    assertEquals(42, run.number("tensors"));
    ImportanceMatrix matrix = ImportanceMatrix.read(file);
    assertEquals(768, matrix.find("blk.5.ffn_down.weight").orElseThrow().size());
    assertEquals(8 * 64, matrix.find("blk.0.attn_q.weight").orElseThrow().counts()[0]);
    CommandRun.of(command).requireFailure(2, "exists already", "--overwrite");
    Path plain = convert("plain.gguf", "--to", "gguf:Q4_K_S,pure");
    Path better = convert("better.gguf", "--to", "gguf:Q4_K_S,pure", "--imatrix", file.toString());
    assertTrue(divergence(better) < divergence(plain));
  }

  @Test
  void whatDoesNotFitIsToldBeforeWorkStarts() throws IOException {
    Path target = temporary.resolve("out.gguf");
    for (List<String> misfit :
        List.of(
            List.of("gguf:F16", "q4_k rtn"),
            List.of("gguf:Q4_K_M", "q4_k rtn @ int8:token"),
            List.of("gguf:Q4_K_M", "q4_k rtn + lowrank(4)"),
            List.of("gguf:Q4_K_M", "int4:g32:sym rtn"),
            List.of("gguf:Q4_0", "trellis2"))) {
      run(target, "--to", misfit.get(0), "--recipe", misfit.get(1))
          .requireFailure(2, "--recipe", misfit.get(1).substring(0, 4));
    }
    run(target, "--to", "gguf:BF16", "--calib", CommandRun.TEXT).requireFailure(2, "--calib");
    try (Stream<Path> left = Files.list(temporary)) {
      assertFalse(left.findAny().isPresent());
    }
  }
}
