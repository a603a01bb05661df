// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.checkpoint.gguf.GgufMixture;
import io.github.quant4j.checkpoint.gguf.GgufTypes;
import io.github.quant4j.checkpoint.gguf.RowSource;
import io.github.quant4j.checkpoint.gguf.TensorEncoder;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.io.gguf.ImportanceMatrix;
import io.github.quant4j.io.quantized.Companion;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.DecoderNetwork;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.gguf.StoredTensor;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.text.gguf.GgufTokenizerOptions;
import io.github.quant4j.text.gguf.GgufTokenizerWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a model as a GGUF file that llama.cpp runs: every tensor under its name there, its rows in
 * the order that its program has, quantized by the rules of its presets.
 *
 * @param types what tensors are stored as
 */
record GgufExport(GgufTypes types) implements ModelExport {
  private static final Logger LOG = LoggerFactory.getLogger(GgufExport.class);
  private static final int RECENT = 4;
  private static final String BIAS = ".bias";

  @Override
  public String name() {
    return "gguf:" + types;
  }

  @Override
  public ExportReport write(ModelSource source, Path target, ExportOptions options)
      throws IOException {
    requireFree(source, target, options);
    GgufLayout layout = GgufLayout.of(source.config(), source.path().toString());
    Work work = new Work(this, source, layout, options);
    List<LayerExport> reports = work.plan();
    List<LayerExport> refused =
        reports.stream().filter(one -> one.outcome() == LayerExport.Outcome.REFUSED).toList();
    if (!refused.isEmpty()) {
      throw new ExportException(name(), refused, ExportDirectory.REQUANTIZE);
    }
    work.differences.forEach(one -> LOG.warn("{}: {}", target, one));
    options.partBytes().ifPresent(work.writer::splitAt);
    List<Path> written = work.writer.write(target);
    long bytes = 0;
    for (Path file : written) {
      bytes += Files.size(file);
    }
    return new ExportReport(name(), reports, bytes);
  }

  private static void requireFree(ModelSource source, Path target, ExportOptions options)
      throws IOException {
    if (Files.isDirectory(target)) {
      throw new OutputException(target, "is a directory, expected the name of a file");
    }
    if (!options.overwrite()) {
      requireAbsent(target);
    }
    ProtectedInputs.of(List.of(source.path())).requireApartFromFile(target);
  }

