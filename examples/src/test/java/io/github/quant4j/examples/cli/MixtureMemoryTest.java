// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calibration of a mixture needs heap for one expert at a time, and for the packed results of all:
 * with more experts it grows by these alone.
 */
class MixtureMemoryTest {
  private static final int HIDDEN = 128;
  private static final int INNER = 512;
  private static final Pattern PEAK = Pattern.compile("\"peak_heap_bytes\": *(\\d+)");
  private static final List<String> CALIBRATION =
      List.of("--recipe", "int4:g64:asym gptq", "--samples", "8", "--context", "64");

  @TempDir Path directory;

  private static float[] values(SeededRandom random, double size, int count) {
    float[] values = random.gaussians(count);
    for (int i = 0; i < count; i++) {
      values[i] *= (float) size;
    }
    return values;
  }

  private Path mixture(int experts) throws IOException {
    Path folder = Files.createDirectory(directory.resolve("mixture-" + experts));
    SeededRandom random = new SeededRandom(experts);
    SafetensorsWriter writer = new SafetensorsWriter();
    add(writer, random, "model.embed_tokens", 64, HIDDEN);
    add(writer, random, "lm_head", 64, HIDDEN);
    addNorm(writer, "model.norm");
    String block = "model.layers.0.";
    for (String norm :
        List.of(
            "self_attn.q_norm",
            "self_attn.k_norm",
            "input_layernorm",
            "post_attention_layernorm")) {
      addNorm(writer, block + norm);
    }
    for (String site : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
      add(writer, random, block + "self_attn." + site, HIDDEN, HIDDEN);
    }
    add(writer, random, block + "mlp.gate", experts, HIDDEN);
    for (int e = 0; e < experts; e++) {
      String expert = block + "mlp.experts." + e + ".";
      add(writer, random, expert + "gate_proj", INNER, HIDDEN);
      add(writer, random, expert + "up_proj", INNER, HIDDEN);
      add(writer, random, expert + "down_proj", HIDDEN, INNER);
    }
    writer.write(folder.resolve("model.safetensors"));
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"architectures": ["OlmoeForCausalLM"], "model_type": "olmoe", "hidden_size": %d,
         "intermediate_size": %d, "num_experts": %d, "num_experts_per_tok": 2,
         "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 4,
         "max_position_embeddings": 64, "vocab_size": 64, "tie_word_embeddings": false}
        """
            .formatted(HIDDEN, INNER, experts));
    return folder;
  }

  private static void add(
      SafetensorsWriter writer, SeededRandom random, String name, int rows, int columns) {
    writer.add(
        Tensor.ofFloats(
                Shape.of(rows, columns),
                values(random, 1 / Math.sqrt(columns), Math.multiplyExact(rows, columns)))
            .withName(name + ".weight"));
  }

  private static void addNorm(SafetensorsWriter writer, String name) {
    float[] ones = new float[HIDDEN];
    Arrays.fill(ones, 1);
    writer.add(Tensor.ofFloats(Shape.of(HIDDEN), ones).withName(name + ".weight"));
  }

  private CommandProcess run(long mebibytes, List<String> arguments) throws Exception {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(CALIBRATION);
    List<String> heap = List.of("-XX:+UseSerialGC", "-Xmn4m", "-Xmx" + mebibytes + "m");
    CommandProcess process = CommandProcess.start(directory.resolve("log"), heap, all);
    process.waitFor();
    return process;
  }

  private long estimate(Path model, long mebibytes) throws Exception {
    CommandProcess process = run(mebibytes, List.of("estimate", model.toString(), "--json"));
    Matcher matcher = PEAK.matcher(process.text());
    assertTrue(matcher.find(), process::text);
    return Long.parseLong(matcher.group(1)) >> 20;
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void theHeapHoldsNoMoreThanOneExpert() throws Exception {
    int experts = 40;
    int few = 8;
    Path model = mixture(experts);
    long enough = estimate(model, 200);
    long grown = enough - estimate(mixture(few), 200);
    long weights = 4L * (experts - few) * 3 * HIDDEN * INNER >> 20;
    assertTrue(3 * grown < weights, () -> grown + " MiB more for " + weights + " of weights");
    // The weights of all experts would not fit beside the program.
    long heap = enough * 12 / 10;
    CommandProcess process =
        run(
            heap,
            List.of("quantize", model.toString(), directory.resolve("out").toString(), "--quiet"));
    assertEquals(0, process.process().exitValue(), process::text);
  }
}
