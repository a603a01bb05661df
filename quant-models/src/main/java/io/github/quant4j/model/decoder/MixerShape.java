// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.model.runtime.KeyValueCache;
import java.util.List;

/** The first branch of a layer, in which tokens see each other. */
public sealed interface MixerShape permits AttentionShape, DeltaShape {

  /** The site whose outputs are added to the residual stream. */
  LinearSite output();

  /**
   * The site groups in the order in which they run.
   *
   * @param origin where the branch's input comes from
   */
  List<SiteGroup> groups(InputOrigin origin);

  /** The sizes that its cost follows from. */
  TokenMixer mixer();

  /** The tensors that belong to no site. */
  List<VectorShape> vectors();

  /** Floats that are kept for each token between the groups. */
  int carried();

  /** What is kept of tokens for those that follow. */
  KeyValueCache.Form cached();
}
