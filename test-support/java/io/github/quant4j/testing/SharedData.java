// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the shared conformance data lies. Tests that need it are skipped when it is absent. */
public final class SharedData {
  private SharedData() {}

  /**
   * A file or folder of the shared data; skips the calling test if it is not there.
   *
   * @param relative path below the shared folder
   * @return the path
   */
  public static Path path(String relative) {
    Path root = Path.of(System.getProperty("quant4j.shared", "../shared")).normalize();
    Path path = root.resolve(relative);
    assumeTrue(
        Files.exists(path),
        () ->
            "conformance data is not here: "
                + path.toAbsolutePath()
                + " (set -Dquant4j.shared=<folder> to run this test)");
    return path;
  }
}
