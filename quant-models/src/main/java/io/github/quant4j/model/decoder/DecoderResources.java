// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryTable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What all blocks of a model share: tables of positions, attention of each form. Thread-safe. */
final class DecoderResources {
  private final KernelOptions options;
  private final Map<Rotary, RotaryTable> tables = new ConcurrentHashMap<>();
  private final Map<AttentionForm, GroupedAttention> forms = new ConcurrentHashMap<>();

  DecoderResources(KernelOptions options) {
    this.options = options;
  }

  KernelOptions options() {
    return options;
  }

  RotaryTable table(Rotary rotary) {
    return tables.computeIfAbsent(rotary, RotaryTable::new);
  }

  GroupedAttention attention(AttentionForm form) {
    return forms.computeIfAbsent(
        form, key -> new GroupedAttention(key, true, options.compute().algebra(), options));
  }
}
