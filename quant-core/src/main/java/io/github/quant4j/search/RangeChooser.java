// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses one of several candidate ranges for each tile, and the grid that comes of it.
 *
 * <p>Scales are tried as they will be stored. In codecs whose scales share something, a first round
 * with exact scales settles what is shared, and a second one chooses within that.
 */
interface RangeChooser {

  /** The best candidate of each tile, with scales rounded in a frame, or exact ones. */
  int[] best(@Nullable ScaleFrame frame);

  /** The grid of the best candidates. */
  default Grid grid(
      QuantScheme scheme, NumberFormat format, TileRanges full, List<Shrink> candidates) {
    TileRanges typical =
        scheme.scaleCodec().isIndependent() ? full : full.shrunk(candidates, best(null));
    ScaleFrame frame =
        scheme.scaleCodec().frame(typical.scales(scheme, format), full.layout, format);
    return full.shrunk(candidates, best(frame)).grid(scheme, format, frame);
  }
}
