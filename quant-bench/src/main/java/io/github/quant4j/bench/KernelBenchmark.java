// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How all kernels are measured: many short iterations, so that their median and the fastest of them
 * mean something on a machine that is not all ours; in several JVMs, since where memory lies and
 * what the compiler makes of a kernel differ from one to the next.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 15, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
    value = 3,
    jvmArgsAppend = {
      "--add-modules",
      "jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      // ONNX Runtime dies on some machines with the default of 1 MB.
      "-Xss4m",
      "-Xmx4g"
    })
abstract class KernelBenchmark {
  /** For the benchmarks. */
  KernelBenchmark() {}
}
