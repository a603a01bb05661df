// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.parallel.ScratchPool;
import java.util.Optional;

/**
 * A source of {@link LinearAlgebra}, found with {@link java.util.ServiceLoader}; {@link
 * LinearAlgebras} chooses among them.
 *
 * <p>Where the same artifact has kernels, their {@code KernelProvider} has the same name, so that
 * one choice by name holds for both.
 */
public interface LinearAlgebraProvider {

  /**
   * The provider's name.
   *
   * @return for example {@code vector}
   */
  String name();

  /**
   * The rank among providers.
   *
   * @return higher is preferred; the scalar one has 0
   */
  int priority();

  /**
   * Whether the provider can run here. Must not throw, whatever the machine.
   *
   * @return why it cannot, and what would change it, in one line; empty if it can
   */
  Optional<String> missing();

  /**
   * Makes the linear algebra; called only if nothing is missing.
   *
   * @param scratch the memory that calls borrow
   * @return the linear algebra, thread-safe
   */
  LinearAlgebra create(ScratchPool scratch);
}
