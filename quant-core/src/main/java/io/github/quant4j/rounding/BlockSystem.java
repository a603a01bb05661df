// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.scheme.BlockScales;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * The output error of a row as a function of the scales and offsets of its blocks while all codes
 * stay: the quadratic form of a {@link ScaleSystem} in the variables that blocks have.
 *
 * <p>First come the magnitudes of the scales of tiles, then their offsets. What is found is a local
 * minimum over all that blocks can store, from three beginnings: what there is, the best real
 * numbers rounded with the scales of blocks as they are, and rounded with new ones. From each, the
 * scale and least value of a block and the integers of a tile go in turn to where the error is
 * least.
 */
final class BlockSystem {
  private static final int PASSES = 8;
  private static final double RIDGE = 1e-9;

  /** Scales that would change by more stay: their tiles have next to no say. */
  private static final double LARGEST_FACTOR = 4;

  private static final int CANDIDATES = 16;
  private static final double LEAST_SHARE = 0.6;

  private final FittedBlocks blocks;
  private final int firstTile;
  private final int firstBlock;
  private final int tiles;
  private final int size;
  private final double[] products;
  private final double[] residual;

  BlockSystem(ScaleSystem system, FittedBlocks blocks, int firstTile) {
    this.blocks = blocks;
    this.firstTile = firstTile;
    this.firstBlock = firstTile / blocks.tilesInBlock;
    this.tiles = system.tiles();
    this.size = blocks.hasOffsets() ? 2 * tiles : tiles;
    this.products = new double[size * size];
    this.residual = new double[size];
    transform(system);
  }

  /**
   * From levels {@code c} and ones, with values {@code s c - s z 1}, to {@code s (c + h 1) - o 1}.
   */
  private void transform(ScaleSystem system) {
    double[] shift = new double[tiles];
    for (int t = 0; t < tiles; t++) {
      boolean isTurned = !blocks.hasOffsets() && blocks.isTurned(firstTile + t);
      shift[t] = blocks.hasOffsets() ? blocks.codeOffset : isTurned ? 1 : 0;
    }
    boolean hasOnes = system.hasZeros();
    for (int a = 0; a < tiles; a++) {
      double ofOnes = hasOnes ? system.residual(system.offset(a)) : 0;
      residual[a] = system.residual(a) + shift[a] * ofOnes;
      for (int b = 0; b < tiles; b++) {
        double product = system.product(a, b);
        double both = 0;
        if (hasOnes) {
          double ones = system.product(system.offset(a), system.offset(b));
          both = system.product(a, system.offset(b)) + shift[a] * ones;
          product += shift[b] * both + shift[a] * system.product(system.offset(a), b);
          if (blocks.hasOffsets()) {
            products[(tiles + a) * size + tiles + b] = ones;
          }
        }
        products[a * size + b] = product;
        if (blocks.hasOffsets()) {
          products[a * size + tiles + b] = -both;
          products[(tiles + b) * size + a] = -both;
        }
      }
      if (blocks.hasOffsets()) {
        residual[tiles + a] = -ofOnes;
      }
    }
  }

  /** Scales and offsets at some place of the search. */
  private final class State {
    final float[] scales;
    final float[] leasts;
    final int[] scaleCodes = new int[tiles];
    final int[] offsetCodes = new int[tiles];
    double[] residual = BlockSystem.this.residual.clone();
    double decrease;

    State() {
      int count = tiles / blocks.tilesInBlock;
      scales = Arrays.copyOfRange(blocks.scales, firstBlock, firstBlock + count);
      leasts =
          blocks.hasOffsets()
              ? Arrays.copyOfRange(blocks.leasts, firstBlock, firstBlock + count)
              : new float[count];
      for (int t = 0; t < tiles; t++) {
        scaleCodes[t] = Math.abs(blocks.scaleCodes[firstTile + t]);
        offsetCodes[t] = blocks.hasOffsets() ? blocks.offsetCodes[firstTile + t] : 0;
      }
    }

