// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.util.List;

/**
 * Where calibration inputs come from.
 *
 * @param <I> one input
 */
interface CalibrationInputs<I> {

  /** The inputs, made now if need be. */
  List<? extends I> load(ProgressListener progress, Cancellation cancellation) throws IOException;

  /** What they depend on, in one line, which is compared when a run is resumed. */
  String describe();

  /** What was found out when they were made; empty if nothing, or if they are not made yet. */
  default String remark() {
    return "";
  }

  /** How many tokens they have at most. */
  long tokens();

  /** What a language model reads. */
  static CalibrationInputs<int[]> of(LanguageModel model, Calibration calibration) {
    return new CalibrationInputs<>() {
      private String remark = "";

      @Override
      public List<int[]> load(ProgressListener progress, Cancellation cancellation)
          throws IOException {
        return calibration.inputs(model, progress, cancellation, said -> remark = said);
      }

      @Override
      public String remark() {
        return remark;
      }

      @Override
      public String describe() {
        return calibration.describe();
      }

      @Override
      public long tokens() {
        return calibration.tokens();
      }
    };
  }

  /** Inputs that are there. */
  static <I> CalibrationInputs<I> given(BlockModel<I> model, List<? extends I> inputs) {
    List<I> copy = List.copyOf(inputs);
    InputSignature signature = InputSignature.of(model, copy);
    return new CalibrationInputs<>() {
      @Override
      public List<I> load(ProgressListener progress, Cancellation cancellation) {
        return copy;
      }

      @Override
      public String describe() {
        return signature.toString();
      }

      @Override
      public long tokens() {
        return signature.tokens();
      }
    };
  }

  /** The same inputs, made once and kept. */
  static <I> CalibrationInputs<I> loaded(
      CalibrationInputs<I> inputs, ProgressListener progress, Cancellation cancellation)
      throws IOException {
    List<? extends I> present = inputs.load(progress, cancellation);
    return new CalibrationInputs<>() {
      @Override
      public List<? extends I> load(ProgressListener listener, Cancellation requested) {
        return present;
      }

      @Override
      public String describe() {
        return inputs.describe();
      }

      @Override
      public String remark() {
        return inputs.remark();
      }

      @Override
      public long tokens() {
        return inputs.tokens();
      }
    };
  }
}
