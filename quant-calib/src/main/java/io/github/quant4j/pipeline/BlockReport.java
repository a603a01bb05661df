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
 *     decibels: the quantized blocks to here against the given ones; infinite if they agree
 */
public record BlockReport(String name, double outputSqnr) {

  JsonValue.Obj toJson() {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("name", name);
    // JSON has no infinity; a member that is not there reads as such.
    if (Double.isFinite(outputSqnr)) {
      members.put("output_sqnr_db", outputSqnr);
    }
    return (JsonValue.Obj) JsonValue.of(members);
  }

  static BlockReport fromJson(JsonValue.Obj json) {
    return new BlockReport(
        json.getString("name").orElse(""),
        json.getDouble("output_sqnr_db").orElse(Double.POSITIVE_INFINITY));
  }
}
