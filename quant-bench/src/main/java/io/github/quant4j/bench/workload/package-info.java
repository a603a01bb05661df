// SPDX-License-Identifier: Apache-2.0
/** What the benchmarks of this library and those of its peers have in common. */
@NullMarked
package io.github.quant4j.bench.workload;

import org.jspecify.annotations.NullMarked;