  /** Parts of a model of that name would be replaced, or taken for those of this one. */
  private static void requireAbsent(Path target) throws IOException {
    if (Files.exists(target)) {
      throw new OutputException(target, "is there already");
    }
    Path directory = target.toAbsolutePath().normalize().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      return;
    }
    String name = String.valueOf(target.getFileName()).replaceFirst("\\.gguf$", "");
    Pattern part = Pattern.compile(Pattern.quote(name) + "-\\d{5}-of-\\d{5}\\.gguf");
    try (Stream<Path> files = Files.list(directory)) {
      Optional<Path> found =
          files
              .filter(file -> part.matcher(String.valueOf(file.getFileName())).matches())
              .findFirst();
      if (found.isPresent()) {
        throw new OutputException(found.get(), "is there already");
      }
    }
  }

  /** A model that is being written. */
  private static final class Work {
    private final GgufExport export;
    private final GgufLayout layout;
    private final ExportOptions options;
    private final StoredWeights weights;
    private final TensorSource tensors;
    private final GgufWriter writer;
    private final Optional<ImportanceMatrix> importance;
    private final Compute compute = KernelOptions.defaults().compute();

    /** Making rows may cost a matrix product, and a tensor asks for them piece by piece. */
    private final Map<String, RowSource> recent =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, RowSource> eldest) {
            return size() > RECENT;
          }
        };

    private final List<String> differences = new ArrayList<>();
    private final Set<String> biases = new HashSet<>();
    private int done;

    Work(GgufExport export, ModelSource source, GgufLayout layout, ExportOptions options)
        throws IOException {
      this.export = export;
      this.layout = layout;
      this.options = options;
      this.weights = new StoredWeights(source);
      this.tensors =
          DecoderNetwork.of(layout.configuration(), weights, ModelOptions.defaults())
              .arrangedTensors()
              .orElse(source);
      this.importance =
          options.importance().isPresent()
              ? Optional.of(ImportanceMatrix.read(options.importance().get()))
              : Optional.empty();
      this.writer = new GgufWriter(metadata(source));
    }

    private GgufMetadata metadata(ModelSource source) throws IOException {
      GgufMetadata.Builder metadata = layout.metadata().toBuilder();
      metadata.putString("general.type", "model");
      metadata.putString("general.name", String.valueOf(source.path().getFileName()));
      metadata.putUnsigned("general.file_type", export.types.preset().fileType());
      metadata.putUnsigned("general.quantization_version", 2);
      Optional<JsonValue.Obj> tokenizer = companion(source, "tokenizer.json");
      if (tokenizer.isPresent()) {
        differences.addAll(
            GgufTokenizerWriter.write(tokenizer.get(), tokenizerOptions(source), metadata));
        return metadata.build();
      }
      metadata.putString("tokenizer.ggml.model", "none");
      DecoderConfiguration model = layout.configuration();
      model
          .beginToken()
          .ifPresent(token -> metadata.putUnsigned("tokenizer.ggml.bos_token_id", token));
      model.endTokens().stream()
          .findFirst()
          .ifPresent(token -> metadata.putUnsigned("tokenizer.ggml.eos_token_id", token));
      return metadata.build();
    }

    private GgufTokenizerOptions tokenizerOptions(ModelSource source) throws IOException {
      GgufTokenizerOptions known =
          GgufTokenizerOptions.none()
              .withConfig(source.config())
              .withVocabularySize(layout.configuration().vocabularySize());
      Optional<JsonValue.Obj> config = companion(source, "tokenizer_config.json");
      if (config.isPresent()) {
        known = known.withTokenizerConfig(config.get());
      }
      Optional<Companion> template = source.companion("chat_template.jinja");
      return template.isEmpty()
          ? known
          : known.withChatTemplate(new String(template.get().content(), StandardCharsets.UTF_8));
    }

    private static Optional<JsonValue.Obj> companion(ModelSource source, String name)
        throws IOException {
      Optional<Companion> file = source.companion(name);
      if (file.isEmpty()) {
        return Optional.empty();
      }
      try {
        return Optional.of(JsonParser.parseObject(file.get().content()));
      } catch (JsonException e) {
        throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
      }
    }

    /** Declares all tensors and says what becomes of each. */
    List<LayerExport> plan() throws IOException {
      List<LayerExport> reports = new ArrayList<>();
      List<StoredTensor> stored = layout.tensors();
      GgufMixture mixture = GgufMixture.of(export.types, layout, importance.isPresent());
      stored.forEach(
          tensor ->
              sources(tensor).stream().filter(name -> name.endsWith(BIAS)).forEach(biases::add));
      layout
          .factors()
          .forEach(
              (name, values) ->
                  writer.add(Tensor.ofFloats(Shape.of(values.length), values).withName(name)));
      for (StoredTensor tensor : stored) {
        options.cancellation().check();
        String source = tensor.matrices().getFirst().rows().getFirst().source();
        int inputs = tensor.isTransposed() ? rows(source).columns() : 0;
        List<Long> dimensions = tensor.dimensions(inputs);
        GgufTensorType type = mixture.of(tensor);
        TensorEncoder encoder =
            new TensorEncoder(tensor, type, this::rows, this::importance, compute);
        if (dimensions.size() > 1) {
          reports.add(report(tensor, type, encoder));
        }
        writer.add(
            tensor.name(),
            type,
            dimensions,
            sink -> {
              options.cancellation().check();
              encoder.write(sink);
              options.progress().progressed("write " + tensor.name(), ++done, stored.size());
            });
      }
      return reports;
    }

    private Optional<float[]> importance(String tensor, int columns, int index) {
      return importance.flatMap(matrix -> matrix.meanSquares(tensor, columns, index));
    }

    private LayerExport report(StoredTensor tensor, GgufTensorType type, TensorEncoder encoder) {
      Optional<String> problem = problem(tensor);
      if (problem.isPresent()) {
        return new LayerExport(tensor.name(), LayerExport.Outcome.REFUSED, problem.get());
      }
      boolean quantized =
          sources(tensor).stream().anyMatch(name -> linear(LinearSite.moduleOf(name)).isPresent());
      boolean toBlocks = type.dtype().isEmpty();
      if (!quantized) {
        return new LayerExport(
            tensor.name(),
            toBlocks ? LayerExport.Outcome.QUANTIZED : LayerExport.Outcome.COPIED,
            type.name());
      }
      if (!toBlocks) {
        return new LayerExport(tensor.name(), LayerExport.Outcome.DEQUANTIZED, type.name());
      }
      if (encoder.isCopy()) {
        return new LayerExport(tensor.name(), LayerExport.Outcome.CONVERTED, type.name());
      }
      return options.requantize()
          ? new LayerExport(tensor.name(), LayerExport.Outcome.REQUANTIZED, type.name())
          : new LayerExport(
              tensor.name(),
              LayerExport.Outcome.REFUSED,
              "is quantized, and " + type + " would say something else");
    }

    private static Set<String> sources(StoredTensor tensor) {
      Set<String> names = new LinkedHashSet<>();
      tensor.matrices().forEach(matrix -> matrix.rows().forEach(rows -> names.add(rows.source())));
      return names;
    }

    /** What a layer does beside multiplying by weights. */
    private Optional<String> problem(StoredTensor tensor) {
      for (String name : sources(tensor)) {
        Optional<QuantizedLinear> linear = linear(LinearSite.moduleOf(name));
        if (linear.isEmpty()) {
          continue;
        }
        if (linear.get().activations().isPresent() && !options.requantize()) {
          return Optional.of(
              "its input is quantized (" + linear.get().activations().get().scheme() + ")");
        }
        boolean isShifted =
            linear.get().transform().isPresent() && linear.get().transform().get().hasConstant();
        if (isShifted && !biases.contains(LinearSite.moduleOf(name) + BIAS)) {
          return Optional.of("a transform of its input adds a bias, for which there is no place");
        }
      }
      return Optional.empty();
    }

    private Optional<QuantizedLinear> linear(String module) {
      return weights.linear(module);
    }

    /** The rows of a tensor of the model, quantized or not; of a bias what a transform made it. */
    private RowSource rows(String name) {
      RowSource known = recent.get(name);
      if (known == null) {
        known = made(name);
        recent.put(name, known);
      }
      return known;
    }

    private RowSource made(String name) {
      if (name.endsWith(BIAS)) {
        String module = name.substring(0, name.length() - BIAS.length());
        Optional<QuantizedLinear> linear = linear(module);
        if (linear.isPresent() && linear.get().transform().isPresent()) {
          Optional<float[]> bias = EffectiveWeights.of(linear.get(), compute).bias();
          if (bias.isPresent()) {
            return RowSource.of(Tensor.ofFloats(Shape.of(bias.get().length), bias.get()), true);
          }
        }
      }
      @Nullable QuantizedLinear packed = linear(LinearSite.moduleOf(name)).orElse(null);
      if (packed != null && name.endsWith(".weight")) {
        return packed.transform().isPresent()
            ? RowSource.of(EffectiveWeights.of(packed, compute).weights(), true)
            : RowSource.of(packed);
      }
      Tensor tensor = tensors.require(name);
      return RowSource.of(tensor, tensor.shape().rank() == 1);
    }
  }
}
