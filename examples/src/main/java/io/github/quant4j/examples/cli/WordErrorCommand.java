// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.EditCounts;
import io.github.quant4j.evaluate.RecognitionEvaluation;
import io.github.quant4j.evaluate.SpellingFile;
import io.github.quant4j.evaluate.TextNormalizer;
import io.github.quant4j.evaluate.TranscribedSound;
import io.github.quant4j.evaluate.TranscribedSounds;
import io.github.quant4j.model.SpeechRecognizer;
import io.github.quant4j.transcribe.TranscriptionOptions;
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

/** Measures how well a model writes down what is said. */
@Command(
    name = "wer",
    header = "Word error rate of a model that transcribes.",
    description = {
      "TRANSCRIPTS are recordings with what is said in them: a folder with lists NAME.trans.txt as"
          + " LibriSpeech has them, each line the name of a WAV file without .wav and its text; or"
          + " a folder of WAV files, each with its text beside it in a file of the same name that"
          + " ends in .txt; or a list NAME.tsv, a line 'file', tab, 'text', then a WAV file, a tab"
          + " and its text on each line.",
      "wer is the number of words that are wrong, missing or too much over that of all words, cer"
          + " the same of characters."
    })
final class WordErrorCommand implements Callable<Integer> {
  private static final List<String> NORMALIZERS = List.of("basic", "english", "none");

  private final Quant quant;

  @Parameters(index = "0", paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Parameters(index = "1", paramLabel = "TRANSCRIPTS", description = "A folder or a list.")
  private Path transcripts = Path.of("");

  @Option(
      names = "--normalizer",
      paramLabel = "KIND",
      description = {
        "What makes texts comparable: basic, Whisper's for all languages (lower case, no"
            + " punctuation); english, Whisper's for English, which also writes numbers in digits"
            + " and expands contractions, with the spellings of the model's normalizer.json if it"
            + " has one; or none (default: ${DEFAULT-VALUE})."
      })
  private String normalizer = NORMALIZERS.getFirst();

  @Option(
      names = "--max-recordings",
      paramLabel = "N",
      description = "Evaluate at most so many recordings, the first ones (default: all).")
  private int maximumRecordings = Integer.MAX_VALUE;

  @Mixin private TranscriptionChoices choices = new TranscriptionChoices();

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  WordErrorCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    TranscriptionOptions options = choices.options(false);
    NumberRange.atLeast("--max-recordings", maximumRecordings, 1);
    TextNormalizer chosen = normalizer();
    List<TranscribedSound> sounds = TranscribedSounds.read(transcripts);
    sounds = sounds.subList(0, Math.min(maximumRecordings, sounds.size()));
    try (SpeechRecognizer recognizer =
        AnyModel.openToTranscribe(modelDirectory, runtime.modelOptions())) {
      recognizer.tokenizer();
      RecognitionEvaluation.Result result;
      try (ProgressLine progress = quant.progress()) {
        result =
            RecognitionEvaluation.of(recognizer)
                .options(options)
                .normalizer(chosen)
                .progress(progress)
                .cancellation(quant.terminal().cancellation())
                .run(sounds);
      }
      if (quant.isJson()) {
        quant.print(json(result));
      } else {
        print(result);
      }
    }
    return 0;
  }

  private TextNormalizer normalizer() throws IOException {
    return switch (normalizer) {
      case "basic" -> TextNormalizer.basic();
      case "english" -> TextNormalizer.english(SpellingFile.ofModel(modelDirectory));
      case "none" -> TextNormalizer.none();
      default ->
          throw new UsageException(
              "--normalizer: '"
                  + normalizer
                  + "', expected one of "
                  + String.join(", ", NORMALIZERS));
    };
  }

  private void print(RecognitionEvaluation.Result result) {
    print("wer", "words", result.words());
    print("cer", "characters", result.characters());
    quant.print(
        "time        "
            + Numbers.fixed(result.seconds(), 2)
            + " s for "
            + result.utterances().size()
            + " recordings of "
            + Numbers.fixed(result.audioSeconds(), 1)
            + " s");
  }

  private void print(String name, String elements, EditCounts counts) {
    quant.print(
        name
            + "         "
            + Numbers.fixed(100 * counts.rate(), 2)
            + " % of "
            + counts.length()
            + " "
            + elements
            + " ("
            + counts.substitutions()
            + " substituted, "
            + counts.deletions()
            + " missing, "
            + counts.insertions()
            + " inserted)");
  }

  private Map<String, ?> json(RecognitionEvaluation.Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("transcripts", transcripts.toString());
    json.put("normalizer", normalizer);
    json.put("recordings", result.utterances().size());
    put(json, "wer", "words", result.words());
    put(json, "cer", "characters", result.characters());
    json.put("audio_seconds", result.audioSeconds());
    json.put("seconds", result.seconds());
    List<Map<String, ?>> utterances = new ArrayList<>();
    for (RecognitionEvaluation.Utterance utterance : result.utterances()) {
      Map<String, Object> members = new LinkedHashMap<>();
      members.put("file", utterance.sound().file().toString());
      members.put("reference", utterance.sound().text());
      members.put("text", utterance.text());
      members.put("word_errors", utterance.words().edits());
      members.put("words", utterance.words().length());
      utterances.add(members);
    }
    json.put("utterances", utterances);
    return json;
  }

  private static void put(
      Map<String, Object> json, String name, String elements, EditCounts counts) {
    json.put(name, counts.rate());
    json.put(elements, counts.length());
    json.put(name + "_substitutions", counts.substitutions());
    json.put(name + "_deletions", counts.deletions());
    json.put(name + "_insertions", counts.insertions());
  }
}
