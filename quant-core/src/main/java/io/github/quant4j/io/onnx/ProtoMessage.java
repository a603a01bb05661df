// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A protobuf message as its fields, in the order in which they are stored, with those that nobody
 * knows. What is not changed is written as it was read, byte for byte.
 */
final class ProtoMessage {
  private final List<ProtoField> fields;
  private final long byteSize;

  private ProtoMessage(List<ProtoField> fields) {
    this.fields = List.copyOf(fields);
    this.byteSize = this.fields.stream().mapToLong(ProtoField::byteSize).sum();
  }

  static ProtoMessage of(ProtoField... fields) {
    return new ProtoMessage(List.of(fields));
  }

  static ProtoMessage of(List<ProtoField> fields) {
    return new ProtoMessage(fields);
  }

  /** Finds the fields; what is in them is not looked at. */
  static ProtoMessage parse(MemorySegment bytes, ReadBudget budget) {
    List<ProtoField> fields = new ArrayList<>();
    ProtoCursor cursor = new ProtoCursor(bytes);
    while (cursor.hasMore()) {
      long start = cursor.position();
      int tag = cursor.tag();
      int number = tag >>> 3;
      int wire = tag & 7;
      budget.spend(1);
      try {
        if (wire == ProtoField.LENGTH) {
          long length = cursor.length();
          long from = cursor.position();
          cursor.skip(length);
          fields.add(
              new ProtoField(
                  number,
                  wire,
                  bytes.asSlice(start, from - start),
                  bytes.asSlice(from, length),
                  null));
          continue;
        }
        cursor.skipValue(tag);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("field " + number + ": " + e.getMessage(), e);
      }
      MemorySegment body = bytes.asSlice(start, cursor.position() - start);
      @Nullable ProtoField last = fields.isEmpty() ? null : fields.getLast();
      if (last != null && last.number() == number && last.wire() == wire) {
        long runStart = start - last.body().byteSize();
        body = bytes.asSlice(runStart, cursor.position() - runStart);
        fields.removeLast();
      }
      fields.add(new ProtoField(number, wire, ProtoField.NONE, body, null));
    }
    return new ProtoMessage(fields);
  }

  List<ProtoField> fields() {
    return fields;
  }

  long byteSize() {
    return byteSize;
  }

  boolean has(int number) {
    return fields.stream().anyMatch(field -> field.number() == number);
  }

  private List<ProtoField> find(int number, String name, int wire, int packed) {
    List<ProtoField> found = new ArrayList<>();
    for (ProtoField field : fields) {
      if (field.number() == number) {
        if (field.wire() != wire && field.wire() != packed) {
          throw new IllegalArgumentException(
              name + " (field " + number + "): wire type " + field.wire() + ", expected " + wire);
        }
        found.add(field);
      }
    }
    return found;
  }

  /** The contents of fields with a length. */
  List<MemorySegment> segments(int number, String name) {
    return find(number, name, ProtoField.LENGTH, ProtoField.LENGTH).stream()
        .map(field -> field.message() == null ? field.body() : field.message().toSegment())
        .toList();
  }

  /** The content of the last such field, or null. */
  @Nullable MemorySegment segment(int number, String name) {
    List<MemorySegment> found = segments(number, name);
    return found.isEmpty() ? null : found.getLast();
  }

  List<ProtoMessage> messages(int number, String name, ReadBudget budget) {
    List<ProtoMessage> messages = new ArrayList<>();
    for (ProtoField field : find(number, name, ProtoField.LENGTH, ProtoField.LENGTH)) {
      int index = messages.size();
      messages.add(
          ReadBudget.within(
              () -> name + " " + index,
              () -> field.message() == null ? parse(field.body(), budget) : field.message()));
    }
    return messages;
  }

