// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.OutlierPairs;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.PairTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.SparseMatrix;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The terms of a weight matrix as tensors with a description, whose member {@code kind} says what
 * follows: {@code quantized}, {@code dense}, {@code sparse}, {@code pairs}, {@code lowrank}, {@code
 * columns}, {@code mixed}, {@code trellis}, {@code vectors} or {@code blocks}.
 */
final class TermStore {
  private static final String PART_INDEX = "part_index";

  private TermStore() {}

  /**
   * Writes a term.
   *
   * @param format the compressed-tensors format whose tensors a quantized matrix gets, if any
   * @throws IllegalArgumentException if the term has no stored form
   */
  static JsonValue.Obj write(
      WeightTerm term, Optional<CompressionFormat> format, TensorCollector out) {
    SequencedMap<String, Object> description = new LinkedHashMap<>();
    switch (term) {
      case QuantizedTerm(var matrix) -> {
        return MatrixStore.write(matrix, format, out);
      }
      case DenseTerm(var weights, var stored) -> {
        description.put("kind", "dense");
        out.add("weight", "", dense(weights, stored));
      }
      case SparseTerm(var matrix) -> {
        description.put("kind", "sparse");
        matrix.parts().forEach((part, tensor) -> out.add(part, "_" + part, tensor));
      }
      case PairTerm pairs -> {
        PackedCodes codes = pairs.codes();
        Shape shape = Shape.of(codes.rows(), codes.rowBytes());
        MemorySegment data = codes.data().asSlice(0, codes.rows() * codes.rowBytes());
        description.put("kind", "pairs");
        description.put("scheme", pairs.scheme().toString());
        out.add("codes", "_codes", Tensor.of("", DType.U8, shape, data));
        pairs
            .scales()
            .parts()
            .forEach((part, tensor) -> out.add(scale(part), "_" + scale(part), tensor));
      }
      case LowRankTerm low -> {
        description.put("kind", "lowrank");
        description.put("rank", low.rank());
        description.put("left", write(low.left(), Optional.empty(), out.nested("_left")));
        description.put("right", write(low.right(), Optional.empty(), out.nested("_right")));
      }
      case ColumnTerm columns -> {
        int[] sources = columns.sources();
        description.put("kind", "columns");
        description.put("count", sources.length);
        description.put("quantized_input", columns.hasQuantizedInput());
        description.put("inner", write(columns.inner(), Optional.empty(), out.nested("_inner")));
        out.add("sources", "_sources", Tensor.ofInts(Shape.of(sources.length), sources));
      }
      case MixedTerm mixed -> {
        description.put("kind", "mixed");
        description.put("axis", mixed.axis().name().toLowerCase(Locale.ROOT));
        description.put("unit", mixed.unit());
        List<JsonValue> parts = new ArrayList<>();
        for (WeightTerm part : mixed.parts()) {
          parts.add(write(part, Optional.empty(), out.nested("_part" + parts.size())));
        }
        description.put("parts", parts);
        if (parts.size() > 1) {
          out.add(PART_INDEX, "_" + PART_INDEX, index(mixed));
        }
      }
      case TrellisTerm(var matrix) -> TrellisStore.write(matrix, description, out);
      case VectorTerm(var matrix) -> VectorStore.write(matrix, description, out);
      case BlockTerm(var matrix) -> BlockStore.write(matrix, description, out);
    }
    description.put("tensors", out.names());
    return (JsonValue.Obj) JsonValue.of(description);
  }

  private static String scale(String part) {
    return part.isEmpty() ? "scale" : "scale_" + part;
  }

