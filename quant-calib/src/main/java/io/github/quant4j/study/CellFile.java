// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.io.OutputText;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.pipeline.RunSignature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A row on disk, under the number of what it depends on. A file that is damaged, or of another
 * signature, is not there for this class, so that the row is computed again.
 */
final class CellFile {
  private static final Logger LOG = LoggerFactory.getLogger(CellFile.class);
  private static final String ID = "id";
  private static final String ROW = "row";
  private static final String CHECKSUM = "crc32c";

  private CellFile() {}

  /** Where a row lies. */
  static Path path(Path directory, RunSignature signature) {
    return directory.resolve(signature.id() + ".json");
  }

  /** Writes a row. */
  static void write(Path directory, RunSignature signature, RecipeStudy.Row row)
      throws IOException {
    JsonValue content = toJson(row);
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put(ID, signature.id());
    members.put("depends_on", signature.parts());
    members.put(ROW, content);
    members.put(CHECKSUM, checksum(content));
    OutputText.write(path(directory, signature), JsonWriter.pretty(JsonValue.of(members)));
  }

  /** Reads a row, if it is there and as it was written. */
  static Optional<RecipeStudy.Row> read(Path directory, RunSignature signature) throws IOException {
    Path file = path(directory, signature);
    try {
      JsonValue.Obj members = JsonParser.parseObject(Files.readAllBytes(file));
      JsonValue.Obj row =
          members.getObject(ROW).orElseThrow(() -> new JsonException("'" + ROW + "' is missing"));
      if (members.getString(ID).filter(signature.id()::equals).isEmpty()
          || members.getString(CHECKSUM).filter(checksum(row)::equals).isEmpty()) {
        throw new JsonException("its bytes are not those that were written");
      }
      return Optional.of(fromJson(row));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (JsonException | ClassCastException | IllegalArgumentException e) {
      LOG.warn("{} is damaged, so that it is computed again: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  private static String checksum(JsonValue content) {
    CRC32C crc = new CRC32C();
    crc.update(JsonWriter.compact(content).getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  private static JsonValue toJson(RecipeStudy.Row row) {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put("recipe", row.recipe());
    members.put("bits_per_weight", row.bitsPerWeight());
    members.put("bytes", row.bytes());
    members.put("bit_operations", row.operations().product());
    members.put("bit_operations_with_adders", row.operations().withAdders());
    members.put("traffic_bytes", row.trafficBytes());
    members.put("seconds", row.seconds());
    row.measures()
        .tokensPerSecond()
        .ifPresent(speed -> members.put("tokens_per_second", number(speed)));
    List<Object> measures = new ArrayList<>();
    for (Measure measure : row.measures().all()) {
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", measure.name());
      entry.put("value", number(measure.value()));
      entry.put("form", measure.form().name());
      List<Object> parts = new ArrayList<>();
      for (Measure.Part part : measure.parts()) {
        parts.add(List.of(number(part.numerator()), number(part.denominator())));
      }
      entry.put("parts", parts);
      measures.add(entry);
    }
    members.put("measures", measures);
    return JsonValue.of(members);
  }

  /** JSON has no infinity, which is the ratio of signal to noise without noise. */
  private static Object number(double value) {
    return Double.isFinite(value) ? value : Double.toString(value);
  }

  private static double number(JsonValue value) {
    return value instanceof JsonValue.Str text
        ? Double.parseDouble(text.value())
        : ((JsonValue.Num) value).asDouble();
  }

  private static RecipeStudy.Row fromJson(JsonValue.Obj json) {
    List<Measure> measures = new ArrayList<>();
    for (JsonValue value : json.getArray("measures").orElse(List.of())) {
      JsonValue.Obj entry = (JsonValue.Obj) value;
      List<Measure.Part> parts = new ArrayList<>();
      for (JsonValue part : entry.getArray("parts").orElse(List.of())) {
        List<JsonValue> sums = ((JsonValue.Arr) part).elements();
        parts.add(new Measure.Part(number(sums.getFirst()), number(sums.getLast())));
      }
      measures.add(
          new Measure(
              required(entry.getString("name"), "name"),
              number(required(entry.get("value"), "value")),
              Measure.Form.valueOf(required(entry.getString("form"), "form")),
              parts));
    }
    OptionalDouble speed =
        json.get("tokens_per_second")
            .map(value -> OptionalDouble.of(number(value)))
            .orElse(OptionalDouble.empty());
    return new RecipeStudy.Row(
        required(json.getString("recipe"), "recipe"),
        new Measures(measures, speed),
        required(json.getDouble("bits_per_weight"), "bits_per_weight"),
        ((JsonValue.Num) required(json.get("bytes"), "bytes")).asLong(),
        new BitOperations(
            required(json.getDouble("bit_operations"), "bit_operations"),
            required(json.getDouble("bit_operations_with_adders"), "bit_operations_with_adders")),
        required(json.getDouble("traffic_bytes"), "traffic_bytes"),
        required(json.getDouble("seconds"), "seconds"));
  }

  private static <T> T required(Optional<T> member, String name) {
    return member.orElseThrow(() -> new JsonException("'" + name + "' is missing"));
  }
}
