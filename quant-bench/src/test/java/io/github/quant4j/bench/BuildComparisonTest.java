// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BuildComparisonTest {
  private static final Path THIS_BUILD = Path.of("target", "classes");

  private static Runnable call(Path build) throws Exception {
    return BuildComparison.call(build, "int4:g64:sym @ int8:token", 2, 64, 1, "CACHE");
  }

  @Test
  void eachBuildHasClassesOfItsOwn() throws Exception {
    Runnable before = call(THIS_BUILD);
    Runnable after = call(THIS_BUILD);
    assertEquals(LayerCall.class.getName(), before.getClass().getName());
    assertNotSame(before.getClass(), after.getClass());
    before.run();
    after.run();
  }

  @Test
  void callsTakeTurns() {
    AtomicInteger before = new AtomicInteger();
    AtomicInteger after = new AtomicInteger();
    String line =
        BuildComparison.compare("f", before::incrementAndGet, after::incrementAndGet, 0, 1_000_000);
    assertEquals(before.get(), after.get());
    assertTrue(before.get() >= 3, before + " calls");
    assertTrue(
        line.matches(
            "\\| f \\| [0-9.]+, fastest [0-9.]+ \\| [0-9.]+, fastest [0-9.]+ \\| [0-9.]+ \\|"),
        line);
  }

  @Test
  void refusesWhatIsMissing() {
    Exception missing = assertThrows(IllegalArgumentException.class, () -> call(Path.of("no.jar")));
    assertEquals("build: there is no file no.jar", missing.getMessage());
    Exception usage =
        assertThrows(
            IllegalArgumentException.class, () -> BuildComparison.main(new String[] {"a.jar"}));
    assertTrue(usage.getMessage().contains("found a.jar"), usage.getMessage());
  }
}
