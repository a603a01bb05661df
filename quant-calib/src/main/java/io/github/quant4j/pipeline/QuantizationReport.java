// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * How a model was quantized. It lies beside the weights as {@value #FILE} and {@value #PAGE}.
 *
 * @param directory the quantized model
 * @param recipe the main recipe
 * @param calibration what the layers were calibrated on; empty if no recipe needed it
 * @param method the schema of the stored weights, {@code compressed-tensors} or {@code quant4j}
 * @param sites the quantized layers in the order of the model
 * @param blocks how far the output of each block is from what it was, and after the last one that
 *     of the whole model if no layer follows; empty without calibration
 * @param bytesBefore the size of the model's weight files
 * @param bytesAfter the size of the quantized model's files, this report not included
 * @param seconds the time that the work took, in this run
 */
@Stable
public record QuantizationReport(
    Path directory,
    String recipe,
    String calibration,
    String method,
    List<SiteReport> sites,
    List<BlockReport> blocks,
    long bytesBefore,
    long bytesAfter,
    double seconds) {
  /** The report for programs. */
  public static final String FILE = "quantization-report.json";

  /** The report for people. */
  public static final String PAGE = "quantization-report.html";

  /** Copies the lists. */
  public QuantizationReport {
    sites = List.copyOf(sites);
    blocks = List.copyOf(blocks);
  }

  /**
   * The effective width of the quantized layers: scales, zero points, outliers and the like
   * included.
   *
   * @return bits by weights; 0 if no layer was quantized
   */
  public double bitsPerWeight() {
    double bits = 0;
    double weights = 0;
    for (SiteReport site : sites) {
      bits += site.result().bitsPerWeight() * (double) site.weightCount();
      weights += (double) site.weightCount();
    }
    return weights == 0 ? 0 : bits / weights;
  }

  /**
   * Signal to quantization noise at the end: of the whole model's output, or of what its head reads
   * if that has layers that are kept; on the first calibration input.
   *
   * @return decibels, infinite or NaN as in {@link BlockReport}; empty without calibration
   */
  public OptionalDouble outputSqnr() {
    return blocks.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(blocks.getLast().outputSqnr());
  }

  /**
   * The report for programs.
   *
   * @return the text of {@value #FILE}
   */
  public String toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("recipe", recipe);
    members.put("calibration", calibration);
    members.put("quant_method", method);
    members.put("layers", sites.size());
    members.put("bits_per_weight", bitsPerWeight());
    members.put("bytes_before", bytesBefore);
    members.put("bytes_after", bytesAfter);
    members.put("seconds", seconds);
    outputSqnr().ifPresent(decibels -> ReportNumbers.putRatio(members, "output_sqnr_db", decibels));
    members.put("blocks", blocks.stream().map(BlockReport::toJson).toList());
    members.put("sites", sites.stream().map(SiteReport::toJson).toList());
    return JsonWriter.pretty(JsonValue.of(members));
  }

  /** One line for logs. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d layers, %.3f bits per weight, %d bytes of %d, %.1f s",
        sites.size(),
        bitsPerWeight(),
        bytesAfter,
        bytesBefore,
        seconds);
  }
}