    int block(int t) {
      return t / blocks.tilesInBlock;
    }

    double scale(int t) {
      return scales[block(t)] * scaleCodes[t];
    }

    double offset(int t) {
      return leasts[block(t)] * offsetCodes[t];
    }

    /** All variables. */
    double[] values() {
      double[] values = new double[size];
      for (int t = 0; t < tiles; t++) {
        values[t] = scale(t);
        if (size > tiles) {
          values[tiles + t] = offset(t);
        }
      }
      return values;
    }

    /** The error and the residual follow changes of variables. */
    void move(double[] changes) {
      double[] gain = new double[size];
      for (int b = 0; b < size; b++) {
        if (changes[b] != 0) {
          for (int a = 0; a < size; a++) {
            gain[a] += products[a * size + b] * changes[b];
          }
        }
      }
      for (int a = 0; a < size; a++) {
        decrease += changes[a] * (2 * residual[a] - gain[a]);
        residual[a] -= gain[a];
      }
    }

    void store() {
      System.arraycopy(scales, 0, blocks.scales, firstBlock, scales.length);
      for (int t = 0; t < tiles; t++) {
        int code = blocks.scaleCodes[firstTile + t] < 0 ? -scaleCodes[t] : scaleCodes[t];
        blocks.scaleCodes[firstTile + t] = (byte) code;
        if (blocks.hasOffsets()) {
          blocks.offsetCodes[firstTile + t] = (byte) offsetCodes[t];
        }
      }
      if (blocks.hasOffsets()) {
        System.arraycopy(leasts, 0, blocks.leasts, firstBlock, leasts.length);
      }
    }

    /** In turn to where the error is least. */
    void descend(double least) {
      for (int pass = 0; pass < PASSES; pass++) {
        double before = decrease;
        for (int block = 0; block < scales.length; block++) {
          if (!blocks.isNothing(firstBlock + block)) {
            fitBlock(block);
          }
        }
        if (blocks.codec.mostScale() > 1) {
          for (int t = 0; t < tiles; t++) {
            if (!blocks.isNothing(firstBlock + block(t))) {
              fitTile(t);
            }
          }
        }
        if (!(decrease > before + least)) {
          return;
        }
      }
    }

    /** The best scale and least value for the integers of the tiles. */
    private void fitBlock(int block) {
      int from = block * blocks.tilesInBlock;
      int to = from + blocks.tilesInBlock;
      double scaleProduct = 0;
      double bothProduct = 0;
      double leastProduct = 0;
      double ofScale = 0;
      double ofLeast = 0;
      for (int a = from; a < to; a++) {
        ofScale += scaleCodes[a] * residual[a];
        ofLeast += size > tiles ? offsetCodes[a] * residual[tiles + a] : 0;
        for (int b = from; b < to; b++) {
          scaleProduct += scaleCodes[a] * scaleCodes[b] * products[a * size + b];
          if (size > tiles) {
            bothProduct += scaleCodes[a] * offsetCodes[b] * products[a * size + tiles + b];
            leastProduct +=
                offsetCodes[a] * offsetCodes[b] * products[(tiles + a) * size + tiles + b];
          }
        }
      }
      if (!(scaleProduct > 0)) {
        return;
      }
      double determinant = scaleProduct * leastProduct - bothProduct * bothProduct;
      if (determinant > RIDGE * scaleProduct * leastProduct) {
        double scaleStep = (ofScale * leastProduct - ofLeast * bothProduct) / determinant;
        double leastStep = (ofLeast * scaleProduct - ofScale * bothProduct) / determinant;
        offerBlock(block, scales[block] + scaleStep, leasts[block] + leastStep);
      }
      offerBlock(block, scales[block] + ofScale / scaleProduct, leasts[block]);
    }

