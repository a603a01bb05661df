// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.io.TensorForm;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.gguf.GgufTensor;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.model.gguf.TensorPlace.Part;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;

/** The tensors of a model, made of those of a file when they are asked for. Thread-safe. */
final class PlacedTensors {
  private static final ValueLayout.OfFloat LITTLE =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int NUMBERS_AT_ONCE = 1 << 20;

  private final SequencedMap<String, TensorPlace> places;
  private final GgufFile file;

  /** Soft references would keep memory that the heap knows nothing of. */
  private final Map<String, WeakReference<Tensor>> made = new ConcurrentHashMap<>();

  PlacedTensors(GgufFile file, SequencedMap<String, TensorPlace> places) {
    this.file = file;
    this.places = places;
    places.values().removeIf(place -> !isThere(place));
    places.values().forEach(this::requireShapes);
  }

  SequencedMap<String, TensorPlace> places() {
    return places;
  }

  /** Missing tensors are named by whoever needs them. */
  private boolean isThere(TensorPlace place) {
    return place.parts().stream().allMatch(part -> file.tensors().containsKey(part.tensor()));
  }

  private GgufTensor stored(Part part) {
    return file.find(part.tensor()).orElseThrow();
  }

  /** A tensor of the file as a stack of matrices, or of vectors. */
  private record Stack(GgufTensor tensor, long matrices, long rows, long columns) {
    static Stack of(GgufTensor tensor, TensorPlace place, Part part) {
      List<Long> dimensions = tensor.dimensions();
      int rank = dimensions.size();
      long columns = place.isVector() ? 1 : rank == 0 ? 0 : dimensions.getFirst();
      long rest = 1;
      for (int i = place.isVector() ? 0 : 1; i < rank; i++) {
        rest *= dimensions.get(i);
      }
      if (part.index() < 0) {
        return new Stack(tensor, 1, rest, columns);
      }
      long matrices = rank == 0 ? 0 : dimensions.getLast();
      return new Stack(tensor, matrices, matrices == 0 ? 0 : rest / matrices, columns);
    }
  }

  private void requireShapes(TensorPlace place) {
    for (Part part : place.parts()) {
      Stack stack = Stack.of(stored(part), place, part);
      long rows = part.transposed() ? stack.columns : stack.rows;
      long columns = part.transposed() ? stack.rows : stack.columns;
      boolean fits =
          part.index() < stack.matrices
              && part.from() + part.rows() <= rows
              && (place.isVector() || columns == place.columns());
      // A whole tensor must be used, lest two of them share one.
      boolean isWhole = part.from() > 0 || place.parts().size() > 1 || part.rows() == rows;
      if (!fits
          || (!isWhole && !part.tensor().contains("_qkv") && !part.tensor().contains("ffn_up"))) {
        throw new IllegalArgumentException(
            stored(part)
                + ": expected "
                + (place.isVector() ? "" : place.columns() + " columns and ")
                + (part.from() + part.rows())
                + " rows for '"
                + place.name()
                + "'");
      }
    }
  }

  Optional<Tensor> find(String name) {
    TensorPlace place = places.get(name);
    if (place == null) {
      return Optional.empty();
    }
    WeakReference<Tensor> kept = made.get(name);
    Tensor tensor = kept == null ? null : kept.get();
    if (tensor == null) {
      tensor = make(place).withName(name);
      made.put(name, new WeakReference<>(tensor));
    }
    return Optional.of(tensor);
  }

  /** Type and shape, without the data. */
  Optional<TensorForm> form(String name) {
    TensorPlace place = places.get(name);
    if (place == null) {
      return Optional.empty();
    }
    Shape shape = shape(place);
    Shape own = place.transposed() ? Shape.of(shape.dimension(1), shape.dimension(0)) : shape;
    return Optional.of(
        new TensorForm(
            isUniform(place) ? stored(place.parts().getFirst()).tensor().dtype() : DType.F32, own));
  }

  /** Whether rows are only moved, none of them changed. */
  private boolean isUniform(TensorPlace place) {
    GgufTensor first = stored(place.parts().getFirst());
    return place.offset() == 0
        && first.isPlain()
        && place.parts().stream()
            .allMatch(part -> stored(part).type() == first.type() && !part.transposed());
  }

  private static Shape shape(TensorPlace place) {
    return place.isVector() ? Shape.of(place.rows()) : Shape.of(place.rows(), place.columns());
  }

  private Tensor make(TensorPlace place) {
    Tensor whole =
        isUniform(place) ? plain(place, stored(place.parts().getFirst())) : floats(place);
    return place.transposed() ? transposed(whole) : whole;
  }

  /** Rows as they are stored, in the file itself if they lie there in order. */
  private Tensor plain(TensorPlace place, GgufTensor tensor) {
    DType dtype = tensor.tensor().dtype();
    long rowBytes = (long) Math.max(1, place.columns()) * (dtype.bits() / Byte.SIZE);
    if (place.parts().size() == 1 && place.order() == null) {
      return Tensor.of("", dtype, shape(place), rows(place, place.parts().getFirst(), rowBytes));
    }
    MemorySegment copy = Arena.ofAuto().allocate(place.rows() * rowBytes, Long.BYTES);
    int[] inverse = place.inverse();
    int at = 0;
    for (Part part : place.parts()) {
      MemorySegment rows = rows(place, part, rowBytes);
      for (int r = 0; r < part.rows(); r++) {
        MemorySegment.copy(rows, r * rowBytes, copy, inverse[at++] * rowBytes, rowBytes);
      }
    }
    return Tensor.of("", dtype, shape(place), copy);
  }

