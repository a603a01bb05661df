// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.nio.file.Path;

/**
 * A recording of which is known what is said in it.
 *
 * @param file a WAV file
 * @param text what is said, perhaps nothing
 */
public record TranscribedSound(Path file, String text) {}
