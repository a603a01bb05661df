// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.tensor.Shape;

/** A tensor of a block that belongs to no site. */
public record VectorShape(String name, Shape shape) {}
