// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.LayerArchive;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a run in a hidden directory beside the result: what it depends on, the finished
 * blocks, and the calibration states that the next block starts from. Every file appears by a move
 * when it is complete and is then {@linkplain FileSeal sealed}; one whose seal is missing, broken
 * or another run's is not there for this class. So a killed run leaves a state that can be gone on
 * from, and what is damaged is done again.
 *
 * <p>Whoever opens one has the target for themselves, see {@link
 * io.github.quant4j.io.OutputDirectory}.
 */
final class RunDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunDirectory.class);
  private static final String REPORTS = "reports";
  private static final String BLOCKS = "blocks";

  private final Path path;
  private final RunSignature signature;
  private final int blocks;
  private final boolean resumable;
  private final BitSet finished = new BitSet();
  private final BitSet withStates = new BitSet();
  private final List<LayerArchive> open = new ArrayList<>();
  private boolean done;

  private RunDirectory(Path path, RunSignature signature, int blocks, boolean resumable) {
    this.path = path;
    this.signature = signature;
    this.blocks = blocks;
    this.resumable = resumable;
  }

  /**
   * Opens the state of a run. All that is there is read and checked.
   *
   * @param target where the result is to appear, an absolute path
   * @param signature what the run depends on
   * @param blocks how many blocks there are to do
   * @param resume whether to go on with a state that is there; it is discarded otherwise
   * @throws PlanException if the state there is that of another run; the message names what differs
   * @throws TensorFileException if what the run depends on is damaged; the message says what to
   *     delete
   * @throws OutputException if the place is not writable
   */
  static RunDirectory open(Path target, RunSignature signature, int blocks, boolean resume)
      throws IOException {
    Path path = target.resolveSibling("." + target.getFileName() + ".quant4j-run");
    RunDirectory run = new RunDirectory(path, signature, blocks, resume);
    try {
      if (resume && RunSignature.isIn(path)) {
        signature.requireSame(path);
        run.takeUp();
        return run;
      }
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        LOG.warn("the state of an unfinished run in {} is discarded", path);
        run.delete();
      }
      Files.createDirectory(path);
      signature.write(path);
      return run;
    } catch (OutputException | TensorFileException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /** Looks through what is there before any work is done. */
  private void takeUp() throws IOException {
    try (DirectoryStream<Path> temporary = Files.newDirectoryStream(path, "*.tmp")) {
      for (Path file : temporary) {
        Files.deleteIfExists(file);
      }
    }
    for (int b = 0; b < blocks; b++) {
      finished.set(b, isIntact(blockFile(b)));
      withStates.set(b, isIntact(statesFile(b)));
    }
  }

  private boolean isIntact(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    Optional<String> problem = FileSeal.problem(file, signature.id());
    problem.ifPresent(what -> LOG.warn("{}: {}; it is done again", file, what));
    return problem.isEmpty();
  }

  private Path blockFile(int block) {
    return path.resolve(String.format(Locale.ROOT, "block-%05d.safetensors", block));
  }

  private Path statesFile(int block) {
    return path.resolve(String.format(Locale.ROOT, "states-%05d.safetensors", block));
  }

  /** The first block that is not finished; the number of blocks if all are. */
  int firstUnfinished() {
    return finished.nextClearBit(0);
  }

  boolean isFinished(int block) {
    return finished.get(block);
  }

  /** Stores a finished block, in place of one that may be there. */
  void store(int block, BlockQuantizer.Result result, List<BlockReport> blockReports)
      throws IOException {
    String reports =
        JsonWriter.compact(
            JsonValue.of(result.reports().stream().map(SiteReport::toJson).toList()));
    String ofBlocks =
        JsonWriter.compact(JsonValue.of(blockReports.stream().map(BlockReport::toJson).toList()));
    drop(block);
    LayerArchive.write(
        blockFile(block),
        result.layers(),
        result.tensors(),
        Map.of(REPORTS, reports, BLOCKS, ofBlocks));
    FileSeal.write(blockFile(block), signature.id());
    finished.set(block);
  }

  /** Lets a block count as not finished. */
  void drop(int block) throws IOException {
    finished.clear(block);
    FileSeal.remove(blockFile(block));
  }

  /**
   * Opens a finished block, which is closed with this.
   *
   * @throws TensorFileException if it has been damaged since it was finished
   */
  LayerArchive block(int block) throws IOException {
    Path file = blockFile(block);
    FileSeal.require(file, signature.id());
    LayerArchive archive = LayerArchive.open(file);
    open.add(archive);
    return archive;
  }

  /**
   * The reports of a finished block's layers.
   *
   * @throws TensorFileException if they cannot be understood
   */
  List<SiteReport> reports(int block, LayerArchive archive) throws IOException {
    return notes(block, archive, REPORTS, SiteReport::fromJson);
  }

  /**
   * The reports of the blocks that end with a finished one.
   *
   * @throws TensorFileException if they cannot be understood
   */
  List<BlockReport> blockReports(int block, LayerArchive archive) throws IOException {
    return notes(block, archive, BLOCKS, BlockReport::fromJson);
  }

  private <R> List<R> notes(
      int block, LayerArchive archive, String key, Function<JsonValue.Obj, R> reader)
      throws IOException {
    try {
      JsonValue.Arr notes = (JsonValue.Arr) JsonParser.parse(archive.note(key).orElse("[]"));
      return notes.elements().stream().map(note -> reader.apply((JsonValue.Obj) note)).toList();
    } catch (JsonException | ClassCastException | IllegalArgumentException e) {
      throw FileSeal.damaged(blockFile(block), key + ": " + e.getMessage());
    }
  }

  boolean hasStates(int block) {
    return withStates.get(block);
  }

  /** Writes a file. */
  @FunctionalInterface
  interface StatesWriter {
    void write(Path file) throws IOException;
  }

  /** Stores the states that a block starts from. */
  void storeStates(int block, StatesWriter writer) throws IOException {
    Path file = statesFile(block);
    withStates.clear(block);
    FileSeal.remove(file);
    writer.write(file);
    FileSeal.write(file, signature.id());
    withStates.set(block);
  }

  /**
   * Opens the states that a block starts from.
   *
   * @throws TensorFileException if they have been damaged since they were written
   */
  CalibrationStates states(int block) throws IOException {
    return CalibrationStates.open(statesFile(block));
  }

  /** Drops the states that a block started from. */
  void dropStates(int block) throws IOException {
    withStates.clear(block);
    FileSeal.remove(statesFile(block));
    Files.deleteIfExists(statesFile(block));
  }

  /** The bytes of the blocks that are finished. */
  long bytes() throws IOException {
    long bytes = 0;
    for (int b = finished.nextSetBit(0); b >= 0; b = finished.nextSetBit(b + 1)) {
      bytes += Files.size(blockFile(b));
    }
    return bytes;
  }

  /** Removes the state when this is closed: the run is finished. */
  void finish() {
    done = true;
  }

  /** Whether there is something to resume from when this is closed. */
  boolean isKept() {
    return !done && (resumable || !finished.isEmpty() || !withStates.isEmpty());
  }

  /** What is left of the run, for those who learn that it failed. */
  UnfinishedRunException unfinished() {
    return new UnfinishedRunException(path, finished.cardinality(), blocks);
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
    if (!isKept() && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      try {
        delete();
      } catch (IOException e) {
        throw new OutputException(path, e);
      }
    }
  }
}
