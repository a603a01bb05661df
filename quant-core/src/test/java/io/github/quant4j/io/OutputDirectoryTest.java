// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputDirectoryTest {
  @TempDir Path folder;

  private List<String> left() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void appearsOnlyWhenItIsCommitted() throws IOException {
    Path target = folder.resolve("a/b/out");
    try (OutputDirectory output = OutputDirectory.create(target, false)) {
      assertEquals(2, output.write("config.json", "{}"));
      Files.writeString(output.resolve("report.html"), "<p>");
      assertFalse(Files.exists(target));
      output.commit();
      assertThrows(IllegalStateException.class, output::commit);
    }
    assertEquals("{}", Files.readString(target.resolve("config.json")));
    assertEquals("<p>", Files.readString(target.resolve("report.html")));
    try (Stream<Path> siblings = Files.list(target.getParent())) {
      assertEquals(List.of(target), siblings.toList());
    }
  }

  @Test
  void nothingIsLeftWithoutCommit() throws IOException {
    try (OutputDirectory output = OutputDirectory.create(folder.resolve("a/b/out"), false)) {
      output.write("config.json", "{}");
      Files.createDirectories(output.resolve("assets").resolve("deep"));
    }
    assertEquals(List.of(), left());
  }

  @Test
  void parentsThatWereThereOrAreUsedMeanwhileStay() throws IOException {
    Files.createDirectory(folder.resolve("a"));
    try (OutputDirectory _ = OutputDirectory.create(folder.resolve("a/b/out"), false)) {
      Files.writeString(folder.resolve("a/b/other"), "");
    }
    assertTrue(Files.exists(folder.resolve("a/b/other")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anExistingDirectoryIsRefused(boolean empty) throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));
    if (!empty) {
      Files.writeString(target.resolve("config.json"), "old");
    }
    OutputException e =
        assertThrows(OutputException.class, () -> OutputDirectory.create(target, false).close());
    assertTrue(e.getMessage().contains("exists already"), e.getMessage());
    assertEquals(List.of("out"), left());
  }

  @Test
  void overwritingReplacesTheWholeDirectory() throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));
    Files.writeString(target.resolve("config.json"), "old");
    Files.writeString(target.resolve("model.safetensors"), "old");
    Files.writeString(target.resolve("stale.txt"), "old");
    try (OutputDirectory output = OutputDirectory.create(target, true)) {
      output.write("config.json", "new");
      assertEquals("old", Files.readString(target.resolve("config.json")));
      output.commit();
    }
    assertEquals("new", Files.readString(target.resolve("config.json")));
    assertFalse(Files.exists(target.resolve("stale.txt")));
    assertEquals(List.of("out"), left());
  }

  @Test
  void anAbortedOverwriteKeepsTheOldDirectory() throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));
    Files.writeString(target.resolve("config.json"), "old");
    Files.writeString(target.resolve("model.safetensors"), "old");
    try (OutputDirectory output = OutputDirectory.create(target, true)) {
      output.write("config.json", "new");
    }
    assertEquals("old", Files.readString(target.resolve("config.json")));
    assertEquals(List.of("out"), left());
  }

  @Test
  void overwritingSparesWhatIsNoModel() throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));
    Files.writeString(target.resolve("thesis.tex"), "years of work");
    OutputException e =
        assertThrows(OutputException.class, () -> OutputDirectory.create(target, true).close());
    assertTrue(e.getMessage().contains("nor a model directory"), e.getMessage());
    Path file = Files.writeString(folder.resolve("file"), "");
    e = assertThrows(OutputException.class, () -> OutputDirectory.create(file, true).close());
    assertTrue(e.getMessage().contains("is not a directory"), e.getMessage());
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    assertThrows(OutputException.class, () -> OutputDirectory.create(link, true).close());
    assertTrue(Files.exists(target.resolve("thesis.tex")));
  }

  @Test
  void aPlaceThatCannotBeWrittenIsOneClearException() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    OutputException e =
        assertThrows(
            OutputException.class,
            () -> OutputDirectory.create(file.resolve("out"), false).close());
    assertTrue(e.getMessage().contains("cannot be written"), e.getMessage());
    assertEquals(List.of("file"), left());
  }

  @Test
  void copiesGetThePermissionsOfNewFiles() throws IOException {
    Path source = Files.writeString(folder.resolve("tokenizer.json"), "text");
    Files.setPosixFilePermissions(source, PosixFilePermissions.fromString("r--r--r--"));
    Path target = folder.resolve("out");
    try (OutputDirectory output = OutputDirectory.create(target, false)) {
      assertEquals(4, output.copy(source));
      output.commit();
    }
    assertEquals("text", Files.readString(target.resolve("tokenizer.json")));
    assertTrue(
        PosixFilePermissions.toString(
                Files.getPosixFilePermissions(target.resolve("tokenizer.json")))
            .startsWith("rw"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../x", "a/b", "", ".", "..", "/x"})
  void onlyPlainNamesAreTaken(String name) throws IOException {
    try (OutputDirectory output = OutputDirectory.create(folder.resolve("out"), false)) {
      assertThrows(IllegalArgumentException.class, () -> output.write(name, "x"));
    }
  }

  @Test
  void aTargetHasOneWriterAtATime() throws IOException {
    Path target = folder.resolve("out");
    try (OutputDirectory first = OutputDirectory.create(target, false)) {
      OutputException e =
          assertThrows(
              OutputException.class,
              () -> OutputDirectory.create(folder.resolve("x/../out"), true).close());
      assertTrue(e.getMessage().contains("is being written by another run"), e.getMessage());
      OutputDirectory.create(folder.resolve("other"), false).close();
      first.write("config.json", "{}");
      first.commit();
      assertThrows(OutputException.class, () -> OutputDirectory.create(target, true).close());
    }
    assertEquals(List.of("out"), left());
    Files.delete(target.resolve("config.json"));
    OutputDirectory.create(target, true).close();
    assertEquals(List.of("out"), left());
  }

  /** A lock file without a lock is what a killed process leaves. */
  @Test
  void whatKilledRunsLeaveOfTheTargetIsRemoved() throws IOException {
    Files.writeString(folder.resolve(".out.quant4j-lock"), "123");
    for (String name : List.of(".out.0123abcd.tmp", ".out.89abcdef.old")) {
      Files.createDirectories(folder.resolve(name).resolve("deep"));
      Files.writeString(folder.resolve(name).resolve("model.safetensors"), "half");
    }
    List<String> others =
        List.of(".out.0123abc.tmp", ".out.b.0123abcd.tmp", ".outer.0123abcd.tmp", "out.tmp");
    for (String name : others) {
      Files.createDirectory(folder.resolve(name));
    }
    Path target = Files.createDirectory(folder.resolve("out"));
    OutputDirectory.create(target, true).close();
    assertEquals(Stream.concat(others.stream(), Stream.of("out")).sorted().toList(), left());
  }

  @Test
  void whatAKilledRunWasReplacingIsPutBack() throws IOException {
    Path old = Files.createDirectory(folder.resolve(".out.89abcdef.old"));
    Files.writeString(old.resolve("config.json"), "old");
    Files.createDirectory(folder.resolve(".out.01234567.tmp"));
    Path target = folder.resolve("out");
    OutputException e =
        assertThrows(OutputException.class, () -> OutputDirectory.create(target, false).close());
    assertTrue(e.getMessage().contains("exists already"), e.getMessage());
    assertEquals("old", Files.readString(target.resolve("config.json")));
    assertEquals(List.of("out"), left());
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint-500", "model.safetensors", "config.json"})
  void overwritingSparesWhatAModelDoesNotHave(String changed) throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));
    for (String file : List.of("config.json", "model.safetensors")) {
      if (!file.equals(changed)) {
        Files.writeString(target.resolve(file), "old");
      }
    }
    if (changed.startsWith("checkpoint")) {
      Files.writeString(Files.createDirectory(target.resolve(changed)).resolve("x"), "weeks");
    } else {
      Files.writeString(target.resolve("other.txt"), "old");
    }
    OutputException e =
        assertThrows(OutputException.class, () -> OutputDirectory.create(target, true).close());
    assertTrue(e.getMessage().contains("not overwritten"), e.getMessage());
    assertTrue(e.getMessage().contains(changed), e.getMessage());
    assertEquals(List.of("out"), left());
  }

  @Test
  void temporaryFilesOfKilledProcessesAreRemovedAndThoseInUseAreNot() throws IOException {
    Path target = folder.resolve("x.bin");
    Files.writeString(folder.resolve(".x.bin.0123abcd.tmp"), "half");
    Files.writeString(folder.resolve(".y.bin.0123abcd.tmp"), "half");
    try (OutputFile first = OutputFile.create(target);
        OutputFile second = OutputFile.create(target)) {
      assertEquals(3, left().size());
      second.write(ByteBuffer.wrap(new byte[] {1}));
      second.commit();
      first.write(ByteBuffer.wrap(new byte[] {2}));
      first.commit();
    }
    assertEquals(List.of(".y.bin.0123abcd.tmp", "x.bin"), left());
    assertEquals(2, Files.readAllBytes(target)[0]);
  }
}
