// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.jlama.JlamaWorkload;
import io.github.quant4j.bench.workload.Residence;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Turns a JMH result file ({@code -rf json}) into a Markdown table of speeds and ratios.
 *
 * <p>Speeds are those of the median iteration (of the median call with {@code -bm sample}); ratios
 * are given for the median and for the fastest one, {@code median/fastest}. Ratios are within the
 * run: to other libraries on the same weights (to the faster one of Jlama's kernels; 4-bit formats
 * with float activations to {@code int4:g128:sym}, which stands in for them), and to the time that
 * reading the stored weights takes at the rate that {@link MemoryReadBenchmark} measured with as
 * many threads (only where the weights lie in memory).
 */
public final class RatioTable {
  private static final String PLAIN_4_BITS = "int4:g128:sym";
  private static final String READ = "MemoryReadBenchmark.read";

  /** Benchmarks of other libraries, and what these are called. */
  private static final Map<String, String> PEERS = peers();

  private final List<Result> results;

  private RatioTable(List<Result> results) {
    this.results = results;
  }

  private static Map<String, String> peers() {
    Map<String, String> peers = new LinkedHashMap<>();
    peers.put("onnxRuntime", "ONNX Runtime");
    peers.put("jlama", "Jlama");
    peers.put("nd4j", "ND4J");
    return peers;
  }

  /** One line of the file. */
  private record Result(
      String benchmark,
      Map<String, String> parameters,
      double micros,
      double fastest,
      Optional<Double> bytes) {

    static Result of(JsonValue.Obj entry) {
      String name = entry.getString("benchmark").orElseThrow();
      Map<String, String> parameters = new LinkedHashMap<>();
      entry
          .getObject("params")
          .ifPresent(
              all ->
                  all.members()
                      .keySet()
                      .forEach(
                          key ->
                              all.getString(key).ifPresent(value -> parameters.put(key, value))));
      JsonValue.Obj metric = entry.getObject("primaryMetric").orElseThrow();
      String unit = metric.getString("scoreUnit").orElseThrow();
      if (!unit.equals("us/op")) {
        throw new IllegalArgumentException(name + ": unit " + unit + ", expected us/op");
      }
      JsonValue.Obj percentiles = metric.getObject("scorePercentiles").orElseThrow();
      Optional<Double> bytes =
          entry
              .getObject("secondaryMetrics")
              .flatMap(all -> all.getObject("gc.alloc.rate.norm"))
              .flatMap(all -> all.getDouble("score"));
      int method = name.lastIndexOf('.');
      return new Result(
          name.substring(name.lastIndexOf('.', method - 1) + 1),
          parameters,
          percentiles.getDouble("50.0").orElseThrow(),
          percentiles.getDouble("0.0").orElseThrow(),
          bytes);
    }

    String parameter(String name) {
      return parameters.getOrDefault(name, "");
    }

    long number(String name) {
      return Long.parseLong(parameter(name));
    }

    String method() {
      return benchmark.substring(benchmark.indexOf('.') + 1);
    }

    /** What two results must have in common to be compared. */
    boolean sameWork(Result other) {
      return (format().equals(other.format()) || isStoodInFor(other))
          && List.of("m", "k", "n", "threads", "weights").stream()
              .allMatch(name -> parameter(name).equals(other.parameter(name)));
    }

    /**
     * Whether a peer's product of plain 4-bit codes and floats is the nearest that there is to this
     * one of another 4-bit format, which no peer has.
     */
    private boolean isStoodInFor(Result other) {
      return other.isPeer()
          && other.format().equals(PLAIN_4_BITS)
          && !format().contains("@")
          && !format().equals(JlamaWorkload.FLOATS)
          && (int) (8 * weightBytes() / (number("k") * number("n"))) == 4;
    }

    /** That of the weights and activations; full-precision ones often have no parameter for it. */
    String format() {
      return parameter("format").isEmpty() ? JlamaWorkload.FLOATS : parameter("format");
    }

    boolean isPeer() {
      return PEERS.containsKey(method());
    }

    double gigaMultiplications() {
      return number("m") * number("k") * number("n") / micros / 1e3;
    }

    /** The stored weights, in bytes. */
    double weightBytes() {
      if (format().equals(JlamaWorkload.FLOATS)) {
        return (double) Float.BYTES * number("k") * number("n");
      }
      long bits =
          Recipe.parse(format())
              .storageBits(Math.toIntExact(number("n")), Math.toIntExact(number("k")));
      return (double) bits / Byte.SIZE;
    }
  }

