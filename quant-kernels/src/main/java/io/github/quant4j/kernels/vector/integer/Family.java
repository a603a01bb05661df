// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import io.github.quant4j.kernel.AffineCodes;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * The families of integer kernels, what they can do, and what they cost.
 *
 * <p>Costs are in nanoseconds for 1024 multiplications of one token with weights in the cache,
 * measured once (see {@code docs/performance.md}) and kept here, so that the choice is the same
 * everywhere and every time. They only rank families: results are equal.
 */
enum Family {
  /** {@link NibbleMultiply}. */
  NIBBLE {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      AffineCodes codes = arithmetic.weightCodes();
      return bits(codes) <= 4 && WordMultiply.supports(codes.maximumCode(), largestValue(codes));
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return NibbleMultiply.unit(arithmetic.segmentLength());
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      return 13.5 * WIDTH;
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      AffineCodes form = arithmetic.weightCodes();
      return new NibbleMultiply(weights, form.maximumCode(), largestValue(form), layout, team);
    }
  },

  /** {@link TwoBitMultiply}; files of packed weights know it by this name. */
  CRUMB {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      AffineCodes codes = arithmetic.weightCodes();
      return bits(codes) <= 2 && WordMultiply.supports(codes.maximumCode(), largestValue(codes));
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return TwoBitMultiply.UNIT;
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      return 13.5 * WIDTH;
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      AffineCodes form = arithmetic.weightCodes();
      return new TwoBitMultiply(weights, form.maximumCode(), largestValue(form), layout, team);
    }
  },

  /** {@link ByteMultiply}. */
  BYTE {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      AffineCodes codes = arithmetic.weightCodes();
      return ByteMultiply.supports(codes.maximumCode(), largestValue(codes));
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return ByteMultiply.UNIT;
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      return 20 * WIDTH;
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      return new ByteMultiply(weights, arithmetic.weightCodes().maximumCode(), layout, team);
    }
  },

  /** {@link PlaneLookup}. */
  LOOKUP {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      AffineCodes codes = arithmetic.weightCodes();
      return PlaneLookup.supports(bits(codes), largestValue(codes));
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return PlaneLookup.WORD;
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      return 3.7 * bits(arithmetic.weightCodes()) + 0.5;
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      return new PlaneLookup(weights, largestValue(arithmetic.weightCodes()), layout, team);
    }
  },

  /** {@link TernaryLookup}. */
  TERNARY {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      AffineCodes codes = arithmetic.weightCodes();
      return TernaryLookup.supports(codes.maximumCode(), largestValue(codes));
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return 1;
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      int length = arithmetic.segmentLength();
      return 6.4 * Math.ceilDiv(length, TernaryLookup.DIGITS) * TernaryLookup.DIGITS / length;
    }

    @Override
    int rowUnit() {
      return TernaryLookup.PANEL;
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      return new TernaryLookup(weights, layout, team);
    }
  },

  /** {@link PlanePopcount}. */
  POPCOUNT {
    @Override
    boolean supports(IntegerArithmetic arithmetic) {
      return PlanePopcount.supports(bits(arithmetic.weightCodes()), arithmetic.activationCodes());
    }

    @Override
    int unit(IntegerArithmetic arithmetic) {
      return PlanePopcount.WORD;
    }

    @Override
    double cost(IntegerArithmetic arithmetic) {
      int products = bits(arithmetic.weightCodes()) * bits(arithmetic.activationCodes());
      return products * (Lanes.BITS == 512 ? 1.3 : 5 * WIDTH);
    }

    @Override
    SegmentSums pack(
        WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team) {
      return new PlanePopcount(
          weights, arithmetic.weightCodes().factor(), arithmetic.activationCodes(), layout, team);
    }
  };

  /** Costs of arithmetic relative to vectors of 512 bits, which take two cycles where measured. */
  private static final double WIDTH = Math.max(1.0, 256.0 / Lanes.BITS);

  /** The largest magnitude of an activation code's value. */
  private static final int LARGEST_ACTIVATION = 128;

  /** Whether the family computes this. */
  abstract boolean supports(IntegerArithmetic arithmetic);

  /** The inputs that segments are padded to. */
  abstract int unit(IntegerArithmetic arithmetic);

  /** The rows that are computed together, where that is more than a few vectors. */
  int rowUnit() {
    return 1;
  }

  /** Nanoseconds for 1024 multiplications, without padding. */
  abstract double cost(IntegerArithmetic arithmetic);

  /** Packs codes. */
  abstract SegmentSums pack(
      WeightSource weights, IntegerArithmetic arithmetic, SegmentLayout layout, WorkerTeam team);

  private static int bits(AffineCodes codes) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(codes.maximumCode());
  }

  /** Activation values as the families see them: multiplied by the weights' factor. */
  private static int largestValue(AffineCodes codes) {
    return LARGEST_ACTIVATION * codes.factor();
  }
}
