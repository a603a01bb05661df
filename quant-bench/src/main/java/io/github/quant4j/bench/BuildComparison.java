// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times two builds of the library against each other in one JVM, call by call in turns.
 *
 * <p>On a shared host speeds go up and down by more than most changes to a kernel gain or lose; the
 * ratio of two calls that follow each other hardly does. Each build has a class loader of its own,
 * so that its kernels are compiled by themselves.
 */
public final class BuildComparison {
  private static final double MICRO = 1e3;
  private static final long SECOND = 1_000_000_000L;
  private static final int OPTIONS = 6;

  private BuildComparison() {}

  /**
   * Prints a Markdown table.
   *
   * @param args two benchmark jars, tokens, size of the layer, threads, {@code CACHE} or {@code
   *     MEMORY}, and formats as {@link LayerFormat#parse} reads them
   * @throws IOException if a jar is missing
   * @throws ReflectiveOperationException if a jar is not of this library
   */
  public static void main(String[] args) throws IOException, ReflectiveOperationException {
    if (args.length <= OPTIONS) {
      throw new IllegalArgumentException(
          "expected BEFORE.jar AFTER.jar TOKENS SIZE THREADS CACHE|MEMORY FORMAT..., found "
              + String.join(" ", args));
    }
    System.out.println("| format | before, us | after, us | after / before |");
    System.out.println("|---|---:|---:|---:|");
    for (String format : Arrays.asList(args).subList(OPTIONS, args.length)) {
      Runnable before = call(Path.of(args[0]), args, format);
      Runnable after = call(Path.of(args[1]), args, format);
      System.out.println(compare(format, before, after, 3 * SECOND, 3 * SECOND));
    }
  }

  private static Runnable call(Path build, String[] args, String format)
      throws IOException, ReflectiveOperationException {
    return call(
        build,
        format,
        Integer.parseInt(args[2]),
        Integer.parseInt(args[3]),
        Integer.parseInt(args[4]),
        args[5]);
  }

  /** A call of a build; what that build lacks comes from this one. */
  static Runnable call(Path build, String format, int tokens, int size, int threads, String weights)
      throws IOException, ReflectiveOperationException {
    if (!Files.exists(build)) {
      throw new IllegalArgumentException("build: there is no file " + build);
    }
    List<URL> path = new ArrayList<>(List.of(build.toUri().toURL()));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      path.add(Path.of(entry).toUri().toURL());
    }
    ClassLoader loader =
        new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    return (Runnable)
        loader
            .loadClass(LayerCall.class.getName())
            .getConstructor(String.class, int.class, int.class, int.class, String.class)
            .newInstance(format, tokens, size, threads, weights);
  }

  /** A line of the table, with medians and fastest calls. */
  static String compare(String format, Runnable before, Runnable after, long warmUp, long time) {
    repeat(before, warmUp);
    repeat(after, warmUp);
    List<double[]> pairs = new ArrayList<>();
    long end = System.nanoTime() + time;
    while (System.nanoTime() < end || pairs.isEmpty()) {
      pairs.add(new double[] {micros(before), micros(after)});
    }
    double[] first = pairs.stream().mapToDouble(pair -> pair[0]).sorted().toArray();
    double[] second = pairs.stream().mapToDouble(pair -> pair[1]).sorted().toArray();
    double[] ratios = pairs.stream().mapToDouble(pair -> pair[1] / pair[0]).sorted().toArray();
    return String.format(
        Locale.ROOT,
        "| %s | %.1f, fastest %.1f | %.1f, fastest %.1f | %.2f |",
        format,
        median(first),
        first[0],
        median(second),
        second[0],
        median(ratios));
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }

  private static void repeat(Runnable call, long time) {
    long end = System.nanoTime() + time;
    do {
      call.run();
    } while (System.nanoTime() < end);
  }

  /** The faster one of two calls: the first one finds the caches full of the other build's data. */
  private static double micros(Runnable call) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 2; i++) {
      long start = System.nanoTime();
      call.run();
      least = Math.min(least, (System.nanoTime() - start) / MICRO);
    }
    return least;
  }
}
