// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Files and directories that a program reads, which nothing that it writes may replace or delete.
 * Symbolic links are followed, those within the directories too.
 *
 * <pre>{@code
 * ProtectedInputs.of(List.of(model, text)).requireApartFromDirectory(target);
 * }</pre>
 */
public final class ProtectedInputs {
  private record Input(Path given, Path real) {}

  private final List<Input> inputs;

  private ProtectedInputs(List<Input> inputs) {
    this.inputs = inputs;
  }

  /**
   * Notes what is read. Costs a look at each file.
   *
   * @param paths files, directories, or paths where nothing is
   * @return what is to be protected
   * @throws IOException if a path cannot be looked at
   */
  public static ProtectedInputs of(Collection<Path> paths) throws IOException {
    List<Input> inputs = new ArrayList<>();
    for (Path path : paths) {
      inputs.add(new Input(path, real(path)));
      if (Files.isDirectory(path)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
          for (Path entry : entries) {
            if (Files.isSymbolicLink(entry)) {
              inputs.add(new Input(entry, real(entry)));
            }
          }
        }
      }
    }
    return new ProtectedInputs(List.copyOf(inputs));
  }

  /** The real path of what is there, and what is missing of it as it is. */
  private static Path real(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    Path there = absolute;
    while (!Files.exists(there)) {
      Path parent = there.getParent();
      if (parent == null) {
        return absolute;
      }
      there = parent;
    }
    return there.toRealPath().resolve(there.relativize(absolute)).normalize();
  }

  /** A target and what it may be a link to. */
  private static List<Path> places(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null) {
      return List.of(absolute);
    }
    Path itself = real(parent).resolve(Objects.requireNonNull(absolute.getFileName()));
    return List.of(itself, real(absolute));
  }

  /**
   * Refuses a directory that is to be written and would replace an input: that is one, or has one
   * in it. A directory within an input directory is fine.
   *
   * @param target where the directory is to appear
   * @throws OutputException if it is or contains an input
   * @throws IOException if it cannot be looked at
   */
  public void requireApartFromDirectory(Path target) throws IOException {
    for (Path place : places(target)) {
      for (Input input : inputs) {
        if (input.real.equals(place)) {
          throw refused(target, "the output is the input " + input.given + " itself");
        }
        if (input.real.startsWith(place)) {
          throw refused(
              target,
              "the output contains the input " + input.given + ", which would be deleted with it");
        }
      }
    }
  }

  /**
   * Refuses a file that is to be written and would replace an input, or would lie among the files
   * of an input directory, where it could be taken for one of them.
   *
   * @param target where the file is to appear
   * @throws OutputException if it is an input, or directly within one
   * @throws IOException if it cannot be looked at
   */
  public void requireApartFromFile(Path target) throws IOException {
    requireApartFromDirectory(target);
    for (Path place : places(target)) {
      for (Input input : inputs) {
        if (input.real.equals(place.getParent())) {
          throw refused(target, "the output is among the files of the input " + input.given);
        }
      }
    }
  }

  private static OutputException refused(Path target, String problem) {
    return new OutputException(target, problem + "; choose another place");
  }

  /** The paths. */
  @Override
  public String toString() {
    return inputs.stream().map(Input::given).toList().toString();
  }
}
