// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.io.InputFiles;
import io.github.quant4j.io.TensorFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.SequencedMap;
import java.util.TreeMap;

/** The files beside a model, mapped when a tensor first refers to them. */
final class ExternalFiles {
  private final Path directory;
  private final Arena arena;
  private final SequencedMap<String, MemorySegment> mapped = new TreeMap<>();

  ExternalFiles(Path directory, Arena arena) {
    this.directory = directory;
    this.arena = arena;
  }

  SequencedMap<String, MemorySegment> mapped() {
    return Collections.unmodifiableSequencedMap(mapped);
  }

  /** The bytes at a place, which must be as many as the tensor takes. */
  MemorySegment slice(ExternalLocation place, long bytes) {
    if (place.length().orElse(bytes) != bytes) {
      throw new IllegalArgumentException(
          "external data '"
              + place.location()
              + "': length "
              + place.length().orElse(bytes)
              + ", expected "
              + bytes);
    }
    MemorySegment file = map(place.location());
    if (place.offset() > file.byteSize() || bytes > file.byteSize() - place.offset()) {
      throw new IllegalArgumentException(
          "external data '"
              + place.location()
              + "': "
              + bytes
              + " bytes from "
              + place.offset()
              + ", but the file has "
              + file.byteSize());
    }
    return file.asSlice(place.offset(), bytes);
  }

  MemorySegment map(String location) {
    MemorySegment known = mapped.get(location);
    if (known != null) {
      return known;
    }
    try {
      Path path = directory.resolve(location);
      InputFiles.requireReadableFile(path, "external data '" + location + "' of the model");
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        MemorySegment file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        mapped.put(location, file);
        return file;
      }
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("external data location '" + location + "': no path", e);
    } catch (TensorFileException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
