// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.List;

/**
 * A key with a value, {@code StringStringEntryProto}.
 *
 * @param key the key
 * @param value the value
 */
public record OnnxProperty(String key, String value) {
  static List<OnnxProperty> read(ProtoMessage message, int number, String name, ReadBudget budget) {
    return message.messages(number, name, budget).stream()
        .map(entry -> new OnnxProperty(entry.string(1, "key"), entry.string(2, "value")))
        .toList();
  }

  ProtoField field(int number) {
    return ProtoField.ofMessage(
        number, ProtoMessage.of(ProtoField.ofString(1, key), ProtoField.ofString(2, value)));
  }
}
