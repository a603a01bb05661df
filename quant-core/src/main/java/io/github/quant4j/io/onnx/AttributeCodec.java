// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Attributes from and to {@code AttributeProto}. */
final class AttributeCodec {
  static final int NAME = 1;
  private static final int REFERENCE = 21;
  private static final int TYPE = 20;

  /** The kinds with the numbers of their type and their field. */
  private enum Kind {
    FLOAT(1, 2),
    INT(2, 3),
    STRING(3, 4),
    TENSOR(4, 5),
    GRAPH(5, 6),
    FLOATS(6, 7),
    INTS(7, 8),
    STRINGS(8, 9),
    TENSORS(9, 10),
    GRAPHS(10, 11),
    SPARSE_TENSOR(11, 22),
    SPARSE_TENSORS(12, 23),
    TYPE_PROTO(13, 14),
    TYPE_PROTOS(14, 15);

    private static final List<Kind> ALL = List.of(values());
    private final int type;
    private final int field;

    Kind(int type, int field) {
      this.type = type;
      this.field = field;
    }
  }

  private AttributeCodec() {}

  static OnnxAttribute read(ProtoMessage message, ReadBudget budget, int depth) {
    String name = message.string(NAME, "name");
    return ReadBudget.within(
        () -> "attribute '" + name + "'",
        () -> read(name, message, budget, ReadBudget.deeper(depth)));
  }

  private static OnnxAttribute read(
      String name, ProtoMessage message, ReadBudget budget, int depth) {
    int type = message.int32(TYPE, "type");
    String reference = message.string(REFERENCE, "ref_attr_name");
    List<Kind> present = Kind.ALL.stream().filter(kind -> message.has(kind.field)).toList();
    if (!reference.isEmpty()) {
      if (!present.isEmpty()) {
        throw new IllegalArgumentException("ref_attr_name and a value, expected one");
      }
      return new OnnxAttribute.Reference(name, reference, type);
    }
    Kind kind = kind(type, present);
    Values values = new Values(message, kind.field, budget, depth);
    return switch (kind) {
      case FLOAT ->
          new OnnxAttribute.FloatValue(
              name,
              Float.intBitsToFloat((int) message.number(kind.field, "f", ProtoField.FIXED32)));
      case INT -> new OnnxAttribute.IntValue(name, message.integer(kind.field, "i"));
      case STRING -> {
        var bytes = message.segments(kind.field, "s");
        yield new OnnxAttribute.StringValue(
            name, bytes.isEmpty() ? ProtoField.NONE : bytes.getLast());
      }
      case TENSOR -> new OnnxAttribute.TensorValue(name, values.only(Values::tensor));
      case GRAPH -> new OnnxAttribute.GraphValue(name, values.only(Values::graph));
      case SPARSE_TENSOR -> new OnnxAttribute.SparseTensorValue(name, values.only(Values::sparse));
      case TYPE_PROTO -> new OnnxAttribute.TypeValue(name, values.only(Values::type));
      case FLOATS ->
          new OnnxAttribute.FloatList(
              name,
              values.numbers(ProtoField.FIXED32, bits -> Float.intBitsToFloat((int) (long) bits)));
      case INTS ->
          new OnnxAttribute.IntList(name, values.numbers(ProtoField.VARINT, value -> value));
      case STRINGS -> new OnnxAttribute.StringList(name, message.segments(kind.field, "strings"));
      case TENSORS -> new OnnxAttribute.TensorList(name, values.all(Values::tensor));
      case GRAPHS -> new OnnxAttribute.GraphList(name, values.all(Values::graph));
      case SPARSE_TENSORS -> new OnnxAttribute.SparseTensorList(name, values.all(Values::sparse));
      case TYPE_PROTOS -> new OnnxAttribute.TypeList(name, values.all(Values::type));
    };
  }

