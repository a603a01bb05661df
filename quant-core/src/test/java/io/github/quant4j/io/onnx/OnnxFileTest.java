// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of the Python package onnx and files laid out by hand. */
class OnnxFileTest {
  private static final byte[] NOTHING = {};

  @TempDir Path folder;

  /** Made by onnx 1.23.2: every kind of attribute, and tensors of many types with known values. */
  static byte[] allKinds() throws IOException {
    try (InputStream in = OnnxFileTest.class.getResourceAsStream("/onnx/all-kinds.onnx")) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("model.onnx"), bytes);
  }

  private void refused(RawProto graph, String... expected) throws IOException {
    Path path = file(RawProto.model(graph).toBytes());
    Throwable e = assertThrows(TensorFileException.class, () -> OnnxFile.open(path).close());
    for (String text : expected) {
      assertTrue(e.getMessage().contains(text), e.getMessage());
    }
  }

  private static byte[] data(OnnxGraph graph, String name) {
    return graph.initializer(name).orElseThrow().data().toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void readsWhatTheModelSays() throws IOException {
    try (OnnxFile file = OnnxFile.open(file(allKinds()))) {
      OnnxModel model = file.model();
      assertEquals(10, model.irVersion());
      assertEquals("maker", model.producerName());
      assertEquals("1", model.producerVersion());
      assertEquals("doc", model.doc());
      assertEquals("[ai.onnx:17, test:1]", model.opsets().toString());
      assertEquals(List.of(new OnnxProperty("key", "value")), model.metadata());
      OnnxGraph graph = model.graph();
      assertEquals("main", graph.name());
      assertEquals("a graph", graph.doc());
      assertEquals(
          "[c BOOL [], x FLOAT [batch, ?, 64], seq sequence(INT64), opt optional(INT64 [1]),"
              + " map map(INT64, FLOAT [])]",
          graph.inputs().toString());
      assertEquals("[y FLOAT [2, 3]]", graph.outputs().toString());
      OnnxFunction function = model.functions().getFirst();
      assertEquals(List.of("a_float"), function.attributes());
      assertEquals(
          List.of(new OnnxAttribute.Reference("alpha", "a_float", 1)),
          function.nodes().getFirst().attributes());
    }
  }

  @Test
  void readsEveryKindOfAttribute() throws IOException {
    try (OnnxFile file = OnnxFile.open(file(allKinds()))) {
      OnnxNode node = file.model().graph().nodes().get(1);
      assertEquals(List.of("f", "", "i8"), node.inputs());
      assertEquals("test", node.domain());
      assertEquals(
          new OnnxAttribute.FloatValue("a_float", 1.5f), node.attribute("a_float").orElseThrow());
      assertEquals(new OnnxAttribute.IntValue("a_int", -3), node.attribute("a_int").orElseThrow());
      assertEquals(
          "text",
          assertInstanceOf(
                  OnnxAttribute.StringValue.class, node.attribute("a_string").orElseThrow())
              .text());
      assertEquals(
          new OnnxAttribute.FloatList("floats", List.of(1f, 2f)),
          node.attribute("floats").orElseThrow());
      assertEquals(
          new OnnxAttribute.IntList("ints", List.of(1L, -2L)),
          node.attribute("ints").orElseThrow());
      assertEquals(
          List.of("x", "y"),
          assertInstanceOf(OnnxAttribute.StringList.class, node.attribute("strings").orElseThrow())
              .texts());
      assertEquals(
          List.of("f", "i8"),
          assertInstanceOf(OnnxAttribute.TensorList.class, node.attribute("tensors").orElseThrow())
              .values()
              .stream()
              .map(OnnxTensor::name)
              .toList());
      assertEquals(
          "inner",
          assertInstanceOf(OnnxAttribute.GraphList.class, node.attribute("graphs").orElseThrow())
              .values()
              .getFirst()
              .nodes()
              .getFirst()
              .name());
      assertEquals(
          "FLOAT [n, 2]",
          assertInstanceOf(OnnxAttribute.TypeValue.class, node.attribute("type").orElseThrow())
              .value()
              .toString());
      assertEquals(
          Shape.of(2, 3),
          assertInstanceOf(
                  OnnxAttribute.SparseTensorValue.class, node.attribute("sparse").orElseThrow())
              .value()
              .shape());
    }
  }

  @Test
  void readsEveryFormOfData() throws IOException {
    try (OnnxFile file = OnnxFile.open(file(allKinds()))) {
      OnnxGraph graph = file.model().graph();
      assertArrayEquals(
          new float[] {1, -2, .5f, 3, 4, -0.25f},
          graph.initializer("f").orElseThrow().tensor().orElseThrow().toFloatArray());
      assertArrayEquals(new byte[] {-128, -1, 0, 127}, data(graph, "i8"));
      assertArrayEquals(new byte[] {0, 0x3C, 0, (byte) 0xC0}, data(graph, "f16"));
      assertArrayEquals(new byte[] {(byte) 0x9F, 7}, data(graph, "i4"));
      assertArrayEquals(
          new float[] {-1, -7, 7}, graph.initializer("i4").orElseThrow().unpacked().toFloatArray());
      assertArrayEquals(
          new float[] {15, 9, 7}, graph.initializer("u4").orElseThrow().unpacked().toFloatArray());
      assertArrayEquals(
          new float[] {0, 1, -2, -1, -2},
          graph.initializer("i2").orElseThrow().unpacked().toFloatArray());
      assertArrayEquals(
          new long[] {-1, 5},
          graph.initializer("u64").orElseThrow().tensor().orElseThrow().toLongArray());
      assertArrayEquals(
          new int[] {-1, 5},
          graph.initializer("u32").orElseThrow().tensor().orElseThrow().toIntArray());
      assertArrayEquals(
          new long[] {Long.MIN_VALUE, 7},
          graph.initializer("i64").orElseThrow().tensor().orElseThrow().toLongArray());
      assertArrayEquals(
          new float[] {1.5f, -2.25f},
          graph.initializer("d").orElseThrow().tensor().orElseThrow().toFloatArray());
      assertEquals(8, data(graph, "c64").length);
      assertEquals(16, data(graph, "c128").length);
      assertEquals(List.of("a", "ü"), graph.initializer("s").orElseThrow().strings());
      // x0 | x1 << 6, x1 >> 2 | x2 << 4, x2 >> 4 | x3 << 2, and the fifth alone.
      assertArrayEquals(
          new byte[] {(byte) (1 | 2 << 6), 3 << 4, (byte) (63 << 2), 33}, data(graph, "f6"));
      assertEquals(0, data(graph, "empty").length);
      assertArrayEquals(new byte[] {1}, data(graph, "scalar"));
      assertEquals("sparse", graph.sparseInitializers().getFirst().values().name());
    }
  }

  @Test
  void writesTheSameBytes() throws IOException {
    byte[] unknown =
        RawProto.model(
                new RawProto()
                    .text(2, "g")
                    .number(1000, 5)
                    // A name whose length takes more bytes than it needs, and a group.
                    .raw(0x52, 0x81, 0x00, 'd')
                    .raw(0x9B, 0x06, 0x08, 0x01, 0x9C, 0x06))
            .number(1, 9)
            .toBytes();
    for (byte[] bytes : List.of(allKinds(), unknown)) {
      Path copy = folder.resolve("copy.onnx");
      try (OnnxFile file = OnnxFile.open(file(bytes))) {
        OnnxWriter.asItIs().write(file.model(), copy);
      }
      assertArrayEquals(bytes, Files.readAllBytes(copy));
    }
  }

  @Test
  void theLastOfTwoNumbersCounts() throws IOException {
    byte[] bytes = RawProto.model(new RawProto()).number(1, 9).toBytes();
    try (OnnxFile file = OnnxFile.open(file(bytes))) {
      assertEquals(9, file.model().irVersion());
    }
  }

  @Test
  void keepsUnknownFieldsOfWhatIsChanged() throws IOException {
    RawProto node = new RawProto().text(1, "a").number(900, 7).text(4, "Relu").text(2, "b");
    RawProto graph = new RawProto().number(901, 3).message(1, node).text(2, "g").number(902, 4);
    Path copy = folder.resolve("copy.onnx");
    try (OnnxFile file = OnnxFile.open(file(RawProto.model(graph).number(903, 1).toBytes()))) {
      OnnxGraph old = file.model().graph();
      OnnxNode changed = old.nodes().getFirst().withInputs(List.of("x", "y"));
      OnnxWriter.asItIs()
          .write(
              file.model().withGraph(old.withNodeReplaced(old.nodes().getFirst(), changed)), copy);
    }
    RawProto expected =
        new RawProto().text(1, "x").text(1, "y").number(900, 7).text(4, "Relu").text(2, "b");
    assertArrayEquals(
        RawProto.model(
                new RawProto().number(901, 3).message(1, expected).text(2, "g").number(902, 4))
            .number(903, 1)
            .toBytes(),
        Files.readAllBytes(copy));
  }

  @Test
  void changesInitializersAndAttributes() throws IOException {
    Path copy = folder.resolve("copy.onnx");
    try (OnnxFile file = OnnxFile.open(file(allKinds()))) {
      OnnxGraph graph = file.model().graph();
      OnnxNode all = graph.nodes().get(1);
      OnnxTensor tensor =
          OnnxTensor.of("f", OnnxType.UINT8, Shape.of(2), MemorySegment.ofArray(new byte[] {1, 2}));
      OnnxNode changed =
          all.withAttribute(new OnnxAttribute.IntValue("a_float", 3))
              .withoutAttribute("sparse")
              .withAttribute(new OnnxAttribute.FloatList("more", List.of(5f)));
      OnnxWriter.asItIs()
          .write(
              file.model()
                  .withGraph(
                      graph
                          .withInitializer(tensor)
                          .withoutInitializer("i8")
                          .withInitializer(tensor.withName("new"))
                          .withNodeReplaced(all, changed)),
              copy);
    }
    try (OnnxFile file = OnnxFile.open(copy)) {
      OnnxGraph graph = file.model().graph();
      assertArrayEquals(new byte[] {1, 2}, data(graph, "f"));
      assertArrayEquals(new byte[] {1, 2}, data(graph, "new"));
      assertEquals("f", graph.initializers().firstEntry().getKey());
      assertTrue(graph.initializer("i8").isEmpty());
      OnnxNode node = graph.nodes().get(1);
      assertEquals(
          new OnnxAttribute.IntValue("a_float", 3), node.attribute("a_float").orElseThrow());
      assertEquals(
          new OnnxAttribute.FloatList("more", List.of(5f)), node.attribute("more").orElseThrow());
      assertTrue(node.attribute("sparse").isEmpty());
    }
  }

  @Test
  void movesDataOutAndIn() throws IOException {
    Path outside = folder.resolve("outside.onnx");
    Path inside = folder.resolve("inside.onnx");
    try (OnnxFile file = OnnxFile.open(file(allKinds()))) {
      OnnxWriter.external("weights.bin", 8).write(file.model(), outside);
    }
    try (OnnxFile file = OnnxFile.open(outside)) {
      assertEquals(List.of("weights.bin"), file.externalFiles());
      OnnxTensor floats = file.model().graph().initializer("f").orElseThrow();
      assertEquals(0, floats.location().orElseThrow().offset() % 4096);
      assertEquals(ChecksumState.ABSENT, file.verify(floats));
      assertArrayEquals(
          new float[] {1, -2, .5f, 3, 4, -0.25f}, floats.tensor().orElseThrow().toFloatArray());
      assertTrue(file.model().graph().initializer("i8").orElseThrow().location().isEmpty());
      OnnxWriter.embedded().write(file.model(), inside);
      Path elsewhere = Files.createDirectory(folder.resolve("other")).resolve("m.onnx");
      assertThrows(
          IllegalArgumentException.class, () -> OnnxWriter.asItIs().write(file.model(), elsewhere));
    }
    Files.delete(folder.resolve("weights.bin"));
    assertThrows(TensorFileException.class, () -> OnnxFile.open(outside).close());
    try (OnnxFile before = OnnxFile.open(file(allKinds()));
        OnnxFile after = OnnxFile.open(inside)) {
      before
          .model()
          .graph()
          .initializers()
          .forEach(
              (name, tensor) -> {
                if (tensor.type() != OnnxType.STRING) {
                  assertArrayEquals(
                      tensor.data().toArray(ValueLayout.JAVA_BYTE),
                      data(after.model().graph(), name),
                      name);
                }
              });
    }
  }

  private static RawProto external(String... pairs) {
    RawProto tensor = new RawProto().number(1, 4).number(2, 3).text(8, "w").number(14, 1);
    for (int i = 0; i < pairs.length; i += 2) {
      tensor.message(13, new RawProto().text(1, pairs[i]).text(2, pairs[i + 1]));
    }
    return new RawProto().message(5, tensor);
  }

  @Test
  void readsExternalDataWithItsChecksum() throws IOException {
    Files.write(folder.resolve("w.bin"), "abcdefgh".getBytes(StandardCharsets.US_ASCII));
    // By sha1sum of these eight letters.
    String sum = "425af12a0743502b322e93a015bcf868e324d56a";
    RawProto graph = external("location", "w.bin", "offset", "3", "checksum", sum);
    try (OnnxFile file = OnnxFile.open(file(RawProto.model(graph).toBytes()))) {
      OnnxTensor tensor = file.model().graph().initializer("w").orElseThrow();
      assertArrayEquals(
          "defg".getBytes(StandardCharsets.US_ASCII), tensor.data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(ChecksumState.INTACT, file.verify(tensor));
    }
    Files.write(folder.resolve("w.bin"), "abcdefgX".getBytes(StandardCharsets.US_ASCII));
    try (OnnxFile file = OnnxFile.open(folder.resolve("model.onnx"))) {
      OnnxTensor tensor = file.model().graph().initializer("w").orElseThrow();
      assertEquals(ChecksumState.CORRUPT, file.verify(tensor));
    }
  }

  @Test
  void refusesExternalDataThatIsNotThere() throws IOException {
    Files.write(folder.resolve("w.bin"), new byte[8]);
    refused(external("location", "../w.bin"), "'w'", "../w.bin");
    refused(external("location", "/w.bin"), "'w'", "/w.bin");
    refused(external("location", "a/../../w.bin"), "'w'", "below the directory");
    refused(external("location", ""), "'w'", "location");
    refused(external(), "'w'", "location");
    refused(external("location", "none.bin"), "'w'", "none.bin");
    refused(external("location", "w.bin", "offset", "5"), "'w'", "8");
    refused(external("location", "w.bin", "offset", "-1"), "'w'", "-1");
    refused(external("location", "w.bin", "offset", "9223372036854775807"), "'w'", "8");
    refused(external("location", "w.bin", "offset", "9223372036854775808"), "'w'", "too large");
    refused(external("location", "w.bin", "length", "5"), "'w'", "expected 4");
    refused(external("location", "w.bin", "size", "5"), "'w'", "size");
    refused(external("location", "w.bin", "location", "w.bin"), "'w'", "twice");
  }

  @Test
  void refusesTensorsThatDoNotFit() throws IOException {
    long[] two = {2};
    refused(graph(RawProto.tensor("w", 1, two, new byte[7])), "'w'", "raw_data", "7", "8");
    refused(graph(RawProto.tensor("w", 99, two, NOTHING)), "'w'", "99");
    refused(graph(RawProto.tensor("w", 0, two, NOTHING)), "'w'", "data_type");
    refused(graph(RawProto.tensor("w", 1, new long[] {-2}, NOTHING)), "'w'", "negative");
    refused(
        graph(RawProto.tensor("w", 1, new long[] {1L << 40, 1L << 40}, NOTHING)),
        "'w'",
        "overflows");
    refused(graph(RawProto.tensor("w", 1, new long[] {1L << 61}, NOTHING)), "'w'", "overflow");
    refused(graph(RawProto.tensor("w", 2, two, (byte) 1, (byte) 2).number(5, 1)), "'w'", "int32");
    refused(graph(new RawProto().number(2, 1).text(8, "w").number(5, 1)), "'w'", "int32_data");
    refused(graph(new RawProto().number(2, 8).text(8, "w")), "'w'", "string_data", "expected 1");
    RawProto twice = RawProto.tensor("w", 2, two, (byte) 1, (byte) 2);
    refused(graph(twice).message(5, twice), "'w'", "twice");
  }

  private static RawProto graph(RawProto tensor) {
    return new RawProto().text(2, "g").message(5, tensor);
  }

  @Test
  void numbersThatDoNotFitTheTypeAreRefusedWhenRead() throws IOException {
    RawProto tensor = new RawProto().number(2, 3).text(8, "w").number(5, 300);
    try (OnnxFile file = OnnxFile.open(file(RawProto.model(graph(tensor)).toBytes()))) {
      OnnxTensor found = file.model().graph().initializer("w").orElseThrow();
      Throwable e = assertThrows(IllegalArgumentException.class, found::data);
      assertTrue(e.getMessage().contains("300"), e.getMessage());
    }
  }

  @Test
  void refusesMalformedMessages() throws IOException {
    RawProto bad = new RawProto().text(3, "n").text(4, "Op").bytes(5, (byte) 0x0A, (byte) 9);
    refused(new RawProto().message(1, bad), "node 0", "'n' (Op)", "attribute 0", "9", "left");
    refused(new RawProto().number(2, 4), "name (field 2)", "wire type 0");
    refused(new RawProto().bytes(2, (byte) 0xFF), "not UTF-8");
    refused(new RawProto().raw(0x0F), "wire type 7");
    refused(new RawProto().raw(0x00), "no field number");
    refused(new RawProto().raw(0x9B, 0x06), "cut off");
    refused(
        new RawProto()
            .message(1, new RawProto().text(3, "n").message(5, new RawProto().number(20, 77))),
        "'n'",
        "type 77");
    Path empty = file(NOTHING);
    assertThrows(TensorFileException.class, () -> OnnxFile.open(empty).close());
  }

  @Test
  void refusesGraphsInGraphsWithoutEnd() throws IOException {
    RawProto graph = new RawProto().text(2, "deepest");
    for (int i = 0; i < 60; i++) {
      RawProto attribute = new RawProto().text(1, "body").number(20, 5).message(6, graph);
      graph = new RawProto().message(1, new RawProto().text(4, "If").message(5, attribute));
    }
    refused(graph, "nested deeper than 100");
  }

  @Test
  void refusesMoreFieldsThanItWouldHold() throws IOException {
    byte[] many = new byte[2 * ((1 << 22) + 1)];
    for (int i = 0; i < many.length; i += 2) {
      many[i] = 0x0A;
    }
    Arrays.fill(many, many.length - 2, many.length, (byte) 0);
    many[many.length - 2] = 0x0A;
    Path path = file(new RawProto().bytes(7, many).toBytes());
    Throwable e = assertThrows(TensorFileException.class, () -> OnnxFile.open(path).close());
    assertTrue(e.getMessage().contains("fields"), e.getMessage());
  }
}
