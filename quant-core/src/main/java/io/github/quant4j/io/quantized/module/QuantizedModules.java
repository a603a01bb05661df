// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The quantized modules that a config and the tensors speak of.
 *
 * @param readers how to read each, by the module's name
 * @param warnings what may matter though the modules are read: one line for each
 * @param shared names of tensors that several modules are made of, such as stacks of experts
 */
public record QuantizedModules(
    SequencedMap<String, ModuleReader> readers, List<String> warnings, Set<String> shared) {

  /** Copies what it is given. */
  public QuantizedModules {
    readers = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(readers));
    warnings = List.copyOf(warnings);
    shared = Set.copyOf(shared);
  }

  /**
   * Modules that share no tensors and give no reason for a warning.
   *
   * @param readers how to read each, by the module's name
   * @return the modules
   */
  public static QuantizedModules of(SequencedMap<String, ModuleReader> readers) {
    return new QuantizedModules(readers, List.of(), Set.of());
  }

  /**
   * Modules that share no tensors.
   *
   * @param readers how to read each, by the module's name
   * @param warnings one line for each
   * @return the modules
   */
  public static QuantizedModules of(
      SequencedMap<String, ModuleReader> readers, List<String> warnings) {
    return new QuantizedModules(readers, warnings, Set.of());
  }
}