  /** Files of the first versions do not say the type. */
  private static Kind kind(int type, List<Kind> present) {
    if (type == 0) {
      if (present.size() != 1) {
        throw new IllegalArgumentException(
            "no type and " + present.size() + " kinds of values, expected one");
      }
      return present.getFirst();
    }
    Kind kind =
        Kind.ALL.stream()
            .filter(known -> known.type == type)
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("type " + type + ", expected 1 to 14"));
    for (Kind other : present) {
      if (other != kind) {
        throw new IllegalArgumentException("type " + kind + ", but a value for " + other);
      }
    }
    return kind;
  }

  private record Values(ProtoMessage message, int field, ReadBudget budget, int depth) {
    OnnxTensor tensor(ProtoMessage value) {
      return OnnxTensor.read(value, budget);
    }

    OnnxSparseTensor sparse(ProtoMessage value) {
      return OnnxSparseTensor.read(value, budget);
    }

    OnnxGraph graph(ProtoMessage value) {
      return OnnxGraph.read(value, budget, depth);
    }

    OnnxTypeInfo type(ProtoMessage value) {
      return TypeCodec.read(value, budget, depth);
    }

    <T> T only(BiFunction<Values, ProtoMessage, T> reader) {
      ProtoMessage value = message.message(field, "value", budget);
      if (value == null) {
        throw new IllegalArgumentException("the value is missing");
      }
      return reader.apply(this, value);
    }

    <T> List<T> all(BiFunction<Values, ProtoMessage, T> reader) {
      return message.messages(field, "value", budget).stream()
          .map(value -> reader.apply(this, value))
          .toList();
    }

    <T> List<T> numbers(int element, Function<Long, T> conversion) {
      budget.spend(message.count(field, "values", element));
      List<T> numbers = new ArrayList<>();
      message.forEach(field, "values", element, value -> numbers.add(conversion.apply(value)));
      return numbers;
    }
  }

  /** The same message with another value, or a new one; what is not the value is kept. */
  static ProtoMessage write(OnnxAttribute attribute, ProtoMessage old) {
    ProtoMessage kept =
        old.without(
            field ->
                field.number() == NAME
                    || field.number() == TYPE
                    || field.number() == REFERENCE
                    || Kind.ALL.stream().anyMatch(kind -> kind.field == field.number()));
    List<ProtoField> fields = new ArrayList<>();
    fields.add(ProtoField.ofString(NAME, attribute.name()));
    switch (attribute) {
      case OnnxAttribute.FloatValue(_, float value) ->
          add(fields, Kind.FLOAT, List.of(value), ProtoField::ofFloat);
      case OnnxAttribute.IntValue(_, long value) ->
          add(fields, Kind.INT, List.of(value), ProtoField::ofLong);
      case OnnxAttribute.StringValue(_, var value) ->
          add(fields, Kind.STRING, List.of(value), ProtoField::ofBytes);
      case OnnxAttribute.TensorValue(_, var value) ->
          addMessages(fields, Kind.TENSOR, List.of(value), OnnxTensor::message);
      case OnnxAttribute.GraphValue(_, var value) ->
          addMessages(fields, Kind.GRAPH, List.of(value), OnnxGraph::message);
      case OnnxAttribute.SparseTensorValue(_, var value) ->
          addMessages(fields, Kind.SPARSE_TENSOR, List.of(value), OnnxSparseTensor::message);
      case OnnxAttribute.TypeValue(_, var value) ->
          addMessages(fields, Kind.TYPE_PROTO, List.of(value), TypeCodec::write);
      case OnnxAttribute.FloatList(_, var values) ->
          add(fields, Kind.FLOATS, values, ProtoField::ofFloat);
      case OnnxAttribute.IntList(_, var values) ->
          add(fields, Kind.INTS, values, ProtoField::ofLong);
      case OnnxAttribute.StringList(_, var values) ->
          add(fields, Kind.STRINGS, values, ProtoField::ofBytes);
      case OnnxAttribute.TensorList(_, var values) ->
          addMessages(fields, Kind.TENSORS, values, OnnxTensor::message);
      case OnnxAttribute.GraphList(_, var values) ->
          addMessages(fields, Kind.GRAPHS, values, OnnxGraph::message);
      case OnnxAttribute.SparseTensorList(_, var values) ->
          addMessages(fields, Kind.SPARSE_TENSORS, values, OnnxSparseTensor::message);
      case OnnxAttribute.TypeList(_, var values) ->
          addMessages(fields, Kind.TYPE_PROTOS, values, TypeCodec::write);
      case OnnxAttribute.Reference(_, String name, int type) -> {
        fields.add(ProtoField.ofString(REFERENCE, name));
        fields.add(ProtoField.ofLong(TYPE, type));
      }
    }
    fields.addAll(kept.fields());
    return ProtoMessage.of(fields);
  }

  private static <T> void addMessages(
      List<ProtoField> fields, Kind kind, List<T> values, Function<T, ProtoMessage> message) {
    add(
        fields,
        kind,
        values,
        (number, value) -> ProtoField.ofMessage(number, message.apply(value)));
  }

  private static <T> void add(
      List<ProtoField> fields,
      Kind kind,
      List<T> values,
      BiFunction<Integer, T, ProtoField> writer) {
    values.forEach(value -> fields.add(writer.apply(kind.field, value)));
    fields.add(ProtoField.ofLong(TYPE, kind.type));
  }
}
