// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.text.added.AddedTokens;
import io.github.quant4j.text.decoder.Decoder;
import io.github.quant4j.text.decoder.TokenSink;
import io.github.quant4j.text.normalizer.NormalizedText;
import io.github.quant4j.text.postprocessor.PostProcessor;
import io.github.quant4j.text.pretokenizer.PreTokenizer;
import io.github.quant4j.text.unicode.WellFormed;
import io.github.quant4j.text.vocabulary.IntList;
import io.github.quant4j.text.vocabulary.WordEncoder;
import io.github.quant4j.text.vocabulary.WordModel;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The stages of a tokenizer file, one after the other.
 *
 * @param addedTokens finds added tokens and normalizes the rest
 * @param preTokenizer splits the rest into words
 * @param model encodes words
 * @param postProcessor puts special tokens around the text
 * @param decoder makes text of tokens
 */
record PipelineTokenizer(
    AddedTokens addedTokens,
    PreTokenizer preTokenizer,
    WordModel model,
    PostProcessor postProcessor,
    Decoder decoder)
    implements Tokenizer {

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    IntList ids = new IntList(text.length() / 3);
    WordEncoder encoder = model.encoder(ids);
    addedTokens.split(
        WellFormed.repair(text),
        new AddedTokens.Consumer() {
          @Override
          public void token(int id) {
            ids.add(id);
          }

          @Override
          public void text(NormalizedText piece) {
            preTokenizer.split(piece, word -> encoder.encode(word.text()));
          }
        });
    return postProcessor.process(ids.toArray(), addSpecialTokens);
  }

  @Override
  public String decode(int[] ids, boolean skipSpecialTokens) {
    Stream stream = new Stream(skipSpecialTokens, false);
    for (int id : ids) {
      stream.accept(id);
    }
    return stream.finish();
  }

  @Override
  public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
    return new Stream(skipSpecialTokens, true);
  }

  @Override
  public int vocabularySize() {
    return model.vocabulary().size() + addedTokens.sizeBeyond(model.vocabulary());
  }

  @Override
  public OptionalInt idOf(String token) {
    OptionalInt added = addedTokens.idOf(token);
    return added.isPresent() ? added : model.vocabulary().idOf(token);
  }

  @Override
  public Optional<String> tokenOf(int id) {
    return addedTokens.tokenOf(id).or(() -> model.vocabulary().tokenOf(id));
  }

  @Override
  public boolean isSpecial(int id) {
    return tokenOf(id).filter(addedTokens::isSpecial).isPresent();
  }

  /** A text that is being decoded. */
  private final class Stream implements StreamingDecoder {
    private final boolean skipSpecialTokens;
    private final StringBuilder out = new StringBuilder();
    private final TokenSink sink;
    private boolean finished;

    private Stream(boolean skipSpecialTokens, boolean eager) {
      this.skipSpecialTokens = skipSpecialTokens;
      this.sink = decoder.open(new Collector(out), eager);
    }

    private void accept(int id) {
      Optional<String> token = tokenOf(id);
      if (token.isPresent() && !(skipSpecialTokens && addedTokens.isSpecial(token.get()))) {
        sink.text(token.get());
        sink.endToken();
      }
    }

    @Override
    public String add(int id) {
      requireUnfinished();
      accept(id);
      return drain();
    }

    @Override
    public String finish() {
      requireUnfinished();
      finished = true;
      sink.endText();
      return drain();
    }

    private void requireUnfinished() {
      if (finished) {
        throw new IllegalStateException("the text is finished");
      }
    }

    private String drain() {
      String text = out.toString();
      out.setLength(0);
      return text;
    }
  }

  /** Joins what a decoder gives. */
  private record Collector(StringBuilder out) implements TokenSink {
    @Override
    public void text(CharSequence chunk) {
      out.append(chunk);
    }

    @Override
    public void endToken() {}

    @Override
    public void endText() {}
  }
}