    /** Takes other scales if they are better. */
    private void offerBlock(int block, double scale, double leastValue) {
      boolean mayBeNegative = blocks.tilesInBlock == 1;
      if (!(scale > 0) || (leastValue < 0 && !mayBeNegative)) {
        return;
      }
      float oldScale = scales[block];
      float oldLeast = leasts[block];
      double[] changes = values();
      scales[block] = BlockScales.half((float) scale);
      leasts[block] = size > tiles ? BlockScales.halfLeast((float) leastValue) : 0;
      double[] after = values();
      double[] oldResidual = residual.clone();
      double oldDecrease = decrease;
      for (int a = 0; a < size; a++) {
        changes[a] = after[a] - changes[a];
      }
      move(changes);
      if (!(decrease > oldDecrease)) {
        scales[block] = oldScale;
        leasts[block] = oldLeast;
        residual = oldResidual;
        decrease = oldDecrease;
      }
    }

    /** The best integers of a tile. */
    private void fitTile(int t) {
      double unit = scales[block(t)];
      double leastUnit = leasts[block(t)];
      double own = products[t * size + t];
      if (!(own > 0)) {
        return;
      }
      int bestScale = scaleCodes[t];
      int bestOffset = offsetCodes[t];
      double best = 0;
      int reach = leastUnit > 0 ? 1 : 0;
      int middle = reach == 0 ? offsetCodes[t] : offsetCodes[t] + jump(t, leastUnit);
      for (int i = 0; i <= 2 * (2 * reach + 1) - 1; i++) {
        // Around the present one and around the best one if the scale were free.
        int offset = (i % 2 == 0 ? offsetCodes[t] : middle) + i / 2 - reach;
        if (offset < 0 || offset > blocks.codec.mostOffset()) {
          continue;
        }
        double offsetStep = leastUnit * offset - offset(t);
        double cross = size > tiles ? products[t * size + tiles + t] * offsetStep : 0;
        double free = scale(t) + (residual[t] - cross) / own;
        int floor = (int) Math.clamp(Math.floor(free / unit), 1, blocks.mostScale(firstTile + t));
        for (int code = floor; code <= floor + 1; code++) {
          if (code > blocks.mostScale(firstTile + t)) {
            continue;
          }
          double scaleStep = (float) unit * code - scale(t);
          double decreases = decrease(t, scaleStep, offsetStep);
          if (decreases > best) {
            best = decreases;
            bestScale = code;
            bestOffset = offset;
          }
        }
      }
      if (best > 0) {
        double[] changes = new double[size];
        changes[t] = (float) unit * bestScale - scale(t);
        if (size > tiles) {
          changes[tiles + t] = (float) leastUnit * bestOffset - offset(t);
        }
        scaleCodes[t] = bestScale;
        offsetCodes[t] = bestOffset;
        move(changes);
      }
    }

    /** By how many steps the best offset is away if scale and offset were real numbers. */
    private int jump(int t, double unit) {
      double scales = products[t * size + t];
      double both = products[t * size + tiles + t];
      double offsets = products[(tiles + t) * size + tiles + t];
      double determinant = scales * offsets - both * both;
      if (!(determinant > RIDGE * scales * offsets)) {
        return 0;
      }
      double step = (residual[tiles + t] * scales - residual[t] * both) / determinant;
      int most = blocks.codec.mostOffset();
      return (int) Math.clamp(Math.rint(step / unit), -most, most);
    }

    private double decrease(int t, double scaleStep, double offsetStep) {
      double result = scaleStep * (2 * residual[t] - products[t * size + t] * scaleStep);
      if (size > tiles) {
        int o = tiles + t;
        result += offsetStep * (2 * residual[o] - products[o * size + o] * offsetStep);
        result -= 2 * scaleStep * offsetStep * products[t * size + o];
      }
      return result;
    }
  }

  /**
   * Finds better scales and offsets and stores them.
   *
   * @param least decrease that counts, above what rounding errors make
   * @return by how much the error decreases
   */
  double fit(double least) {
    State best = new State();
    best.descend(least);
    double[] wanted = wanted();
    if (wanted.length > 0) {
      for (boolean isNew : new boolean[] {false, true}) {
        State other = rounded(wanted, isNew);
        other.descend(least);
        if (other.decrease > best.decrease + least) {
          best = other;
        }
      }
    }
    if (!(best.decrease > least)) {
      return 0;
    }
    best.store();
    return best.decrease;
  }

