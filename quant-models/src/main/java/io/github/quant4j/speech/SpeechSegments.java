// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Joins clips of speech to segments as long as an encoder takes them. An encoder that pads to 30
 * seconds would see little but silence of a word by itself, and calibration with it.
 */
public final class SpeechSegments {
  private static final double PAUSE_SECONDS = 0.1;

  private SpeechSegments() {}

  /**
   * Joins clips, one after the other, with a pause of a tenth of a second between them. A segment
   * ends before the clip that does not fit into it; a clip that is longer than a segment is cut.
   *
   * <p>Cost: that of resampling what has another rate.
   *
   * @param clips the clips in their order, of any rates
   * @param seconds the longest a segment may be, above 0
   * @return segments of {@link LogMelSpectrogram#SAMPLE_RATE} samples a second; none if there is no
   *     sample
   * @throws IllegalArgumentException if the length is less than one sample or does not fit an array
   */
  public static List<Waveform> join(List<Waveform> clips, double seconds) {
    double longest = seconds * LogMelSpectrogram.SAMPLE_RATE;
    if (!(longest >= 1 && longest < Integer.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "seconds: " + seconds + ", expected at least one sample and fewer than 2^31");
    }
    int capacity = (int) longest;
    int pause = (int) Math.round(PAUSE_SECONDS * LogMelSpectrogram.SAMPLE_RATE);
    List<Waveform> segments = new ArrayList<>();
    float[] segment = new float[capacity];
    int end = 0;
    for (Waveform clip : clips) {
      float[] samples = clip.resampled(LogMelSpectrogram.SAMPLE_RATE).samples();
      if (samples.length == 0) {
        continue;
      }
      int at = end == 0 ? 0 : end + pause;
      if (end > 0 && (long) at + samples.length > capacity) {
        segments.add(segment(segment, 0, end));
        Arrays.fill(segment, 0);
        at = 0;
      }
      int from = 0;
      while (samples.length - from > capacity) {
        segments.add(segment(samples, from, from + capacity));
        from += capacity;
      }
      System.arraycopy(samples, from, segment, at, samples.length - from);
      end = at + samples.length - from;
    }
    if (end > 0) {
      segments.add(segment(segment, 0, end));
    }
    return segments;
  }

  private static Waveform segment(float[] samples, int from, int to) {
    return new Waveform(Arrays.copyOfRange(samples, from, to), LogMelSpectrogram.SAMPLE_RATE);
  }

  /**
   * Reads a WAV file, or those directly in a folder, and joins them in the order of their names.
   *
   * @param path a WAV file, or a folder with files whose names end in {@code .wav}
   * @param seconds the longest a segment may be, above 0
   * @return the segments, see {@link #join}
   * @throws AudioFileException if there is no such file, the folder has no WAV file, or one of them
   *     is none that {@link WaveFile} reads
   * @throws IOException if reading fails
   * @throws IllegalArgumentException as {@link #join} does
   */
  public static List<Waveform> read(Path path, double seconds) throws IOException {
    List<Path> files = List.of(path);
    if (Files.isDirectory(path)) {
      try (Stream<Path> entries = Files.list(path)) {
        files = entries.filter(SpeechSegments::isWave).sorted().toList();
      }
      if (files.isEmpty()) {
        throw new AudioFileException(path, "no file in it ends in .wav, expected at least one");
      }
    }
    List<Waveform> clips = new ArrayList<>();
    for (Path file : files) {
      clips.add(WaveFile.read(file));
    }
    return join(clips, seconds);
  }

  private static boolean isWave(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".wav");
  }
}
