// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.pretokenizer.MetaspaceOptions;
import io.github.quant4j.text.regex.TextPattern;
import java.util.List;

/** Reads decoders from tokenizer files. */
public final class Decoders {
  /** What is done where a file has no decoder: tokens with spaces between. */
  public static final Decoder NONE = (next, _) -> new SpacedSink(next);

  private Decoders() {}

  /**
   * Reads a decoder.
   *
   * @param section its section
   * @return the decoder
   * @throws IllegalArgumentException if it is malformed, or of a type that is not supported
   */
  public static Decoder read(Section section) {
    String type = section.string("type");
    return switch (type) {
      case "Sequence" -> sequence(section.sections("decoders"));
      case "ByteLevel" -> (next, _) -> new ByteLevelSink(next);
      case "ByteFallback" -> ByteFallbackSink::new;
      case "Fuse" -> (next, _) -> new FuseSink(next);
      case "Replace" -> {
        TextPattern pattern = TextPattern.read(section);
        String content = section.string("content");
        yield (next, _) -> new ReplaceSink(next, pattern, content);
      }
      case "Strip" -> {
        int content = section.character("content");
        int start = section.natural("start");
        int stop = section.natural("stop");
        yield (next, _) -> new StripSink(next, content, start, stop);
      }
      case "Metaspace" -> {
        MetaspaceOptions options = MetaspaceOptions.read(section);
        boolean prefixed = options.scheme() != MetaspaceOptions.Scheme.NEVER;
        yield (next, _) -> new MetaspaceSink(next, options.replacement(), prefixed);
      }
      case "WordPiece" -> {
        String prefix = section.string("prefix");
        boolean cleanup = section.flag("cleanup");
        yield (next, _) -> new WordPieceSink(next, prefix, cleanup);
      }
      case "BPEDecoder" -> {
        String suffix = section.string("suffix");
        yield (next, _) -> new SuffixSink(next, suffix);
      }
      default ->
          throw section.error(
              "type",
              "the decoder '"
                  + type
                  + "' is not supported; supported are Sequence, ByteLevel, ByteFallback, Fuse,"
                  + " Replace, Strip, Metaspace, WordPiece and BPEDecoder");
    };
  }

  private static Decoder sequence(List<Section> sections) {
    List<Decoder> steps = sections.stream().map(Decoders::read).toList();
    return (next, eager) -> {
      TokenSink chain = next;
      for (Decoder step : steps.reversed()) {
        chain = step.open(chain, eager);
      }
      return chain;
    };
  }
}
