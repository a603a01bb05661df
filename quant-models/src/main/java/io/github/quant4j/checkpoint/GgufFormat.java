// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.model.gguf.GgufModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** GGUF files, told by their first bytes, and directories that hold one and no config.json. */
record GgufFormat() implements ModelFormat {
  private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  @Override
  public String name() {
    return "GGUF";
  }

  @Override
  public boolean recognizes(Path path) throws IOException {
    return file(path).isPresent();
  }

  @Override
  public ModelSource open(Path path) throws IOException {
    return GgufModel.open(file(path).orElse(path));
  }

  private static Optional<Path> file(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return begins(path) ? Optional.of(path) : Optional.empty();
    }
    if (!Files.isDirectory(path) || Files.exists(path.resolve("config.json"))) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(path)) {
      List<Path> models =
          files
              .filter(file -> file.toString().endsWith(".gguf") && Files.isRegularFile(file))
              .filter(file -> isFirst(file))
              .sorted()
              .toList();
      return models.size() == 1 && begins(models.getFirst())
          ? Optional.of(models.getFirst())
          : Optional.empty();
    }
  }

  /** Whether a file is the first part of a model, or all of it. */
  private static boolean isFirst(Path file) {
    Matcher part = PART.matcher(file.toString());
    return !part.matches() || part.group(2).equals("00001");
  }

  private static boolean begins(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    }
  }
}
