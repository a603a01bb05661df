// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.machine;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the running JVM is and does, as far as it matters for vector code. Touches neither the
 * incubator module nor anything else that may be absent without guarding it.
 */
public final class VirtualMachine {
  private VirtualMachine() {}

  /** Whether the incubator module was added when the JVM started. */
  public static boolean hasVectorModule() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /**
   * Why vector code would not be compiled to vector instructions, if so. Without the C2 compiler,
   * and without instructions for what it compiles, every vector is an object on the heap, and
   * kernels are up to some hundred times slower than scalar code.
   */
  public static Optional<String> missingCompiler() {
    if (System.getProperty("org.graalvm.nativeimage.imagecode") != null) {
      return Optional.of("a native image does not compile the Vector API");
    }
    String info = System.getProperty("java.vm.info", "");
    if (info.contains("interpreted mode")) {
      return Optional.of("the JVM interprets (-Xint); the C2 compiler is needed");
    }
    if (info.contains("emulated-client") || !option("TieredStopAtLevel", "4").equals("4")) {
      return Optional.of("the JVM runs without its C2 compiler (-XX:TieredStopAtLevel)");
    }
    if (option("UseJVMCICompiler", "false").equals("true")) {
      return Optional.of("the JVM uses a JVMCI compiler in place of C2");
    }
    if (option("UseAVX", "1").equals("0")) {
      // Measured: int4 by int8 runs at a fifth of the speed of scalar code, floats at the same.
      return Optional.of("the CPU has no AVX, or -XX:UseAVX=0 hides it, and C2 lacks instructions");
    }
    return Optional.empty();
  }

  /**
   * Whether fused multiply-add is an instruction. Where it is not, {@link Math#fma} computes with
   * big decimals.
   */
  static boolean hasFusedMultiplyAdd() {
    return option("UseFMA", "true").equals("true");
  }

  /**
   * Whether the processor's list of features has a word. Known on Linux only; the JVM tells the
   * width of vectors, but not what it can do with bytes in them.
   */
  static boolean processorHas(String feature) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.split("\\s+", -1)).contains(feature))
          .orElse(false);
    } catch (IOException | UncheckedIOException | SecurityException e) {
      return false;
    }
  }

  /** The value of a HotSpot option, or a default where there is no way to ask. */
  private static String option(String name, String otherwise) {
    try {
      HotSpotDiagnosticMXBean bean =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
      return bean == null ? otherwise : bean.getVMOption(name).getValue();
    } catch (LinkageError | RuntimeException e) {
      // No jdk.management, another JVM, or an option that this one does not have.
      return otherwise;
    }
  }
}
