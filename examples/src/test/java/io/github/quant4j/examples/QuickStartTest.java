// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickStartTest {
  private static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));
  private static final Path SOURCE =
      ROOT.resolve("examples/src/main/java/io/github/quant4j/examples/QuickStart.java");

  @TempDir Path temporary;

  @Test
  void theReadmeShowsThisExample() throws IOException {
    String source = Files.readString(SOURCE);
    String begin = "// begin of the README's example\n";
    int from = source.indexOf(begin) + begin.length();
    String region = source.substring(from, source.indexOf("    // end of the README's example"));
    String example = region.stripTrailing().stripIndent() + "\n";
    String readme = Files.readString(ROOT.resolve("README.md"));
    String fence = "```java\n";
    int block = readme.indexOf(fence) + fence.length();
    assertTrue(block >= fence.length(), "README.md has no java block");
    assertEquals(example, readme.substring(block, readme.indexOf("```", block)));
  }

  @Test
  void theExampleRuns() throws IOException {
    Path quantized = temporary.resolve("quantized");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      QuickStart.main(
          new String[] {
            ROOT.resolve("examples/models/gutenberg-5m").toString(), quantized.toString()
          });
    } finally {
      System.setOut(before);
    }
    List<String> printed = bytes.toString(StandardCharsets.UTF_8).lines().toList();
    // Six blocks of seven linear layers each.
    assertTrue(printed.getFirst().startsWith("42 layers, 4."), printed.getFirst());
    assertTrue(printed.size() > 1 && printed.get(1).length() > 20, printed.toString());
    assertTrue(Files.exists(quantized.resolve("model.safetensors")));
  }
}
