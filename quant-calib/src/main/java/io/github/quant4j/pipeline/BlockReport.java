// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * How far a block's output has come from that of the given model, by what happened in it and in all
 * blocks before it.
 *
 * @param name the block
 * @param outputSqnr signal to quantization noise of its output on the first calibration input, in
 *     decibels: the quantized blocks to here against the given ones; infinite if they agree, NaN if
 *     one of them is not finite
 */
public record BlockReport(String name, double outputSqnr) {

  JsonValue.Obj toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("name", name);
    ReportNumbers.putRatio(members, "output_sqnr_db", outputSqnr);
    return (JsonValue.Obj) JsonValue.of(members);
  }

  static BlockReport fromJson(JsonValue.Obj json) {
    return new BlockReport(
        json.getString("name").orElse(""), ReportNumbers.ratio(json, "output_sqnr_db"));
  }
}