  /** The rows of a part. */
  private MemorySegment rows(TensorPlace place, Part part, long rowBytes) {
    Stack stack = Stack.of(stored(part), place, part);
    long from = Math.max(0, part.index()) * stack.rows + part.from();
    return stack.tensor.data().asSlice(from * rowBytes, part.rows() * rowBytes);
  }

  private Tensor floats(TensorPlace place) {
    int columns = Math.max(1, place.columns());
    long rowBytes = (long) columns * Float.BYTES;
    // Files are written from memory that is not the heap's.
    MemorySegment copy = Arena.ofAuto().allocate(place.rows() * rowBytes, Long.BYTES);
    int[] inverse = place.inverse();
    int at = 0;
    for (Part part : place.parts()) {
      int step = part.transposed() ? part.rows() : Math.max(1, NUMBERS_AT_ONCE / columns);
      for (int from = 0; from < part.rows(); from += step) {
        int count = Math.min(step, part.rows() - from);
        float[] rows =
            part.transposed()
                ? turned(place, part)
                : decoded(place, part, part.from() + from, count, columns);
        for (int i = 0; i < rows.length && place.offset() != 0; i++) {
          rows[i] += (float) place.offset();
        }
        for (int r = 0; r < count; r++) {
          MemorySegment.copy(rows, r * columns, copy, LITTLE, inverse[at++] * rowBytes, columns);
        }
      }
    }
    return Tensor.of("", DType.F32, shape(place), copy);
  }

  private float[] turned(TensorPlace place, Part part) {
    int columns = Math.max(1, place.columns());
    Stack stack = Stack.of(stored(part), place, part);
    float[] whole = decoded(place, part, 0, (int) stack.rows, (int) stack.columns);
    float[] turned = new float[part.rows() * columns];
    for (int r = 0; r < part.rows(); r++) {
      for (int c = 0; c < columns; c++) {
        turned[r * columns + c] = whole[c * (int) stack.columns + part.from() + r];
      }
    }
    return turned;
  }

  private float[] decoded(TensorPlace place, Part part, int from, int count, int columns) {
    Stack stack = Stack.of(stored(part), place, part);
    GgufTensor tensor = stack.tensor;
    long first = Math.max(0, part.index()) * stack.rows + from;
    float[] values = new float[Math.multiplyExact(count, columns)];
    if (tensor.isPlain()) {
      tensor.tensor().readFloats(first * columns, values.length, values, 0);
      return values;
    }
    BlockFormat format = format(tensor);
    long rowBytes = format.rowBytes(columns);
    BlockMatrix matrix =
        new BlockMatrix(
            format, count, columns, tensor.data().asSlice(first * rowBytes, count * rowBytes));
    for (int r = 0; r < count; r++) {
      matrix.dequantizeRow(r, values, r * columns);
    }
    return values;
  }

  private static BlockFormat format(GgufTensor tensor) {
    return BlockFormat.find(tensor.type().name())
        .orElseThrow(() -> new IllegalArgumentException(tensor + ": the type is not supported"));
  }

  /** The format of a matrix all of whose rows are blocks of one. */
  Optional<BlockFormat> blocks(TensorPlace place) {
    GgufTensor first = stored(place.parts().getFirst());
    boolean isUniform =
        !first.isPlain()
            && place.offset() == 0
            && place.parts().stream()
                .allMatch(part -> stored(part).type() == first.type() && !part.transposed());
    return isUniform ? Optional.of(format(first)) : Optional.empty();
  }

  /** A matrix of blocks, where it lies if its rows lie there in order. */
  BlockMatrix matrix(TensorPlace place) {
    BlockFormat format = blocks(place).orElseThrow();
    long rowBytes = format.rowBytes(place.columns());
    if (place.parts().size() == 1) {
      MemorySegment rows = rows(place, place.parts().getFirst(), rowBytes);
      BlockMatrix matrix = new BlockMatrix(format, place.rows(), place.columns(), rows);
      return place.order() == null ? matrix : matrix.withRows(place.order());
    }
    MemorySegment copy = Arena.ofAuto().allocate(place.rows() * rowBytes, Long.BYTES);
    int[] inverse = place.inverse();
    int at = 0;
    for (Part part : place.parts()) {
      MemorySegment rows = rows(place, part, rowBytes);
      for (int r = 0; r < part.rows(); r++) {
        MemorySegment.copy(rows, r * rowBytes, copy, inverse[at++] * rowBytes, rowBytes);
      }
    }
    return new BlockMatrix(format, place.rows(), place.columns(), copy.asReadOnly());
  }

  private static Tensor transposed(Tensor matrix) {
    long rows = matrix.shape().dimension(0);
    long columns = matrix.shape().dimension(1);
    int size = matrix.dtype().bits() / Byte.SIZE;
    MemorySegment to = Arena.ofAuto().allocate(rows * columns * size, Long.BYTES);
    for (long r = 0; r < rows; r++) {
      for (long c = 0; c < columns; c++) {
        MemorySegment.copy(
            matrix.data(), (r * columns + c) * size, to, (c * rows + r) * size, size);
      }
    }
    return Tensor.of(matrix.name(), matrix.dtype(), Shape.of(columns, rows), to);
  }
}
