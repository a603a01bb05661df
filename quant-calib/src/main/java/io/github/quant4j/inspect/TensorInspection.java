// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.tensor.Shape;
import java.util.Optional;

/**
 * What is stored of one tensor, or of one quantized matrix, which may be spread over several
 * tensors.
 *
 * @param name the tensor's name; of a quantized matrix that of the weights it stands for
 * @param shape its dimensions; of a quantized matrix {@code [out, in]}
 * @param type the element type, or how the matrix is quantized
 * @param isQuantized whether it is a quantized matrix
 * @param bytes what it takes in the file, with scales and all other parts
 * @param bitsPerWeight effective width of an element, with scales and all other parts; 0 if there
 *     are no elements
 * @param statistics of the values that it stands for; empty if they are complex or cannot be read
 * @param checksum what the stored checksums say; corrupt if one of its parts is
 * @param problem why the values cannot be read; empty if they can
 */
public record TensorInspection(
    String name,
    Shape shape,
    String type,
    boolean isQuantized,
    long bytes,
    double bitsPerWeight,
    Optional<ValueStatistics> statistics,
    ChecksumState checksum,
    String problem) {}
