// SPDX-License-Identifier: Apache-2.0
/** ONNX files: models, graphs, nodes and tensors, as they are stored. */
@Expert
@NullMarked
package io.github.quant4j.io.onnx;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
