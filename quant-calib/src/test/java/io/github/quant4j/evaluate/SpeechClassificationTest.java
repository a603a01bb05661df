// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.speech.AudioFileException;
import io.github.quant4j.speech.LogMelSpectrogram;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tones of two pitches, told apart by the features of a small encoder. */
class SpeechClassificationTest {
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);
  private static final int RATE = 16_000;

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(31);
  private Path train = Path.of("");
  private Path test = Path.of("");

  @BeforeEach
  void writeTones() throws IOException {
    train = Files.createDirectory(directory.resolve("train"));
    test = Files.createDirectory(directory.resolve("test"));
    for (int i = 0; i < 12; i++) {
      Path folder = i < 8 ? train : test;
      write(folder.resolve("low_" + i + ".wav"), 300 + 10 * i);
      write(folder.resolve("high_" + i + ".wav"), 2500 + 60 * i);
    }
  }

  private void write(Path file, double hertz) throws IOException {
    int samples = 1500 + 100 * random.nextInt(0, 20);
    ByteBuffer bytes = ByteBuffer.allocate(44 + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put("RIFF".getBytes(StandardCharsets.ISO_8859_1)).putInt(36 + 2 * samples);
    bytes.put("WAVEfmt ".getBytes(StandardCharsets.ISO_8859_1)).putInt(16);
    bytes.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
    bytes.putShort((short) 2).putShort((short) 16);
    bytes.put("data".getBytes(StandardCharsets.ISO_8859_1)).putInt(2 * samples);
    for (int i = 0; i < samples; i++) {
      double noise = 300 * random.nextGaussian();
      bytes.putShort((short) (8000 * Math.sin(2 * Math.PI * hertz * i / RATE) + noise));
    }
    Files.write(file, bytes.array());
  }

  @Test
  void tonesAreToldApart() throws IOException {
    Path target = directory.resolve("out");
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      List<LabeledSound> known = LabeledSounds.read(train);
      List<LabeledSound> unknown = LabeledSounds.read(test);
      assertEquals(16, known.size());
      assertEquals(new LabeledSound(test.resolve("high_10.wav"), "high"), unknown.getFirst());
      SpeechClassification task = SpeechClassification.of(encoder, known);
      SpeechClassification.Result alone = task.run(encoder, unknown);
      assertEquals(1, alone.accuracy(), random.toString());
      assertEquals(1, alone.agreement());

      Quantization.of(
              encoder.graph(),
              encoder.directory().orElseThrow(),
              List.of(random.gaussianMatrix(48, 8)),
              OPTIONS.kernels())
          .recipe("int8:channel:sym rtn")
          .saveTo(target, SaveOptions.defaults());
      try (SpeechEncoder quantized = SpeechEncoder.open(target, OPTIONS)) {
        SpeechClassification.Result result = task.run(quantized, unknown);
        assertEquals(1, result.originalAccuracy());
        assertEquals(1, result.accuracy(), random.toString());
        assertEquals(8, result.predictions().size());
      }
    }
  }

  /** The mean of the features of each recording as long as it is, and the ridge fitted to them. */
  @Test
  void labelsAreThoseOfARidgeOnMeans() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      List<LabeledSound> known = LabeledSounds.read(train);
      List<LabeledSound> unknown = LabeledSounds.read(test);
      FloatMatrix features = FloatMatrix.zeros(known.size(), encoder.graph().head().outFeatures());
      for (int i = 0; i < known.size(); i++) {
        float[] mean = mean(encoder, known.get(i));
        System.arraycopy(mean, 0, features.data(), i * mean.length, mean.length);
      }
      RidgeClassifier classifier =
          RidgeClassifier.fit(
              features, known.stream().map(LabeledSound::label).toList(), 0.3, Compute.scalar());
      List<String> expected = new ArrayList<>();
      for (LabeledSound sound : unknown) {
        expected.add(classifier.classify(mean(encoder, sound)));
      }
      assertEquals(
          expected,
          SpeechClassification.of(encoder, known)
              .regularization(0.3)
              .run(encoder, unknown)
              .predictions()
              .stream()
              .map(SpeechClassification.Prediction::label)
              .toList());
    }
  }

  private static float[] mean(SpeechEncoder encoder, LabeledSound sound) throws IOException {
    int samples = WaveFile.read(sound.file()).samples().length;
    int frames = (samples + LogMelSpectrogram.HOP - 1) / LogMelSpectrogram.HOP;
    FloatMatrix spectrogram = LogMelSpectrogram.ofBins(8).of(WaveFile.read(sound.file()), frames);
    FloatMatrix states = encoder.encode(spectrogram);
    float[] mean = new float[states.columns()];
    for (int j = 0; j < mean.length; j++) {
      double sum = 0;
      for (int t = 0; t < states.rows(); t++) {
        sum += states.get(t, j);
      }
      mean[j] = (float) (sum / states.rows());
    }
    return mean;
  }

  @Test
  void listsAndFoldersSayTheSame() throws IOException {
    Path csv = directory.resolve("list.csv");
    Files.writeString(csv, "file,label\ntest/low_9.wav, deep\n\ntest/high_9.wav,0\n");
    Path json = directory.resolve("list.jsonl");
    Files.writeString(
        json,
        """
        {"file": "test/low_9.wav", "label": "deep"}
        {"file": "test/high_9.wav", "label": 0}
        """);
    List<LabeledSound> expected =
        List.of(
            new LabeledSound(directory.resolve("test/low_9.wav"), "deep"),
            new LabeledSound(directory.resolve("test/high_9.wav"), "0"));
    assertEquals(expected, LabeledSounds.read(csv));
    assertEquals(expected, LabeledSounds.read(json));
    Path folders = directory.resolve("folders");
    Files.createDirectories(folders.resolve("zero"));
    Files.createDirectories(folders.resolve("one"));
    Files.copy(test.resolve("low_9.wav"), folders.resolve("zero/a.wav"));
    Files.copy(test.resolve("low_9.wav"), folders.resolve("one/b.WAV"));
    Files.writeString(folders.resolve("one/notes.txt"), "not a recording");
    assertEquals(
        List.of(
            new LabeledSound(folders.resolve("one/b.WAV"), "one"),
            new LabeledSound(folders.resolve("zero/a.wav"), "zero")),
        LabeledSounds.read(folders));
  }

  @Test
  void listsThatAreNoneAreRefused() throws IOException {
    Path csv = directory.resolve("list.csv");
    Files.writeString(csv, "low.wav,deep\n");
    assertMalformed(csv, "line 1");
    Files.writeString(csv, "file,label\nlow.wav\n");
    assertMalformed(csv, "line 2");
    Files.writeString(csv, "file,label\nlow.wav,\n");
    assertMalformed(csv, "line 2: label: empty");
    Files.writeString(csv, "file,label\n\"low, deep.wav\",deep\n");
    assertMalformed(csv, "without quotes");
    Files.writeString(csv, "file,label\n");
    assertMalformed(csv, "no recording");
    Path text = Files.writeString(directory.resolve("list.txt"), "file,label\n");
    assertMalformed(text, "not a list");
    Path json = Files.writeString(directory.resolve("list.jsonl"), "{\"file\": \"a.wav\"}\n");
    assertMalformed(json, "line 1: 'label' is missing");
    assertMalformed(directory.resolve("none"), "no such file");
    Files.writeString(test.resolve("noise.wav"), "");
    assertMalformed(test, "'noise.wav'");
  }

  private static void assertMalformed(Path path, String message) {
    FileSystemException error =
        assertThrows(FileSystemException.class, () -> LabeledSounds.read(path));
    assertTrue(String.valueOf(error.getReason()).contains(message), error::getReason);
  }

  @Test
  void unknownLabelsAndMissingFilesAreNamed() throws IOException {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      List<LabeledSound> known = LabeledSounds.read(train);
      SpeechClassification task = SpeechClassification.of(encoder, known);
      LabeledSound other = new LabeledSound(test.resolve("low_9.wav"), "other");
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> task.run(encoder, List.of(other)));
      assertTrue(String.valueOf(error.getMessage()).contains("'other'"), error::getMessage);
      LabeledSound missing = new LabeledSound(test.resolve("none.wav"), "low");
      assertThrows(AudioFileException.class, () -> task.run(encoder, List.of(missing)));
      assertThrows(IllegalArgumentException.class, () -> task.run(encoder, List.of()));
      assertThrows(
          IllegalArgumentException.class,
          () -> SpeechClassification.of(encoder, known.subList(0, 2)));
    }
  }
}
