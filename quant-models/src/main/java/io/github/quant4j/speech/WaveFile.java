// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads WAV files: RIFF with uncompressed samples of 16 bits (Microsoft and IBM, Multimedia
 * Programming Interface and Data Specifications 1.0, also with the extensible format chunk).
 */
public final class WaveFile {
  private static final int PCM = 1;
  private static final int EXTENSIBLE = 0xfffe;
  private static final int BITS = 16;
  private static final int FORMAT_BYTES = 16;
  private static final int SUB_FORMAT_AT = 24;
  private static final int MOST_CHANNELS = 64;
  private static final float FULL_SCALE = 32_768;
  private static final int MOST_HOURS = 6;

  private final Path path;
  private final ByteBuffer bytes;

  private WaveFile(Path path, ByteBuffer bytes) {
    this.path = path;
    this.bytes = bytes;
  }

  /**
   * Reads a file as a whole.
   *
   * @param path the file
   * @return its sound, the mean of its channels, in which full scale is 1
   * @throws AudioFileException if there is no such file, it is no WAV file, it is cut short, its
   *     samples are not of 16 bits, its rate is not one that {@link Waveform} takes, or it lasts
   *     more than 6 hours
   * @throws IOException if reading fails
   */
  public static Waveform read(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new AudioFileException(
          path, (Files.exists(path) ? "not a regular file" : "no such file") + ", expected WAV");
    }
    if (Files.size(path) > Integer.MAX_VALUE - 8) {
      throw new AudioFileException(
          path, Files.size(path) + " bytes, expected less than 2 GiB of WAV");
    }
    return new WaveFile(path, ByteBuffer.wrap(Files.readAllBytes(path))).read();
  }

  private Waveform read() throws AudioFileException {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 12 || !tag(0).equals("RIFF") || !tag(8).equals("WAVE")) {
      throw new AudioFileException(path, "expected a WAV file, which begins with RIFF and WAVE");
    }
    int channels = 0;
    int rate = 0;
    for (int at = 12; at <= bytes.limit() - 8; ) {
      String tag = tag(at);
      long size = Integer.toUnsignedLong(bytes.getInt(at + 4));
      int from = at + 8;
      if (size > bytes.limit() - from) {
        throw new AudioFileException(
            path,
            "chunk '"
                + tag
                + "' at "
                + at
                + " is of "
                + size
                + " bytes, but only "
                + (bytes.limit() - from)
                + " are left");
      }
      if (tag.equals("fmt ")) {
        requireFormat(from, (int) size);
        channels = Short.toUnsignedInt(bytes.getShort(from + 2));
        rate = bytes.getInt(from + 4);
      } else if (tag.equals("data")) {
        if (channels == 0) {
          throw new AudioFileException(path, "no chunk 'fmt ' before the chunk 'data'");
        }
        return samples(from, (int) size, channels, rate);
      }
      // Chunks of an odd length are followed by a byte that does not count.
      long next = from + size + (size & 1);
      at = (int) Math.min(next, bytes.limit());
    }
    throw new AudioFileException(path, "no chunk 'data', expected one with samples");
  }

  private String tag(int at) {
    byte[] tag = new byte[4];
    bytes.get(at, tag);
    return new String(tag, StandardCharsets.ISO_8859_1);
  }

  private void requireFormat(int from, int size) throws AudioFileException {
    if (size < FORMAT_BYTES) {
      throw new AudioFileException(
          path, "chunk 'fmt ' of " + size + " bytes, expected at least " + FORMAT_BYTES);
    }
    int format = Short.toUnsignedInt(bytes.getShort(from));
    if (format == EXTENSIBLE && size >= SUB_FORMAT_AT + 2) {
      format = Short.toUnsignedInt(bytes.getShort(from + SUB_FORMAT_AT));
    }
    int channels = Short.toUnsignedInt(bytes.getShort(from + 2));
    int rate = bytes.getInt(from + 4);
    int frame = Short.toUnsignedInt(bytes.getShort(from + 12));
    int bits = Short.toUnsignedInt(bytes.getShort(from + 14));
    if (format != PCM || bits != BITS) {
      throw new AudioFileException(
          path, "format " + format + " of " + bits + " bits, expected PCM (1) of " + BITS);
    }
    if (channels < 1 || channels > MOST_CHANNELS || frame != channels * Short.BYTES) {
      throw new AudioFileException(
          path,
          channels
              + " channels in "
              + frame
              + " bytes, expected 1 to "
              + MOST_CHANNELS
              + " channels of 2 bytes each");
    }
    try {
      new Waveform(new float[0], rate);
    } catch (IllegalArgumentException e) {
      throw new AudioFileException(path, String.valueOf(e.getMessage()));
    }
  }

  /** Refuses what would take gigabytes of memory as numbers. */
  static void requireLength(Path path, int frames, int rate) throws AudioFileException {
    if (frames > MOST_HOURS * 3600L * rate) {
      throw new AudioFileException(
          path,
          frames
              + " samples at "
              + rate
              + " Hz, expected at most "
              + MOST_HOURS
              + " hours of sound; cut it into several files");
    }
  }

  private Waveform samples(int from, int size, int channels, int rate) throws AudioFileException {
    int frame = channels * Short.BYTES;
    if (size % frame != 0) {
      throw new AudioFileException(
          path, "chunk 'data' of " + size + " bytes, expected a multiple of " + frame);
    }
    requireLength(path, size / frame, rate);
    float[] samples = new float[size / frame];
    for (int i = 0; i < samples.length; i++) {
      int sum = 0;
      for (int channel = 0; channel < channels; channel++) {
        sum += bytes.getShort(from + i * frame + channel * Short.BYTES);
      }
      samples[i] = sum / (channels * FULL_SCALE);
    }
    return new Waveform(samples, rate);
  }
}
