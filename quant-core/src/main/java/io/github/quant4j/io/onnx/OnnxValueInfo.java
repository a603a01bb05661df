// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;

/**
 * The name and the type of a value in a graph, {@code ValueInfoProto}. Immutable; comparisons are
 * by identity.
 */
public final class OnnxValueInfo {
  private static final int NAME = 1;
  private static final int TYPE = 2;

  private final ProtoMessage message;
  private final String name;
  private final OnnxTypeInfo type;

  private OnnxValueInfo(ProtoMessage message, String name, OnnxTypeInfo type) {
    this.message = message;
    this.name = name;
    this.type = type;
  }

  static OnnxValueInfo read(ProtoMessage message, ReadBudget budget, int depth) {
    String name = message.string(NAME, "name");
    return ReadBudget.within(
        () -> "value '" + name + "'",
        () ->
            new OnnxValueInfo(
                message,
                name,
                TypeCodec.read(
                    message.message(TYPE, "type", budget), budget, ReadBudget.deeper(depth))));
  }

  static List<OnnxValueInfo> readAll(
      ProtoMessage message, int number, String kind, ReadBudget budget, int depth) {
    List<OnnxValueInfo> values = new ArrayList<>();
    for (ProtoMessage value : message.messages(number, kind, budget)) {
      values.add(ReadBudget.within(() -> kind, () -> read(value, budget, depth)));
    }
    return List.copyOf(values);
  }

  /**
   * Makes one.
   *
   * @param name the value's name
   * @param type its type
   * @return the pair
   */
  public static OnnxValueInfo of(String name, OnnxTypeInfo type) {
    ProtoMessage message =
        ProtoMessage.of(
            ProtoField.ofString(NAME, name), ProtoField.ofMessage(TYPE, TypeCodec.write(type)));
    return new OnnxValueInfo(message, name, type);
  }

  ProtoMessage message() {
    return message;
  }

  /**
   * The value's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /**
   * The value's type.
   *
   * @return the type
   */
  public OnnxTypeInfo type() {
    return type;
  }

  /** Name and type. */
  @Override
  public String toString() {
    return name + " " + type;
  }
}