  /** The part of each run of lines, as one dense stream of bits. */
  private static Tensor index(MixedTerm mixed) {
    int[] index = mixed.index();
    byte[] codes = new byte[index.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) index[i];
    }
    int bits = MixedTerm.indexBits(mixed.parts().size());
    PackedCodes packed = PackedCodes.pack(1, codes.length, bits, 1, codes);
    return Tensor.of("", DType.U8, Shape.of(packed.rowBytes()), packed.data());
  }

  /** Weights rounded to the type that they are stored as. */
  private static Tensor dense(FloatMatrix weights, DType stored) {
    Shape shape = Shape.of(weights.rows(), weights.columns());
    float[] data = weights.data();
    return switch (stored) {
      case F32 -> Tensor.ofFloats(shape, data);
      case F16, BF16 -> {
        short[] bits = new short[data.length];
        for (int i = 0; i < bits.length; i++) {
          bits[i] =
              stored == DType.F16
                  ? HalfPrecision.toFloat16(data[i])
                  : HalfPrecision.toBfloat16(data[i]);
        }
        yield Tensor.ofShorts(stored, shape, bits);
      }
      default ->
          throw new IllegalArgumentException(
              "dense term: stored as " + stored + ", expected F32, F16 or BF16");
    };
  }

  /**
   * Reads a term.
   *
   * @throws IllegalArgumentException if the kind is not known, or something is missing or does not
   *     go together
   */
  static WeightTerm read(JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    String kind = module.text(description, "kind");
    return switch (kind) {
      case MatrixStore.KIND ->
          new QuantizedTerm(MatrixStore.read(description, rows, columns, module));
      case "dense" -> readDense(description, rows, columns, module);
      case "sparse" -> new SparseTerm(SparseMatrix.read(rows, columns, module.parts(description)));
      case "pairs" -> readPairs(description, rows, columns, module);
      case "lowrank" -> {
        int rank = module.number(description, "rank");
        yield new LowRankTerm(
            read(nested(description, "left"), rows, rank, module),
            read(nested(description, "right"), rank, columns, module));
      }
      case "columns" -> {
        int count = module.number(description, "count");
        Tensor sources = module.part(module.parts(description), "sources");
        yield ColumnTerm.of(
            read(nested(description, "inner"), rows, count, module),
            sources.toIntArray(),
            columns,
            description.getBoolean("quantized_input").orElse(false));
      }
      case "mixed" -> readMixed(description, rows, columns, module);
      case TrellisStore.KIND ->
          new TrellisTerm(TrellisStore.read(description, rows, columns, module));
      case VectorStore.KIND -> new VectorTerm(VectorStore.read(description, rows, columns, module));
      case BlockStore.KIND -> new BlockTerm(BlockStore.read(description, rows, columns, module));
      default ->
          throw new IllegalArgumentException(
              "term: kind '"
                  + kind
                  + "' is not known, expected quantized, dense, sparse, pairs, lowrank, columns,"
                  + " mixed, trellis, vectors or blocks; was it written by a newer version?");
    };
  }

  private static MixedTerm readMixed(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    MixedTerm.Axis axis =
        switch (module.text(description, "axis")) {
          case "rows" -> MixedTerm.Axis.ROWS;
          case "columns" -> MixedTerm.Axis.COLUMNS;
          case String other ->
              throw new IllegalArgumentException(
                  "'axis' is '" + other + "', expected rows or columns");
        };
    int length = axis == MixedTerm.Axis.ROWS ? rows : columns;
    int unit = module.number(description, "unit");
    List<JsonValue> descriptions = description.getArray("parts").orElse(List.of());
    if (unit < 1 || length % unit != 0 || descriptions.isEmpty() || descriptions.size() > 256) {
      throw new IllegalArgumentException(
          "mixed term: "
              + descriptions.size()
              + " parts, units of "
              + unit
              + ", expected 1 to 256 parts and units that divide "
              + length);
    }
    int[] index = index(descriptions.size(), length / unit, description, module);
    int[] counts = new int[descriptions.size()];
    for (int part : index) {
      if (part >= counts.length) {
        throw new IllegalArgumentException(
            "'part_index' names part " + part + ", expected fewer than " + counts.length);
      }
      counts[part] += unit;
    }
    List<WeightTerm> parts = new ArrayList<>();
    for (JsonValue part : descriptions) {
      if (!(part instanceof JsonValue.Obj inner)) {
        throw new IllegalArgumentException("'parts': expected objects, found " + part.kind());
      }
      int count = counts[parts.size()];
      if (count == 0) {
        throw new IllegalArgumentException(
            "'part_index' names no line of part " + parts.size() + ", expected some of each");
      }
      parts.add(
          axis == MixedTerm.Axis.ROWS
              ? read(inner, count, columns, module)
              : read(inner, rows, count, module));
    }
    return MixedTerm.of(axis, unit, parts, index);
  }

  private static int[] index(
      int parts, int runs, JsonValue.Obj description, DescribedModule module) {
    int[] index = new int[runs];
    if (parts == 1) {
      return index;
    }
    Tensor stored = module.part(module.parts(description), PART_INDEX);
    int bits = MixedTerm.indexBits(parts);
    if (stored.dtype() != DType.U8 || stored.byteSize() != PackedCodes.rowBytes(runs, bits, 1)) {
      throw new IllegalArgumentException(
          stored + ": expected " + bits + " bits for each of " + runs + " runs, as U8");
    }
    PackedCodes packed = PackedCodes.wrap(1, runs, bits, stored.byteSize(), stored.data());
    for (int i = 0; i < runs; i++) {
      index[i] = packed.get(0, i);
    }
    return index;
  }

  private static JsonValue.Obj nested(JsonValue.Obj description, String member) {
    return description
        .getObject(member)
        .orElseThrow(() -> new IllegalArgumentException("'" + member + "' is missing"));
  }

  private static PairTerm readPairs(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    QuantScheme scheme = QuantScheme.parse(module.text(description, "scheme"));
    Map<String, Tensor> parts = module.parts(description);
    Tensor codes = module.part(parts, "codes");
    long rowBytes = codes.byteSize() / rows;
    if (rowBytes * rows != codes.byteSize()
        || rowBytes != PackedCodes.rowBytes(columns, OutlierPairs.BITS, 1)) {
      throw new IllegalArgumentException(
          codes + ": expected 4 bits for each of [" + rows + ", " + columns + "]");
    }
    SequencedMap<String, Tensor> scales = new LinkedHashMap<>();
    parts.forEach(
        (role, tensor) -> {
          if (role.startsWith(scale(""))) {
            scales.put(
                role.equals(scale("")) ? "" : role.substring(scale("").length() + 1), tensor);
          }
        });
    return new PairTerm(
        scheme,
        PackedCodes.wrap(rows, columns, OutlierPairs.BITS, rowBytes, codes.data()),
        scheme.scaleCodec().decode(scales, PairTerm.requireWholePairs(scheme, rows, columns)));
  }

  private static DenseTerm readDense(
      JsonValue.Obj description, int rows, int columns, DescribedModule module) {
    Map<String, Tensor> parts = module.parts(description);
    Tensor weight = module.part(parts, "weight");
    if (!weight.shape().equals(Shape.of(rows, columns))) {
      throw new IllegalArgumentException(weight + ": expected [" + rows + ", " + columns + "]");
    }
    return new DenseTerm(weight.toMatrix(), weight.dtype());
  }
}
