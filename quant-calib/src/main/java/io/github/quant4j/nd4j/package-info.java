// SPDX-License-Identifier: Apache-2.0
/**
 * For applications that hold their weights and activations in ND4J arrays.
 *
 * <ul>
 *   <li>{@link io.github.quant4j.nd4j.Nd4jArrays} copies arrays to matrices and tensors and back,
 *       and dense layers {@code [in, out]} to layers {@code [out, in]};
 *   <li>{@link io.github.quant4j.nd4j.Nd4jLinear} serves a quantized layer from array to array;
 *   <li>{@link io.github.quant4j.nd4j.Nd4jLinearAlgebra} lets calibration multiply with ND4J's
 *       BLAS.
 * </ul>
 *
 * <p>ND4J is an optional dependency: {@code nd4j-api} must be on the class path for this package
 * alone, together with a backend of the application's choice, such as {@code nd4j-native} with the
 * classifier of the platform. Backends want the options {@code --enable-native-access=ALL-UNNAMED
 * --sun-misc-unsafe-memory-access=allow} of the JVM. Tested with ND4J 1.0.0-M2.1 and its CPU
 * backend; arrays of a GPU backend are copied through the host's memory, which is untested.
 */
@Expert
@NullMarked
package io.github.quant4j.nd4j;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
