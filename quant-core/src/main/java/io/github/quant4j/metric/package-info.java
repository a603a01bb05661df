// SPDX-License-Identifier: Apache-2.0
/** What quantization costs, saves and loses, in numbers that do not depend on a machine. */
@Expert
@NullMarked
package io.github.quant4j.metric;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
