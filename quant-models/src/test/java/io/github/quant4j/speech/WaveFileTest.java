// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WaveFileTest {
  @TempDir private Path directory;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("sound.wav"), bytes);
  }

  /** A file with a chunk of an odd length before the samples. */
  private static byte[] wave(int format, int channels, int bits, int... samples) {
    ByteBuffer file = ByteBuffer.allocate(128 + 2 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put(ascii("RIFF")).putInt(0).put(ascii("WAVE"));
    file.put(ascii("fmt ")).putInt(format == 0xfffe ? 40 : 16);
    file.putShort((short) format).putShort((short) channels).putInt(8000);
    file.putInt(8000 * channels * 2).putShort((short) (channels * 2)).putShort((short) bits);
    if (format == 0xfffe) {
      file.putShort((short) 22).putShort((short) 16).putInt(0).putShort((short) 1);
      file.put(new byte[14]);
    }
    file.put(ascii("LIST")).putInt(3).put(ascii("abc")).put((byte) 0);
    file.put(ascii("data")).putInt(2 * samples.length);
    for (int sample : samples) {
      file.putShort((short) sample);
    }
    return Arrays.copyOf(file.array(), file.position());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void samplesAreRead() throws IOException {
    Waveform mono = WaveFile.read(file(wave(1, 1, 16, 0, 32_767, -32_768, 16_384)));
    assertEquals(8000, mono.sampleRate());
    assertArrayEquals(new float[] {0, 32_767 / 32_768f, -1, 0.5f}, mono.samples());
    Waveform stereo = WaveFile.read(file(wave(0xfffe, 2, 16, 100, 300, -32_768, -32_768)));
    assertArrayEquals(new float[] {200 / 32_768f, -1}, stereo.samples());
  }

  private String message(byte[] bytes) throws IOException {
    Path file = file(bytes);
    String message = assertThrows(AudioFileException.class, () -> WaveFile.read(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    assertTrue(message(ascii("not a sound, and long enough")).contains("RIFF"));
    assertTrue(message(new byte[0]).contains("RIFF"));
    assertTrue(message(wave(3, 1, 16, 1)).contains("format 3"));
    assertTrue(message(wave(1, 1, 8, 1)).contains("8 bits"));
    assertTrue(message(wave(1, 0, 16, 1)).contains("0 channels"));
    assertTrue(message(wave(1, 2, 16, 1)).contains("multiple of 4"));
    byte[] good = wave(1, 1, 16, 1, 2, 3);
    assertTrue(message(Arrays.copyOf(good, good.length - 1)).contains("are left"));
    assertTrue(message(Arrays.copyOf(good, 40)).contains("'data'"));
    byte[] noFormat = good.clone();
    noFormat[12] = 'g';
    assertTrue(message(noFormat).contains("'fmt '"));
    assertThrows(
        AudioFileException.class, () -> WaveFile.read(directory.resolve("there is none.wav")));
    assertThrows(AudioFileException.class, () -> WaveFile.read(directory));
  }

  @Test
  void damagedFilesNeverDoHarm() throws IOException {
    SeededRandom random = new SeededRandom(31);
    byte[] good = wave(1, 1, 16, 1, 2, 3, 4, 5);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = Arrays.copyOf(good, random.nextInt(0, good.length + 1));
      for (int flips = random.nextInt(0, 4); flips > 0 && damaged.length > 0; flips--) {
        damaged[random.nextInt(0, damaged.length)] ^= (byte) (1 << random.nextInt(0, 8));
      }
      try {
        Waveform read = WaveFile.read(file(damaged));
        assertTrue(read.samples().length <= good.length, random + ", " + i);
      } catch (AudioFileException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, "most damage must be noticed: " + refused + ", " + random);
  }

  /** A rate of 1 Hz would make 16,000 samples of each. */
  @Test
  void unusualRatesAndLengthsAreRefused() throws IOException {
    for (int rate : new int[] {1, 100, 3999, 384_001, -8000}) {
      byte[] bytes = wave(1, 1, 16, 0, 1, 2);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(24, rate);
      String message = message(bytes);
      assertTrue(message.contains(rate + " Hz") && message.contains("4000"), message);
    }
    Path path = Path.of("long.wav");
    WaveFile.requireLength(path, 6 * 3600 * 16_000, 16_000);
    String message =
        String.valueOf(
            assertThrows(
                    AudioFileException.class,
                    () -> WaveFile.requireLength(path, 6 * 3600 * 16_000 + 1, 16_000))
                .getMessage());
    assertTrue(message.contains("6 hours") && message.contains("cut"), message);
  }
}
