// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.transcribe.Transcription;
import io.github.quant4j.transcribe.TranscriptionOptions;
import io.github.quant4j.transcribe.TranscriptionSegment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes down what is said. */
@Command(
    name = "transcribe",
    header = "Writes down what is said in a recording.",
    description =
        "The model is a Whisper model with its decoder, full precision or quantized. A recording"
            + " longer than 30 seconds is transcribed window by window; each begins at the last"
            + " time stamp of the one before.")
final class TranscribeCommand implements Callable<Integer> {
  private final Quant quant;

  @Parameters(index = "0", paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Parameters(index = "1", paramLabel = "FILE", description = "The recording, a WAV file.")
  private Path file = Path.of("");

  @Option(
      names = "--timestamps",
      description = "Write a line for each segment, with the times in seconds.")
  private boolean timestamps;

  @Mixin private TranscriptionChoices choices = new TranscriptionChoices();

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  TranscribeCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    TranscriptionOptions options = choices.options(timestamps);
    try (SpeechRecognizer recognizer =
        AnyModel.openToTranscribe(modelDirectory, runtime.modelOptions())) {
      Waveform speech = WaveFile.read(file);
      if (speech.samples().length == 0) {
        throw new UsageException(file + ": no sound in it, expected at least one sample");
      }
      recognizer.tokenizer();
      long start = System.nanoTime();
      Transcription transcription;
      try (ProgressLine progress = quant.progress()) {
        transcription =
            recognizer.transcribe(speech, options, progress, quant.terminal().cancellation());
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      if (quant.isJson()) {
        quant.print(json(transcription, speech.seconds(), seconds));
      } else {
        print(transcription);
        quant
            .terminal()
            .err()
            .println(
                "["
                    + transcription.language().map(code -> "language: " + code + "; ").orElse("")
                    + Numbers.fixed(speech.seconds(), 1)
                    + " s of sound in "
                    + Numbers.fixed(seconds, 1)
                    + " s]");
      }
    }
    return 0;
  }

  private void print(Transcription transcription) {
    if (!timestamps) {
      quant.print(transcription.text());
      return;
    }
    for (TranscriptionSegment segment : transcription.segments()) {
      quant.print(
          "["
              + Numbers.fixed(segment.start(), 2)
              + " - "
              + Numbers.fixed(segment.end(), 2)
              + "] "
              + segment.text().strip());
    }
  }

  private Map<String, ?> json(Transcription transcription, double audioSeconds, double seconds) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("file", file.toString());
    transcription.language().ifPresent(code -> json.put("language", code));
    json.put("text", transcription.text());
    json.put("audio_seconds", audioSeconds);
    json.put("seconds", seconds);
    List<Map<String, ?>> segments = new ArrayList<>();
    for (TranscriptionSegment segment : transcription.segments()) {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("start", segment.start());
      members.put("end", segment.end());
      members.put("text", segment.text());
      members.put("token_ids", segment.tokens());
      members.put("temperature", segment.temperature());
      members.put("avg_logprob", Numbers.json(segment.averageLogProbability()));
      members.put("compression_ratio", Numbers.json(segment.compressionRatio()));
      members.put("no_speech_prob", Numbers.json(segment.noSpeechProbability()));
      segments.add(members);
    }
    json.put("segments", segments);
    return json;
  }
}
