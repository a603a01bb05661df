// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Sites that read the same input, such as query, key and value: one statistic serves them all, and
 * a transform of their input concerns them all.
 *
 * @param name what they read, within their block, for example {@code self_attn.input}
 * @param sites at least one, in the order of the model
 * @param origin where the input comes from
 * @param share the part of a batch's tokens that reaches the sites on average: 1, or, for an expert
 *     of a mixture, the experts of a token by all experts
 */
public record SiteGroup(String name, List<LinearSite> sites, InputOrigin origin, double share) {

  /**
   * Sites that all tokens reach.
   *
   * @param name what they read, within their block
   * @param sites at least one, in the order of the model
   * @param origin where the input comes from
   * @throws IllegalArgumentException if there is no site or their input widths differ
   */
  public SiteGroup(String name, List<LinearSite> sites, InputOrigin origin) {
    this(name, sites, origin, 1);
  }

  /**
   * Checks the sites.
   *
   * @throws IllegalArgumentException if there is none, their input widths differ, or the share is
   *     not above 0 and at most 1
   */
  public SiteGroup {
    sites = List.copyOf(sites);
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "share of group '" + name + "': " + share + ", expected above 0 and at most 1");
    }
    if (sites.isEmpty()) {
      throw new IllegalArgumentException("group '" + name + "': no sites, expected at least one");
    }
    for (LinearSite site : sites) {
      if (site.inFeatures() != sites.getFirst().inFeatures()) {
        throw new IllegalArgumentException(
            "group '"
                + name
                + "': site "
                + site
                + ", expected "
                + sites.getFirst().inFeatures()
                + " inputs as "
                + sites.getFirst());
      }
    }
  }

  /**
   * The width of the input.
   *
   * @return {@code in} of all sites
   */
  public int inFeatures() {
    return sites.getFirst().inFeatures();
  }

  /** The sites' names. */
  @Override
  public String toString() {
    return name + sites.stream().map(LinearSite::name).collect(Collectors.joining(", ", " (", ")"));
  }
}
