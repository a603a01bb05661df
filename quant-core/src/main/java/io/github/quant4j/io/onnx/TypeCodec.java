// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Types of values from and to {@code TypeProto}. */
final class TypeCodec {
  private static final int TENSOR = 1;
  private static final int SEQUENCE = 4;
  private static final int MAP = 5;
  private static final int OPAQUE = 7;
  private static final int SPARSE = 8;
  private static final int OPTIONAL = 9;

  private TypeCodec() {}

  static OnnxTypeInfo read(@Nullable ProtoMessage message, ReadBudget budget, int depth) {
    if (message == null) {
      return new OnnxTypeInfo.Unspecified();
    }
    int inner = ReadBudget.deeper(depth);
    List<OnnxTypeInfo> found = new ArrayList<>();
    for (int number : new int[] {TENSOR, SEQUENCE, MAP, OPAQUE, SPARSE, OPTIONAL}) {
      @Nullable ProtoMessage value = message.message(number, "type", budget);
      if (value != null) {
        found.add(read(number, value, budget, inner));
      }
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException("type: " + found.size() + " kinds, expected one");
    }
    return found.isEmpty() ? new OnnxTypeInfo.Unspecified() : found.getFirst();
  }

  private static OnnxTypeInfo read(int kind, ProtoMessage value, ReadBudget budget, int depth) {
    return switch (kind) {
      case SEQUENCE ->
          new OnnxTypeInfo.SequenceType(
              read(value.message(1, "elem_type", budget), budget, depth + 1));
      case OPTIONAL ->
          new OnnxTypeInfo.OptionalType(
              read(value.message(1, "elem_type", budget), budget, depth + 1));
      case MAP ->
          new OnnxTypeInfo.MapType(
              OnnxType.ofCode(value.int32(1, "key_type")),
              read(value.message(2, "value_type", budget), budget, depth + 1));
      case OPAQUE ->
          new OnnxTypeInfo.OpaqueType(value.string(1, "domain"), value.string(2, "name"));
      default ->
          new OnnxTypeInfo.TensorType(
              OnnxType.ofCode(value.int32(1, "elem_type")),
              Optional.ofNullable(value.message(2, "shape", budget))
                  .map(
                      shape ->
                          shape.messages(1, "dim", budget).stream()
                              .map(TypeCodec::dimension)
                              .toList()),
              kind == SPARSE);
    };
  }

  private static OnnxDimension dimension(ProtoMessage dimension) {
    if (dimension.has(1) && dimension.has(2)) {
      throw new IllegalArgumentException("dim: dim_value and dim_param, expected one");
    }
    if (dimension.has(1)) {
      return new OnnxDimension.Known(dimension.integer(1, "dim_value"));
    }
    return dimension.has(2)
        ? new OnnxDimension.Symbolic(dimension.string(2, "dim_param"))
        : new OnnxDimension.Unknown();
  }

  static ProtoMessage write(OnnxTypeInfo type) {
    return switch (type) {
      case OnnxTypeInfo.Unspecified _ -> ProtoMessage.of();
      case OnnxTypeInfo.SequenceType sequence ->
          one(SEQUENCE, ProtoField.ofMessage(1, write(sequence.element())));
      case OnnxTypeInfo.OptionalType optional ->
          one(OPTIONAL, ProtoField.ofMessage(1, write(optional.element())));
      case OnnxTypeInfo.MapType map ->
          one(
              MAP,
              ProtoField.ofLong(1, map.key().code()),
              ProtoField.ofMessage(2, write(map.value())));
      case OnnxTypeInfo.OpaqueType opaque ->
          one(
              OPAQUE,
              ProtoField.ofString(1, opaque.domain()),
              ProtoField.ofString(2, opaque.name()));
      case OnnxTypeInfo.TensorType tensor -> {
        List<ProtoField> fields = new ArrayList<>();
        fields.add(ProtoField.ofLong(1, tensor.type().code()));
        tensor
            .shape()
            .ifPresent(
                shape ->
                    fields.add(
                        ProtoField.ofMessage(
                            2, ProtoMessage.of(shape.stream().map(TypeCodec::field).toList()))));
        yield ProtoMessage.of(
            ProtoField.ofMessage(tensor.sparse() ? SPARSE : TENSOR, ProtoMessage.of(fields)));
      }
    };
  }

  private static ProtoMessage one(int kind, ProtoField... fields) {
    return ProtoMessage.of(ProtoField.ofMessage(kind, ProtoMessage.of(fields)));
  }

  private static ProtoField field(OnnxDimension dimension) {
    ProtoMessage message =
        switch (dimension) {
          case OnnxDimension.Known known -> ProtoMessage.of(ProtoField.ofLong(1, known.size()));
          case OnnxDimension.Symbolic symbolic ->
              ProtoMessage.of(ProtoField.ofString(2, symbolic.name()));
          case OnnxDimension.Unknown _ -> ProtoMessage.of();
        };
    return ProtoField.ofMessage(1, message);
  }
}
