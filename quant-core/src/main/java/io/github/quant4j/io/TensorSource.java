// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.tensor.Tensor;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * Named tensors, wherever they come from: one file, several shards, or memory.
 *
 * <p>Tensors are views; they are valid until the source is closed.
 */
public interface TensorSource extends AutoCloseable {

  /**
   * The names of all tensors.
   *
   * @return in the order of the source
   */
  SequencedSet<String> names();

  /**
   * A tensor.
   *
   * @param name its name
   * @return the tensor, or empty if there is none of that name
   */
  Optional<Tensor> find(String name);

  /**
   * What a tensor looks like, which may cost less than the tensor.
   *
   * @param name its name
   * @return type and shape, or empty if there is none of that name
   */
  default Optional<TensorForm> form(String name) {
    return find(name).map(tensor -> new TensorForm(tensor.dtype(), tensor.shape()));
  }

  /**
   * A tensor that must be there.
   *
   * @param name its name
   * @return the tensor
   * @throws IllegalArgumentException if there is none of that name
   */
  default Tensor require(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "tensor '" + name + "' is missing; there are " + names().size() + " others"));
  }

  /**
   * Holds a tensor's data against a stored checksum, if the source has any. Reads all of the data.
   *
   * @param name the tensor
   * @return what the checksum says
   * @throws IllegalArgumentException if there is no tensor of that name
   */
  default ChecksumState verify(String name) {
    require(name);
    return ChecksumState.ABSENT;
  }

  @Override
  void close();
}
