// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.quantized.LayerArchive;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a run in a hidden directory beside the result: what it depends on, the finished
 * blocks, and the calibration states that the next block starts from. Every file appears by a move
 * when it is complete, so that a killed run leaves a state that can be gone on from.
 */
final class RunDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunDirectory.class);
  private static final String SIGNATURE = "signature.json";
  private static final String REPORTS = "reports";
  private static final String BLOCKS = "blocks";

  private final Path path;
  private final List<LayerArchive> open = new ArrayList<>();
  private boolean kept;

  private RunDirectory(Path path) {
    this.path = path;
  }

  /**
   * Opens the state of a run.
   *
   * @param target where the result is to appear
   * @param signature what the run depends on, by the name of the thing
   * @param resume whether to go on with a state that is there; it is discarded otherwise
   * @throws PlanException if the state there is that of another run; the message names what differs
   * @throws OutputException if the place is not writable
   */
  static RunDirectory open(Path target, SequencedMap<String, String> signature, boolean resume)
      throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path path = absolute.resolveSibling("." + absolute.getFileName() + ".quant4j-run");
    RunDirectory run = new RunDirectory(path);
    try {
      if (Files.exists(path.resolve(SIGNATURE), LinkOption.NOFOLLOW_LINKS) && resume) {
        run.requireSame(signature);
        run.kept = true;
        return run;
      }
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        LOG.warn("the state of an unfinished run in {} is discarded", path);
        run.delete();
      }
      Files.createDirectory(path);
      run.kept = resume;
      Path file = path.resolve(SIGNATURE + ".tmp");
      Files.writeString(file, JsonWriter.pretty(JsonValue.of(signature)));
      Files.move(file, path.resolve(SIGNATURE), StandardCopyOption.ATOMIC_MOVE);
      return run;
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  private void requireSame(SequencedMap<String, String> signature) throws IOException {
    SequencedMap<String, String> stored = new LinkedHashMap<>();
    try {
      JsonParser.parseObject(Files.readAllBytes(path.resolve(SIGNATURE)))
          .members()
          .forEach((name, value) -> stored.put(name, ((JsonValue.Str) value).value()));
    } catch (JsonException | ClassCastException e) {
      throw new PlanException(
          List.of(
              path
                  + ": not the state of a run ("
                  + e.getMessage()
                  + "); delete it, or do not"
                  + " resume"));
    }
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> entry : signature.entrySet()) {
      String before = stored.getOrDefault(entry.getKey(), "");
      if (!before.equals(entry.getValue())) {
        differences.add(
            "the unfinished run has another "
                + entry.getKey()
                + ": "
                + before
                + ", now: "
                + entry.getValue());
      }
    }
    if (!differences.isEmpty()) {
      differences.add("take up the run as it was, or start anew without resuming");
      throw new PlanException(differences);
    }
  }

  private Path blockFile(int block) {
    return path.resolve(String.format(Locale.ROOT, "block-%05d.safetensors", block));
  }

  private Path statesFile(int block) {
    return path.resolve(String.format(Locale.ROOT, "states-%05d.safetensors", block));
  }

  /** The number of blocks that are finished: the first ones. */
  int finishedBlocks() {
    int blocks = 0;
    while (Files.exists(blockFile(blocks))) {
      blocks++;
    }
    return blocks;
  }

  /** Stores a finished block. */
  void store(int block, BlockQuantizer.Result result, List<BlockReport> blocks) throws IOException {
    String reports =
        JsonWriter.compact(
            JsonValue.of(result.reports().stream().map(SiteReport::toJson).toList()));
    String blockReports =
        JsonWriter.compact(JsonValue.of(blocks.stream().map(BlockReport::toJson).toList()));
    LayerArchive.write(
        blockFile(block),
        result.layers(),
        result.tensors(),
        Map.of(REPORTS, reports, BLOCKS, blockReports));
  }

  /** Opens a finished block, which is closed with this. */
  LayerArchive block(int block) throws IOException {
    LayerArchive archive = LayerArchive.open(blockFile(block));
    open.add(archive);
    return archive;
  }

  static List<SiteReport> reports(LayerArchive archive) {
    JsonValue.Arr reports = (JsonValue.Arr) JsonParser.parse(archive.note(REPORTS).orElse("[]"));
    return reports.elements().stream()
        .map(report -> SiteReport.fromJson((JsonValue.Obj) report))
        .toList();
  }

  static List<BlockReport> blockReports(LayerArchive archive) {
    JsonValue.Arr reports = (JsonValue.Arr) JsonParser.parse(archive.note(BLOCKS).orElse("[]"));
    return reports.elements().stream()
        .map(report -> BlockReport.fromJson((JsonValue.Obj) report))
        .toList();
  }

  boolean hasStates(int block) {
    return Files.exists(statesFile(block));
  }

  /** Where the states that a block starts from are, or are to be written. */
  Path states(int block) {
    return statesFile(block);
  }

  /** Drops the states that a block started from. */
  void dropStates(int block) throws IOException {
    Files.deleteIfExists(statesFile(block));
  }

  /** Keeps the state when this is closed, so that the run can be resumed. */
  void keep() {
    kept = true;
  }

  /** Removes the state when this is closed: the run is finished. */
  void finish() {
    kept = false;
  }

  private void delete() throws IOException {
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() throws OutputException {
    open.forEach(LayerArchive::close);
    open.clear();
    if (!kept && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      try {
        delete();
      } catch (IOException e) {
        throw new OutputException(path, e);
      }
    }
  }
}
