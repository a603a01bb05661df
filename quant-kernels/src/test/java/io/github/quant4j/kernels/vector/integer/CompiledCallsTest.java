// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.testing.FreshJvm;
import io.github.quant4j.testing.SeededRandom;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiled kernels allocate nothing, which is what warming up waits for. */
class CompiledCallsTest {
  private static final String NOTHING = "allocates nothing";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int2:g64:sym",
        "ternary:g64:sym",
        "int4:g64:sym",
        "int4:g128:asym",
        "int8:channel:sym"
      })
  void compiledCallsAllocateNothing(String scheme) throws Exception {
    assumeTrue(Lanes.FUSED, "integer kernels need fused multiply-add");
    int bytes = Lanes.BITS / Byte.SIZE;
    Process process =
        FreshJvm.command(List.of("-ea", "-XX:MaxVectorSize=" + bytes), Calls.class, scheme).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), output);
    assertEquals(NOTHING, output.lines().toList().getLast(), output);
  }

  /** Runs in a JVM of its own. */
  static final class Calls {
    private Calls() {}

    public static void main(String[] arguments) {
      SeededRandom random = new SeededRandom(2);
      int rows = 256;
      int columns = 512;
      LinearKernel kernel =
          Kernels.forMatrix(
              Samples.matrix(arguments[0], rows, columns, Samples.Draw.UNIFORM, random),
              Samples.dynamic("int8", "token", true),
              KernelOptions.defaults().withProvider("vector"));
      boolean isWarm = Kernels.warmUp(List.of(kernel), Duration.ofMinutes(2));
      float[] x = random.gaussians(columns);
      float[] y = new float[rows];
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 20; i++) {
        // What the measurement itself allocates at first is let pass.
        long before = threads.getCurrentThreadAllocatedBytes();
        kernel.multiply(x, y);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      System.out.println(kernel.describe());
      System.out.println(isWarm ? "warm" : "not warm in time");
      System.out.println(isWarm && least == 0 ? NOTHING : "allocates " + least + " bytes a call");
    }
  }
}
