// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.io.gguf.GgufMetadata;
import java.util.List;
import java.util.Optional;

/**
 * What is in a file or a model.
 *
 * @param subject what was looked at
 * @param method the schema of quantization; empty if nothing is quantized
 * @param metadata of a GGUF file; empty for others
 * @param graph of an ONNX file; empty for others
 * @param tensors in the order of the files
 */
public record Inspection(
    String subject,
    String method,
    GgufMetadata metadata,
    Optional<GraphInspection> graph,
    List<TensorInspection> tensors) {

  /** Copies the list. */
  public Inspection {
    tensors = List.copyOf(tensors);
  }

  /**
   * A total.
   *
   * @param tensors how many tensors and quantized matrices
   * @param elements how many values they stand for
   * @param bytes what they take
   */
  public record Total(int tensors, long elements, long bytes) {
    /**
     * The effective width.
     *
     * @return bits for each value, 0 if there is none
     */
    public double bitsPerWeight() {
      return elements == 0 ? 0 : 8.0 * bytes / elements;
    }
  }

  /**
   * Everything together.
   *
   * @return the total
   */
  public Total total() {
    return total(tensors);
  }

  /**
   * The quantized matrices together.
   *
   * @return the total
   */
  public Total quantized() {
    return total(tensors.stream().filter(TensorInspection::isQuantized).toList());
  }

  private static Total total(List<TensorInspection> tensors) {
    return new Total(
        tensors.size(),
        tensors.stream().mapToLong(tensor -> tensor.shape().elementCount()).sum(),
        tensors.stream().mapToLong(TensorInspection::bytes).sum());
  }
}
