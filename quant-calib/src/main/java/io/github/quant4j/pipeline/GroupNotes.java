// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.layer.LinearReport;

/** What reports of layers say of the group that the layer is in. */
final class GroupNotes {
  private GroupNotes() {}

  /**
   * A layer's report with what there is to say of its group.
   *
   * @param hasOnline whether a transform of the group runs with the model
   */
  static LinearReport added(
      Block block, SiteGroup group, boolean hasOnline, boolean isCalibrated, LinearReport plain) {
    LinearReport report = isCalibrated ? ofExpert(group, plain) : plain;
    boolean isShared =
        group.origin() instanceof InputOrigin.Normalization
            && CommonTransforms.sharesNorm(block, group);
    return hasOnline && isShared
        ? report.withNote(
            "the transform runs online: other groups read the same norm, and only a diagonal"
                + " transform that all of them ask for can be folded into it")
        : report;
  }

  /** Says of an expert that its statistics are of few tokens. */
  private static LinearReport ofExpert(SiteGroup group, LinearReport report) {
    return group.share() == 1 || report.tokens() >= group.inFeatures()
        ? report
        : report.withNote(
            "calibration hardly reached this expert: "
                + report.tokens()
                + " tokens for "
                + group.inFeatures()
                + " inputs");
  }
}
