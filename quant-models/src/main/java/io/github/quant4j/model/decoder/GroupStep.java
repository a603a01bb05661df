// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.SiteKernels;

/** What a block does at a site group: runs its sites, and makes the input of the next group. */
@FunctionalInterface
interface GroupStep {
  void run(SiteKernels sites, Activations activations);
}
