// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDirectoryTest {
  @TempDir Path folder;

  private void config() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"hidden_size\": 64}");
  }

  private void tensorFile(String file, String tensor) throws IOException {
    RawSafetensors.write(
        folder.resolve(file),
        "{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
        2);
  }

  private void index(String map) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        ("{'metadata':{'total_size':4},'weight_map':" + map + "}").replace('\'', '"'));
  }

  private void assertRefused(String... expected) {
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> ModelDirectory.open(folder).close());
    for (String part : expected) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  @Test
  void opensASingleFile() throws IOException {
    config();
    tensorFile("model.safetensors", "w");
    try (ModelDirectory model = ModelDirectory.open(folder)) {
      assertEquals(List.of("w"), List.copyOf(model.names()));
      assertEquals(64, model.config().getInt("hidden_size").orElseThrow());
      assertArrayEquals(new float[] {1, 2}, model.require("w").toFloatArray());
      assertEquals(1, model.files().size());
    }
  }

  @Test
  void opensShards() throws IOException {
    config();
    tensorFile("model-00001-of-00002.safetensors", "b");
    tensorFile("model-00002-of-00002.safetensors", "a");
    index("{'a':'model-00002-of-00002.safetensors','b':'model-00001-of-00002.safetensors'}");
    try (ModelDirectory model = ModelDirectory.open(folder)) {
      assertEquals(List.of("b", "a"), List.copyOf(model.names()));
      assertEquals(2, model.files().size());
      assertArrayEquals(new float[] {1, 2}, model.require("a").toFloatArray());
    }
  }

  @Test
  void theIndexDecidesBetweenTwoShardsWithTheSameTensor() throws IOException {
    config();
    tensorFile("one.safetensors", "a");
    RawSafetensors.write(
        folder.resolve("two.safetensors"),
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
        2);
    index("{'a':'one.safetensors','b':'two.safetensors'}");
    try (ModelDirectory model = ModelDirectory.open(folder)) {
      assertEquals(2, model.require("a").byteSize());
    }
  }

  @Test
  void refusesAShardThatLacksItsTensor() throws IOException {
    config();
    tensorFile("one.safetensors", "a");
    tensorFile("two.safetensors", "b");
    index("{'a':'two.safetensors','b':'two.safetensors'}");
    assertRefused("tensor 'a'", "two.safetensors", "index.json");
  }

  @Test
  void refusesAMissingShard() throws IOException {
    config();
    index("{'a':'two.safetensors'}");
    assertRefused("two.safetensors: no such file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x.safetensors",
        "/tmp/x.safetensors",
        "a/x.safetensors",
        "..\\\\x.safetensors",
        "x.bin",
        "",
        "a\\u0000.safetensors",
        "C:x.safetensors"
      })
  void refusesAnIndexThatReachesOutside(String file) throws IOException {
    config();
    index("{'a':'" + file + "'}");
    assertRefused("tensor 'a'", "in the same directory");
  }

  @Test
  void refusesAShardWhoseNameIsNoFileName() throws IOException {
    config();
    index("{'a':'\\ud800.safetensors'}");
    assertRefused("index.json", "no file name on this system");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{'a':3}", "null"})
  void refusesAMalformedIndex(String map) throws IOException {
    config();
    index(map);
    assertRefused("index.json", map.startsWith("n") ? "missing" : "expected");
  }

  @Test
  void saysWhatIsMissing() throws IOException {
    TensorFileException e =
        assertThrows(
            TensorFileException.class, () -> ModelDirectory.open(folder.resolve("nowhere")));
    assertTrue(e.getMessage().contains("no such directory"), e.getMessage());
    assertRefused("config.json", "no such file");
    config();
    assertRefused("neither model.safetensors nor model.safetensors.index.json");
    Files.write(folder.resolve("pytorch_model.bin"), new byte[1]);
    assertRefused("pytorch_model.bin");
    Files.writeString(folder.resolve("config.json"), "{");
    assertRefused("config.json", "at character 1");
  }
}