  /** The only such message, or null. Of two protobuf makes one; no writer needs that. */
  @Nullable ProtoMessage message(int number, String name, ReadBudget budget) {
    List<ProtoField> found = find(number, name, ProtoField.LENGTH, ProtoField.LENGTH);
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          name + " (field " + number + "): occurs " + found.size() + " times, expected once");
    }
    return found.isEmpty() ? null : messages(number, name, budget).getFirst();
  }

  List<String> strings(int number, String name) {
    return segments(number, name).stream().map(bytes -> text(bytes, name)).toList();
  }

  String string(int number, String name) {
    @Nullable MemorySegment bytes = segment(number, name);
    return bytes == null ? "" : text(bytes, name);
  }

  static String text(MemorySegment bytes, String name) {
    if (bytes.byteSize() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(name + ": a text of " + bytes.byteSize() + " bytes");
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(name + ": not UTF-8", e);
    }
  }

  /** How many numbers a repeated field has, in all its parts. */
  long count(int number, String name, int element) {
    return find(number, name, element, ProtoField.LENGTH).stream()
        .mapToLong(field -> field.count(element))
        .sum();
  }

  /** All numbers of a repeated field, packed or not. */
  void forEach(int number, String name, int element, LongConsumer target) {
    for (ProtoField field : find(number, name, element, ProtoField.LENGTH)) {
      ProtoCursor cursor = new ProtoCursor(field.body());
      try {
        while (cursor.hasMore()) {
          if (field.wire() != ProtoField.LENGTH) {
            cursor.tag();
          }
          target.accept(
              switch (element) {
                case ProtoField.FIXED32 -> cursor.fixed32();
                case ProtoField.FIXED64 -> cursor.fixed64();
                default -> cursor.varint();
              });
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
      }
    }
  }

  /** The last value of a field with one, or 0. */
  long number(int number, String name, int element) {
    long[] last = new long[1];
    find(number, name, element, element);
    forEach(number, name, element, value -> last[0] = value);
    return last[0];
  }

  long integer(int number, String name) {
    return number(number, name, ProtoField.VARINT);
  }

  /** A value of an enumeration or an int32, for messages as it is if it is neither. */
  int int32(int number, String name) {
    long value = integer(number, name);
    if (value != (int) value) {
      throw new IllegalArgumentException(
          name + " (field " + number + "): " + value + ", expected a number of 32 bits");
    }
    return (int) value;
  }

  /** Without the fields that a condition holds for. */
  ProtoMessage without(Predicate<ProtoField> condition) {
    return new ProtoMessage(fields.stream().filter(condition.negate()).toList());
  }

  ProtoMessage plus(List<ProtoField> more) {
    List<ProtoField> all = new ArrayList<>(fields);
    all.addAll(more);
    return new ProtoMessage(all);
  }

  /**
   * With other fields of a number: they take the places of the old ones, and what is left over
   * follows the last of these.
   */
  ProtoMessage with(int number, List<ProtoField> changed) {
    List<ProtoField> all = new ArrayList<>();
    int next = 0;
    int end = -1;
    for (ProtoField field : fields) {
      if (field.number() != number) {
        all.add(field);
      } else {
        if (next < changed.size()) {
          all.add(changed.get(next++));
        }
        end = all.size();
      }
    }
    all.addAll(end < 0 ? all.size() : end, changed.subList(next, changed.size()));
    return new ProtoMessage(all);
  }

  ProtoMessage with(ProtoField field) {
    return with(field.number(), List.of(field));
  }

  /** Takes the bytes of a message, one part after the other. */
  @FunctionalInterface
  interface Sink<E extends Exception> {
    void write(MemorySegment bytes) throws E;
  }

  <E extends Exception> void write(Sink<E> sink) throws E {
    for (ProtoField field : fields) {
      sink.write(field.head());
      if (field.message() == null) {
        sink.write(field.body());
      } else {
        field.message().write(sink);
      }
    }
  }

  MemorySegment toSegment() {
    MemorySegment target = MemorySegment.ofArray(new byte[Math.toIntExact(byteSize)]);
    long[] end = new long[1];
    write(
        (Sink<RuntimeException>)
            bytes -> {
              MemorySegment.copy(bytes, 0, target, end[0], bytes.byteSize());
              end[0] += bytes.byteSize();
            });
    return target;
  }
}
