// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.PairTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Puts the kernel of a whole layer together from kernels for its terms. */
final class LinearKernels {
  private LinearKernels() {}

  static LinearKernel of(QuantizedLinear linear, KernelOptions options) {
    List<LinearKernel> terms =
        linear.terms().stream().map(term -> of(term, linear.activations(), options)).toList();
    ScratchPool scratch = options.scratch();
    LinearKernel sum = SumKernel.of(terms, scratch);
    LinearKernel biased =
        linear.bias().map(bias -> SumKernel.withBias(sum, bias, scratch)).orElse(sum);
    return linear
        .transform()
        .<LinearKernel>map(transform -> new TransformedInputKernel(transform, biased, options))
        .orElse(biased);
  }

  private static LinearKernel of(
      WeightTerm term, Optional<ActivationQuantizer> activations, KernelOptions options) {
    return switch (term) {
      case QuantizedTerm(var matrix) ->
          activations
              .map(quantizer -> Kernels.forMatrix(matrix, quantizer, options))
              .orElseGet(() -> Kernels.forMatrix(matrix, options));
      case DenseTerm(var weights, var _) -> {
        LinearKernel dense = Kernels.forMatrix(weights, options);
        yield activations
            .<LinearKernel>map(
                quantizer -> new FakeQuantizedInputKernel(quantizer, dense, options.scratch()))
            .orElse(dense);
      }
      case PairTerm pairs -> {
        LinearKernel decoded = new ScalarTermKernel(pairs, options);
        yield activations
            .<LinearKernel>map(
                quantizer -> new FakeQuantizedInputKernel(quantizer, decoded, options.scratch()))
            .orElse(decoded);
      }
      case SparseTerm(var matrix) -> Kernels.forSparse(matrix, options);
      case LowRankTerm(var left, var right) ->
          new ProductKernel(
              of(right, Optional.empty(), options),
              of(left, Optional.empty(), options),
              options.scratch());
      case ColumnTerm columns ->
          new ColumnsKernel(
              columns.sources(),
              columns.columns(),
              of(
                  columns.inner(),
                  columns.hasQuantizedInput() ? activations : Optional.empty(),
                  options),
              options.scratch());
      case MixedTerm mixed -> of(mixed, activations, options);
      case VectorTerm(var matrix) -> {
        LinearKernel decoding = Kernels.forVectors(matrix, options);
        yield activations
            .<LinearKernel>map(
                quantizer -> new FakeQuantizedInputKernel(quantizer, decoding, options.scratch()))
            .orElse(decoding);
      }
      case BlockTerm(var matrix) -> {
        LinearKernel decoded = Kernels.forBlocks(matrix, options);
        yield activations
            .<LinearKernel>map(
                quantizer -> new FakeQuantizedInputKernel(quantizer, decoded, options.scratch()))
            .orElse(decoded);
      }
      case TrellisTerm(var matrix) ->
          activations
              .map(quantizer -> Kernels.forTrellis(matrix, quantizer, options))
              .orElseGet(() -> Kernels.forTrellis(matrix, options));
    };
  }

  private static LinearKernel of(
      MixedTerm mixed, Optional<ActivationQuantizer> activations, KernelOptions options) {
    List<LinearKernel> parts = new ArrayList<>();
    List<int[]> lines = new ArrayList<>();
    for (WeightTerm part : mixed.parts()) {
      lines.add(mixed.lines(parts.size()));
      parts.add(of(part, activations, options));
    }
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    if (mixed.axis() == MixedTerm.Axis.ROWS) {
      return new RowsKernel(parts, lines, options.scratch());
    }
    List<LinearKernel> gathering = new ArrayList<>();
    for (int p = 0; p < parts.size(); p++) {
      gathering.add(
          new ColumnsKernel(lines.get(p), mixed.columns(), parts.get(p), options.scratch()));
    }
    return SumKernel.of(gathering, options.scratch());
  }
}
