// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.zip.CRC32C;

/** A number that changes with a model: over its config and the name, type and data of tensors. */
final class ModelSignature {
  private static final long PIECE = 1 << 30;

  private ModelSignature() {}

  /** Reads the whole model once. */
  static String of(ModelSource model) {
    CRC32C checksum = new CRC32C();
    checksum.update(JsonWriter.compact(model.config()).getBytes(StandardCharsets.UTF_8));
    long bytes = 0;
    TensorSource stored = model.stored();
    for (String name : stored.names()) {
      Tensor tensor = stored.require(name);
      String header = name + tensor.dtype() + tensor.shape();
      checksum.update(header.getBytes(StandardCharsets.UTF_8));
      for (long at = 0; at < tensor.byteSize(); at += PIECE) {
        long count = Math.min(PIECE, tensor.byteSize() - at);
        checksum.update(tensor.data().asSlice(at, count).asByteBuffer());
      }
      bytes += tensor.byteSize();
    }
    return String.format(Locale.ROOT, "%d bytes, checksum %08x", bytes, checksum.getValue());
  }
}