  /**
   * Prints the table of one or several result files, whose results are compared with each other.
   *
   * @param args the files
   * @throws IOException if one cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      System.err.println("usage: RatioTable <results of JMH, written with -rf json -rff FILE> ...");
      return;
    }
    List<Result> results = new ArrayList<>();
    for (String file : args) {
      results.addAll(parse(Files.readString(Path.of(file))).results);
    }
    System.out.print(new RatioTable(results).toMarkdown());
  }

  /**
   * Reads a result file. Benchmarks of other work than products and reading, such as transforms and
   * decoding, have no place in the table and are passed over.
   *
   * @param json its text
   * @return the table
   * @throws IllegalArgumentException if a result has another unit than microseconds
   */
  public static RatioTable parse(String json) {
    List<Result> results = new ArrayList<>();
    for (JsonValue value : ((JsonValue.Arr) JsonParser.parse(json)).elements()) {
      if (hasRow((JsonValue.Obj) value)) {
        results.add(Result.of((JsonValue.Obj) value));
      }
    }
    return new RatioTable(results);
  }

  /** Products have a number of inputs and of outputs. */
  private static boolean hasRow(JsonValue.Obj entry) {
    return entry.getString("benchmark").orElseThrow().endsWith("." + READ)
        || entry
            .getObject("params")
            .map(JsonValue.Obj::members)
            .filter(all -> all.containsKey("k") && all.containsKey("n"))
            .isPresent();
  }

  /**
   * The table.
   *
   * @return lines of Markdown
   */
  public String toMarkdown() {
    StringBuilder text = new StringBuilder();
    text.append("| work | format | m | k x n | threads | weights | us | fastest |");
    text.append(" GMAC/s | GB/s | roofline |");
    PEERS.values().forEach(name -> text.append(" to ").append(name).append(" |"));
    text.append(" B/op |\n");
    text.append("|---|---|---|---|---|---|---|---|---|---|---|")
        .append("---|".repeat(PEERS.size()));
    text.append("---|\n");
    for (Result result : results) {
      text.append(result.benchmark.equals(READ) ? readRow(result) : workRow(result)).append('\n');
    }
    return text.toString();
  }

  private static String readRow(Result result) {
    return String.format(
        Locale.ROOT,
        "| memory read | %s MiB | | | %s | | %.0f | %.0f | | %.1f | |"
            + " |".repeat(PEERS.size())
            + " %s |",
        result.parameter("mib"),
        result.parameter("threads"),
        result.micros,
        result.fastest,
        readBytes(result) / result.micros / 1e3,
        allocation(result));
  }

  private String workRow(Result result) {
    double bytes = result.weightBytes();
    return String.format(
        Locale.ROOT,
        "| %s%s | %s | %s | %s x %s | %s | %s | %.1f | %.1f | %.1f | %.1f | %s | %s%s |",
        result.benchmark,
        result.method().equals("jlama") ? " (" + result.parameter("kernel") + ")" : "",
        result.format(),
        result.parameter("m"),
        result.parameter("k"),
        result.parameter("n"),
        result.parameter("threads"),
        result.parameter("weights").toLowerCase(Locale.ROOT),
        result.micros,
        result.fastest,
        result.gigaMultiplications(),
        bytes / result.micros / 1e3,
        roofline(result, bytes),
        peers(result),
        allocation(result));
  }

  private static String allocation(Result result) {
    return result.bytes.map(bytes -> String.format(Locale.ROOT, "%.0f", bytes)).orElse("");
  }

  private static double readBytes(Result result) {
    return result.number("mib") * (1 << 20);
  }

  /** The time that reading the weights would take, as a part of the time that was taken. */
  private String roofline(Result result, double bytes) {
    if (!result.parameter("weights").equals(Residence.MEMORY.name())) {
      return "";
    }
    return results.stream()
        .filter(read -> read.benchmark.equals(READ))
        .filter(read -> read.parameter("threads").equals(result.parameter("threads")))
        .findFirst()
        .map(
            read -> {
              double part = 100 * bytes / readBytes(read);
              return String.format(
                  Locale.ROOT,
                  "%.0f/%.0f %%",
                  part * read.micros / result.micros,
                  part * read.fastest / result.fastest);
            })
        .orElse("");
  }

  /** A cell for each peer, with the times of its fastest kernel on the same work by ours. */
  private String peers(Result result) {
    StringBuilder cells = new StringBuilder();
    for (String peer : PEERS.keySet()) {
      results.stream()
          .filter(other -> other.method().equals(peer) && !result.isPeer())
          .filter(result::sameWork)
          .min(Comparator.comparingDouble(Result::micros))
          .ifPresent(
              other ->
                  cells.append(
                      String.format(
                          Locale.ROOT,
                          "%.2f/%.2fx ",
                          other.micros / result.micros,
                          other.fastest / result.fastest)));
      cells.append("| ");
    }
    return cells.toString();
  }
}
