// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;

/**
 * What a tensor looks like.
 *
 * @param dtype the type of its elements
 * @param shape its dimensions
 */
public record TensorForm(DType dtype, Shape shape) {}
