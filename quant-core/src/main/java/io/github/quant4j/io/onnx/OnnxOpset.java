// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.List;

/**
 * A set of operators that a model uses, {@code OperatorSetIdProto}.
 *
 * @param domain whose operators; empty or {@code ai.onnx} for those of ONNX itself
 * @param version of the set
 */
public record OnnxOpset(String domain, long version) {
  static List<OnnxOpset> read(ProtoMessage message, int number, ReadBudget budget) {
    return message.messages(number, "opset_import", budget).stream()
        .map(opset -> new OnnxOpset(opset.string(1, "domain"), opset.integer(2, "version")))
        .toList();
  }

  ProtoField field(int number) {
    return ProtoField.ofMessage(
        number, ProtoMessage.of(ProtoField.ofString(1, domain), ProtoField.ofLong(2, version)));
  }

  /** Domain and version, {@code ai.onnx:17}. */
  @Override
  public String toString() {
    return (domain.isEmpty() ? "ai.onnx" : domain) + ":" + version;
  }
}
