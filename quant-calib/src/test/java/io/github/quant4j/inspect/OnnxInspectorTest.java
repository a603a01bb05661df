// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxInspectorTest {
  @TempDir Path temporary;

  /** A field with a length below 128. */
  private static byte[] field(int number, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    List.of(parts).forEach(content::writeBytes);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write((number << 3) | 2);
    // Two bytes for every length.
    all.write((content.size() & 0x7F) | 0x80);
    all.write(content.size() >> 7);
    all.writeBytes(content.toByteArray());
    return all.toByteArray();
  }

  private static byte[] text(int number, String text) {
    return field(number, text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (((field << 3) & 0x7F) | 0x80), (byte) (field >> 4), (byte) value};
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private Path file() throws IOException {
    byte[] floats = field(5, number(1, 2), number(2, 1), text(8, "w"), field(9, floats(-1.5f, 4)));
    byte[] narrow =
        field(5, number(1, 3), number(2, 22), text(8, "q"), field(9, new byte[] {0x79, 0x08}));
    byte[] branch = field(1, text(4, "Relu"), text(1, "x"), text(2, "r"));
    byte[] graph =
        field(
            7,
            field(
                1,
                text(2, "k"),
                text(4, "Constant"),
                field(
                    5,
                    text(1, "value"),
                    number(20, 4),
                    field(5, number(2, 1), field(9, floats(7))))),
            field(
                1,
                text(4, "If"),
                field(5, text(1, "then_branch"), number(20, 5), field(6, branch))),
            field(1, text(4, "Gelu"), text(7, "com.example")),
            floats,
            narrow,
            field(11, text(1, "x"), field(2, field(1, number(1, 1)))),
            field(11, text(1, "w"), field(2, field(1, number(1, 1)))),
            field(12, text(1, "r")));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(text(2, "maker"));
    all.writeBytes(field(8, text(1, ""), number(2, 17)));
    all.writeBytes(graph);
    return Files.write(temporary.resolve("some.onnx"), all.toByteArray());
  }

  @Test
  void tensorsAndOperators() throws IOException {
    Inspection inspection = Inspector.of(WorkerTeam.ofThreads(1)).inspect(file());
    assertEquals(
        List.of("w", "q", "k"), inspection.tensors().stream().map(TensorInspection::name).toList());
    TensorInspection floats = inspection.tensors().getFirst();
    assertEquals("FLOAT", floats.type());
    assertEquals(Shape.of(2), floats.shape());
    assertEquals(-1.5, floats.statistics().orElseThrow().minimum());
    TensorInspection narrow = inspection.tensors().get(1);
    assertEquals("INT4", narrow.type());
    assertEquals(4, narrow.bitsPerWeight());
    assertEquals(-8, narrow.statistics().orElseThrow().minimum());
    assertEquals(7, narrow.statistics().orElseThrow().maximum());
    assertEquals(7, inspection.tensors().get(2).statistics().orElseThrow().maximum());
    GraphInspection graph = inspection.graph().orElseThrow();
    assertEquals("maker", graph.producer());
    assertEquals(List.of("ai.onnx:17"), graph.opsets());
    assertEquals(List.of("x FLOAT"), graph.inputs());
    assertEquals(List.of("r ?"), graph.outputs());
    assertEquals(
        Map.of("Constant", 1, "If", 1, "Relu", 1, "com.example.Gelu", 1), graph.operators());
  }

  @Test
  void whatIsNoModelIsRefused() throws IOException {
    Path path = Files.writeString(temporary.resolve("no.onnx"), "no model");
    Throwable e =
        assertThrows(
            TensorFileException.class, () -> Inspector.of(WorkerTeam.ofThreads(1)).inspect(path));
    assertTrue(e.getMessage().startsWith(path.toString()), e.getMessage());
  }
}