  /** The best real numbers; none if there are no such. */
  private double[] wanted() {
    State now = new State();
    double[] step = now.residual;
    if (!SmallCholesky.solve(products.clone(), step, RIDGE)) {
      return new double[0];
    }
    double[] wanted = now.values();
    for (int t = 0; t < tiles; t++) {
      double scale = wanted[t] + step[t];
      boolean isNear = scale > wanted[t] / LARGEST_FACTOR && scale < wanted[t] * LARGEST_FACTOR;
      if (!isNear) {
        continue;
      }
      wanted[t] = scale;
      if (size > tiles) {
        double offset = wanted[tiles + t] + step[tiles + t];
        wanted[tiles + t] = blocks.tilesInBlock == 1 ? offset : Math.max(0, offset);
      }
    }
    return wanted;
  }

  /** Real numbers as blocks store them. */
  private State rounded(double[] wanted, boolean isNew) {
    State state = new State();
    double[] changes = state.values();
    for (int block = 0; block < state.scales.length; block++) {
      if (blocks.isNothing(firstBlock + block)) {
        continue;
      }
      int from = block * blocks.tilesInBlock;
      if (isNew || blocks.tilesInBlock == 1) {
        state.scales[block] = newScale(wanted, from);
        state.leasts[block] = size > tiles ? newLeast(wanted, from) : 0;
      }
      for (int t = from; t < from + blocks.tilesInBlock; t++) {
        int most = blocks.mostScale(firstTile + t);
        state.scaleCodes[t] = (int) Math.clamp(Math.rint(wanted[t] / state.scales[block]), 1, most);
        if (size > tiles && blocks.tilesInBlock > 1 && state.leasts[block] > 0) {
          double multiple = Math.rint(wanted[tiles + t] / state.leasts[block]);
          state.offsetCodes[t] = (int) Math.clamp(multiple, 0, blocks.codec.mostOffset());
        }
      }
    }
    double[] after = state.values();
    for (int a = 0; a < size; a++) {
      changes[a] = after[a] - changes[a];
    }
    state.move(changes);
    return state;
  }

  private float newScale(double[] wanted, int from) {
    return unit(wanted, from, t -> blocks.mostScale(firstTile + t), 1);
  }

  private float newLeast(double[] wanted, int from) {
    if (blocks.tilesInBlock == 1) {
      return BlockScales.halfLeast((float) wanted[tiles + from]);
    }
    return unit(wanted, tiles + from, _ -> blocks.codec.mostOffset(), 0);
  }

  /**
   * What a block has whose multiples are nearest to wanted variables, by their own curvature.
   *
   * @param first the first variable
   * @param most the largest integer of each
   * @param least the least integer
   */
  private float unit(double[] wanted, int first, IntUnaryOperator most, int least) {
    double largest = 0;
    for (int a = first; a < first + blocks.tilesInBlock; a++) {
      largest = Math.max(largest, wanted[a] / most.applyAsInt(a % tiles));
    }
    float best = BlockScales.half((float) largest);
    double leastError = Double.POSITIVE_INFINITY;
    for (int i = 0; i < CANDIDATES && blocks.tilesInBlock > 1 && best > 0; i++) {
      float unit = BlockScales.half((float) (largest / (1 - i * (1 - LEAST_SHARE) / CANDIDATES)));
      double error = 0;
      for (int a = first; a < first + blocks.tilesInBlock; a++) {
        double multiple = Math.rint(wanted[a] / unit);
        double code = Math.clamp(multiple, least, most.applyAsInt(a % tiles));
        double difference = unit * code - wanted[a];
        error += products[a * size + a] * difference * difference;
      }
      if (error < leastError) {
        leastError = error;
        best = unit;
      }
    }
    return best;
  }
}
