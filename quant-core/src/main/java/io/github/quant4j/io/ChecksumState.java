// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

/** What a stored checksum says of a tensor's data. */
public enum ChecksumState {
  /** The file holds no checksums; other tools write none. */
  ABSENT,
  /** The data is what was written. */
  INTACT,
  /** The data is not what was written, or the list of checksums is damaged. */
  CORRUPT
}
