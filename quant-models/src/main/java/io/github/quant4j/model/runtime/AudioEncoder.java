// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.List;

/**
 * An encoder of speech as a chain of blocks. An input has a row for each step in time: a frame of a
 * spectrogram, or a sample.
 */
public interface AudioEncoder extends BlockModel<FloatMatrix> {

  /** What the encoder runs with. */
  ModelOptions options();

  /** What is noticed about the tensors but does not keep the encoder from running. */
  List<String> warnings();

  /** The most rows of an input. */
  int maximumRows();

  /** The columns of an input. */
  int inputWidth();

  /** How many rows of an input make a second. */
  int rowsPerSecond();

  /** The input for speech as the model was trained on it, without what is beyond the longest. */
  FloatMatrix input(Waveform speech);

  /** The input for speech as long as it is, without what is beyond the longest. */
  FloatMatrix inputAsLong(Waveform speech);

  /** The numbers that tell models apart, for people. */
  String shape();

  /** Opens a block, with its weights on the heap or where they are stored. */
  Block openBlock(int index, boolean heap);
}
