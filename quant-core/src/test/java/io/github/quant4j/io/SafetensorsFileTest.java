// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.Allocation;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("x.safetensors");
  }

  @Test
  void readsNamesTypesShapesAndValues() throws IOException {
    // Hand-made: F32 1.0 is 0000803f, BF16 -2.0 is 00c0, I64 5.
    String header =
        "{\"__metadata__\":{\"format\":\"pt\",\"note\":\"\\u00e9\"},"
            + "\"b\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[12,16]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            + "\"n\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[4,12]},"
            + "\"empty\":{\"dtype\":\"F16\",\"shape\":[3,0,7],\"data_offsets\":[16,16]}}   ";
    byte[] data = {0, 0, (byte) 0x80, 0x3f, 5, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xc0, 0, 0x3f};
    RawSafetensors.write(file(), RawSafetensors.bytes(header, data));
    try (SafetensorsFile file = SafetensorsFile.open(file())) {
      assertEquals(List.of("a", "n", "b", "empty"), List.copyOf(file.names()));
      assertEquals(Map.of("format", "pt", "note", "\u00e9"), file.metadata());
      assertEquals(8 + header.length() + 16, file.byteSize());
      Tensor scalar = file.require("a");
      assertEquals(0, scalar.shape().rank());
      assertArrayEquals(new float[] {1f}, scalar.toFloatArray());
      assertArrayEquals(new long[] {5}, file.require("n").toLongArray());
      assertEquals(DType.BF16, file.require("b").dtype());
      assertEquals(Shape.of(1, 2), file.require("b").shape());
      assertArrayEquals(new float[] {-2f, 0.5f}, file.require("b").toFloatArray());
      assertEquals(0, file.require("empty").byteSize());
      assertEquals("b", file.require("b").name());
      assertTrue(file.find("c").isEmpty());
      assertThrows(IllegalArgumentException.class, () -> file.require("c"));
    }
  }

  @Test
  void subByteTypesAreReadWhenTheyFillWholeBytes() throws IOException {
    // FP4 codes 1, 15, 7, 8 in two bytes, low nibble first: 0.5, -6, 6, -0.
    byte[] data = {(byte) 0xf1, (byte) 0x87};
    String header = "{\"f\":{\"dtype\":\"F4\",\"shape\":[2,2],\"data_offsets\":[0,2]}}";
    RawSafetensors.write(file(), RawSafetensors.bytes(header, data));
    try (SafetensorsFile file = SafetensorsFile.open(file())) {
      assertArrayEquals(new float[] {0.5f, -6f, 6f, -0f}, file.require("f").toFloatArray());
    }
  }

  @Test
  void aFileWithoutTensorsIsLegal() throws IOException {
    RawSafetensors.write(file(), "{}", 0);
    try (SafetensorsFile file = SafetensorsFile.open(file())) {
      assertTrue(file.names().isEmpty());
    }
  }

  @Test
  void metadataMayBeNull() throws IOException {
    RawSafetensors.write(
        file(),
        "{\"__metadata__\":null,\"a\":{\"dtype\":\"U8\",\"shape\":[2],"
            + "\"data_offsets\":[0,2]}}",
        2);
    try (SafetensorsFile file = SafetensorsFile.open(file())) {
      assertEquals(Map.of(), file.metadata());
      assertEquals(2, file.require("a").byteSize());
    }
  }

  /** An empty tensor may have any size, but no array has so many columns. */
  @Test
  void sizesThatNoArrayHasAreRefused() throws IOException {
    RawSafetensors.write(
        file(),
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,1099511627776],\"data_offsets\":[0,0]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1099511627776,0],\"data_offsets\":[0,0]}}",
        0);
    try (SafetensorsFile file = SafetensorsFile.open(file())) {
      for (String name : List.of("a", "b")) {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> file.require(name).toMatrix());
        assertTrue(e.getMessage().contains("1099511627776"), e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "4 | [] | starts with byte 91",
        "4 | ~{} | starts with byte 32",
        "0 | {`a`} | header",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} x | end of the document",
        "4 | {'a':3} | 'a': expected an object, found number",
        "4 | {'a':{'dtype':'F31','shape':[1],'data_offsets':[0,4]}} | 'F31' is not known",
        "4 | {'a':{'dtype':32,'shape':[1],'data_offsets':[0,4]}} | dtype: expected a string",
        "4 | {'a':{'shape':[1],'data_offsets':[0,4]}} | dtype: expected a string, found nothing",
        "4 | {'a':{'dtype':'F32','data_offsets':[0,4]}} | shape: expected an array",
        "4 | {'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}} | shape: expected an array",
        "4 | {'a':{'dtype':'F32','shape':[1]}} | data_offsets: expected an array",
        "4 | {'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | at least 0, found -1",
        "4 | {'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}} | at least 0, found 1.0",
        "4 | {'a':{'dtype':'F32','shape':[1e0],'data_offsets':[0,4]}} | at least 0, found 1e0",
        "4 | {'a':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}} | at least 0, found string",
        "4 | {'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,4]}} | exceeds",
        "4 | {'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}} | overflow",
        "4 | {'a':{'dtype':'F32','shape':[4294967296,4294967296,0],'data_offsets':[0,0]}} |"
            + " overflow",
        "4 | {'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,4]}} | overflow",
        "4 | {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | span 4 bytes, expected 8",
        "4 | {'a':{'dtype':'F16','shape':[1],'data_offsets':[0,4]}} | span 4 bytes, expected 2",
        "4 | {'a':{'dtype':'F4','shape':[3],'data_offsets':[0,2]}} | whole number of bytes",
        "4 | {'a':{'dtype':'F6_E2M3','shape':[2],'data_offsets':[0,2]}} | whole number of bytes",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | not less than the first",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | two numbers",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}} | two numbers",
        "4 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | at least 0, found -4",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | begins at 4, a hole",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | behind the last tensor",
        "2 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | truncated",
        "0 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | truncated",
        "4 | {} | behind the last tensor",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[2,6]}} | an overlap",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | an overlap",
        "12 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}} | a hole",
        "8 | {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 'a' occurs twice",
        "4 | {'a':{'dtype':'F32','dtype':'F32','shape':[1],'data_offsets':[0,4]}} | occurs twice",
        "0 | {'__metadata__':{'a':1}} | 'a': expected a string, found number",
        "0 | {'__metadata__':['a']} | __metadata__: expected an object",
      })
  void refusesAMalformedHeader(int dataBytes, String header, String expected) throws IOException {
    RawSafetensors.write(file(), header.replace('\'', '"').replace('~', ' '), dataBytes);
    assertRefused(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | expected 1 to 100000000",
        "-1 | 18446744073709551615",
        "1152921504606846976 | 1152921504606846976",
        "100000001 | expected 1 to 100000000",
        "100000000 | truncated",
        "3 | truncated",
      })
  void refusesAHeaderLengthThatCannotBe(long length, String expected) throws IOException {
    RawSafetensors.write(file(), RawSafetensors.bytes(length, new byte[] {'{', '}'}, new byte[0]));
    assertRefused(expected);
  }

  @Test
  void aClaimOfAHugeHeaderAllocatesNothing() throws IOException {
    RawSafetensors.write(file(), RawSafetensors.bytes(99_999_999, new byte[] {'{'}, new byte[0]));
    long before = Allocation.currentThreadBytes();
    assertRefused("truncated");
    long allocated = Allocation.currentThreadBytes() - before;
    assertTrue(allocated < 1 << 20, () -> allocated + " bytes were allocated");
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "7"})
  void refusesAFileWithoutALength(int size) throws IOException {
    Files.write(file(), new byte[size]);
    assertRefused("expected at least 8");
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() throws IOException {
    byte[] json = "{\"a\":\"?\"}".getBytes(StandardCharsets.ISO_8859_1);
    json[6] = (byte) 0xe9;
    RawSafetensors.write(file(), RawSafetensors.bytes(json.length, json, new byte[0]));
    assertRefused("not UTF-8");
  }

  @Test
  void refusesWhatIsNotAFile() throws IOException {
    assertRefused("no such file");
    Files.createDirectory(file());
    assertRefused("a directory");
  }

  private void assertRefused(String expected) {
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> SafetensorsFile.open(file()).close());
    assertTrue(e.getMessage().startsWith(file().toString()), e.getMessage());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void dataIsOutOfReachAfterClosing() throws IOException {
    RawSafetensors.write(
        file(), "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
    SafetensorsFile file = SafetensorsFile.open(file());
    Tensor tensor = file.require("a");
    assertEquals(2, tensor.data().get(ValueLayout.JAVA_BYTE, 1));
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, tensor::toFloatArray);
  }

  @Test
  void manyThreadsReadAtOnce() throws Exception {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < 64; i++) {
      header.append(i == 0 ? "" : ",").append("\"t").append(i);
      header.append("\":{\"dtype\":\"U8\",\"shape\":[1000],\"data_offsets\":[");
      header.append(i * 1000).append(',').append(i * 1000 + 1000).append("]}");
    }
    RawSafetensors.write(file(), header.append('}').toString(), 64_000);
    try (SafetensorsFile file = SafetensorsFile.open(file());
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> wrong = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        wrong.add(threads.submit(() -> countWrongBytes(file)));
      }
      for (Future<Integer> count : wrong) {
        assertEquals(0, count.get());
      }
    }
  }

  private static int countWrongBytes(SafetensorsFile file) {
    int wrong = 0;
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 64; i++) {
        float[] values = file.require("t" + i).toFloatArray();
        for (int k = 0; k < values.length; k++) {
          wrong += values[k] == ((i * 1000 + k + 1) & 0xff) ? 0 : 1;
        }
      }
    }
    return wrong;
  }
}
