// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.ModelCheck;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stream in full precision beside the quantized one, and what comes of it. */
class RetargetTest {
  private static final String RECIPE = "retarget(0.5) | int3:g16:asym gptq(act-order)";
  private static final String ENCODER = "whisper-prefixed";

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(63);

  /** Some with held-out tokens, and in more than one batch only where windows are long. */
  private List<int[]> texts(int count, int length) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] text = new int[length];
      for (int t = 0; t < length; t++) {
        text[t] = random.nextInt(0, 64);
      }
      texts.add(text);
    }
    return texts;
  }

  private static LanguageModel open(String name, int threads) throws IOException {
    return LanguageModel.open(
        TestModels.directory(name), ModelOptions.defaults().withThreads(threads));
  }

  private static Quantization<int[]> quantization(
      LanguageModel model, String recipe, List<int[]> texts) {
    return Quantization.of(model)
        .recipe(recipe)
        .calibration(Calibration.ofTokens(texts.toArray(int[][]::new)));
  }

  private byte[] weights(String target) throws IOException {
    return Files.readAllBytes(directory.resolve(target).resolve("model.safetensors"));
  }

  /** Without the header, which has the recipe. */
  private byte[] tensors(String target) throws IOException {
    byte[] file = weights(target);
    long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return Arrays.copyOfRange(file, Long.BYTES + (int) header, file.length);
  }

  @Test
  void noStrengthIsNoChangeToTheBit() throws IOException {
    List<int[]> texts = texts(8, 20);
    try (LanguageModel model = open("llama-untied", 1)) {
      String plain = "int3:g16:asym gptq(act-order)";
      quantization(model, plain, texts).saveTo(directory.resolve("plain"));
      quantization(model, "retarget(0) | " + plain, texts).saveTo(directory.resolve("idle"));
      quantization(model, RECIPE, texts).saveTo(directory.resolve("half"));
    }
    assertArrayEquals(tensors("plain"), tensors("idle"));
    assertFalse(Arrays.equals(tensors("plain"), tensors("half")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        RECIPE,
        "retarget(auto) | smooth(0.5) | int4:g16:asym mse gptq @ int8:token",
        "tokens(attention,3) | retarget(1,residual=0.5) | hadamard | int3:g16:asym gptq",
      })
  void resultsDoNotDependOnThreads(String recipe) throws IOException {
    List<int[]> texts = texts(10, 20);
    for (int threads = 1; threads <= 2; threads++) {
      try (LanguageModel model = open("llama-untied", threads)) {
        quantization(model, recipe, texts).saveTo(directory.resolve("by" + threads));
      }
    }
    assertArrayEquals(weights("by1"), weights("by2"), recipe);
  }

  /** From every layer on, also from the states that lie on disk. */
  @ParameterizedTest
  @CsvSource({
    "'" + RECIPE + "', 3",
    "'" + RECIPE + "', 7",
    "'retarget(auto) | hadamard | int4:g16 gptq', 9"
  })
  void aRunGoesOnToTheSameBytes(String recipe, int layers) throws IOException {
    List<int[]> texts = texts(10, 20);
    try (LanguageModel model = open("llama-untied", 1)) {
      quantization(model, recipe, texts).saveTo(directory.resolve("whole"));
      AtomicInteger done = new AtomicInteger();
      assertThrows(
          CancellationException.class,
          () ->
              quantization(model, recipe, texts)
                  .progress((stage, now, total) -> done.incrementAndGet())
                  .cancellation(() -> done.get() >= layers)
                  .saveTo(directory.resolve("resumed")));
    }
    try (LanguageModel model = open("llama-untied", 2)) {
      quantization(model, recipe, texts)
          .saveTo(directory.resolve("resumed"), SaveOptions.defaults().withResume(true));
    }
    assertArrayEquals(weights("whole"), weights("resumed"));
  }

  static List<String> models() {
    return TestModels.names();
  }

  /**
   * Nothing is quantized, so nothing is to be made up for: both streams are in the same
   * coordinates, whatever was folded.
   */
  @ParameterizedTest
  @MethodSource("models")
  void withoutErrorsTheModelStaysAsItIs(String name) throws IOException {
    List<int[]> texts = texts(8, 20);
    int[] text = texts.getFirst();
    for (String transforms : List.of("smooth(0.5)", "hadamard", "awq | hadamard(online)")) {
      try (LanguageModel model = open(name, 1)) {
        quantization(model, "retarget(1) | " + transforms + " | f32", texts)
            .saveTo(directory.resolve("out"), SaveOptions.defaults().withOverwrite(true));
        try (LanguageModel changed = LanguageModel.open(directory.resolve("out"))) {
          assertArrayEquals(
              model.logits(text).data(), changed.logits(text).data(), 2e-3f, transforms);
        }
      }
    }
  }

  /**
   * Layers that others do not disturb are solved for once more in double, from what the original
   * model and the one that came out compute: the inputs, and the residual stream where they write.
   */
  @ParameterizedTest
  @ValueSource(strings = {"llama-untied", "qwen2-biased", "qwen3-head-norms"})
  void targetsAreThoseOfBothStreams(String name) throws IOException {
    // Fewer tokens than those of which some are held out.
    List<int[]> texts = texts(2, 30);
    try (LanguageModel model = open(name, 1)) {
      quantization(model, "int3:g16:asym rtn", texts)
          .set("*.o_proj", "retarget(0.75,residual=0.5) | f32")
          .set("*.down_proj", "retarget(1,residual=0.25) | f32")
          .saveTo(directory.resolve("out"));
      try (LanguageModel changed = LanguageModel.open(directory.resolve("out"))) {
        assertWriters(model.graph(), changed.graph(), texts, ".o_proj", 0.75, 0.5);
        assertWriters(model.graph(), changed.graph(), texts, ".down_proj", 1, 0.25);
      }
    }
  }

  @Test
  void encodersHaveWritersToo() throws IOException {
    List<FloatMatrix> inputs = List.of(random.gaussianMatrix(48, 8), random.gaussianMatrix(40, 8));
    ModelOptions options = ModelOptions.defaults().withThreads(1);
    try (SpeechEncoder encoder = TestEncoders.open(ENCODER, options)) {
      Quantization.of(
              encoder.graph(),
              encoder.directory().orElseThrow(),
              inputs,
              encoder.options().kernels())
          .recipe("int3:g8:asym rtn")
          .set("*.out_proj", "retarget(0.5) | f32")
          .set("*.fc2", "retarget(1,residual=0.5) | f32")
          .saveTo(directory.resolve("out"));
      try (SpeechEncoder changed = SpeechEncoder.open(directory.resolve("out"), options)) {
        assertWriters(encoder.graph(), changed.graph(), inputs, ".out_proj", 0.5, 0.5);
        assertWriters(encoder.graph(), changed.graph(), inputs, ".fc2", 1, 0.5);
      }
    }
  }

  /** The same network, of which nothing is known but what interfaces ask for. */
  private static <T> T hidingStreams(Class<T> type, T whole) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          Object result;
          try {
            result = method.invoke(whole, arguments);
          } catch (InvocationTargetException e) {
            throw Objects.requireNonNull(e.getCause());
          }
          return switch (result) {
            case Block block -> hidingStreams(Block.class, block);
            case BlockPass pass -> hidingStreams(BlockPass.class, pass);
            case Object _ when method.getName().equals("residual") -> Optional.empty();
            case null, default -> result;
          };
        };
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  @SuppressWarnings("unchecked") // of a model of these inputs
  @Test
  void aNetworkNeedNotShowItsStream() throws IOException {
    List<FloatMatrix> inputs = List.of(random.gaussianMatrix(48, 8), random.gaussianMatrix(40, 8));
    ModelOptions options = ModelOptions.defaults().withThreads(1);
    try (SpeechEncoder encoder = TestEncoders.open(ENCODER, options)) {
      for (String recipe : List.of("retarget(0.5)", "retarget(0.5,residual=0)")) {
        boolean isHidden = !recipe.contains("residual");
        BlockModel<FloatMatrix> graph =
            isHidden ? hidingStreams(BlockModel.class, encoder.graph()) : encoder.graph();
        Quantization.of(
                graph, encoder.directory().orElseThrow(), inputs, encoder.options().kernels())
            .recipe(recipe + " | int3:g8:asym rtn")
            .saveTo(directory.resolve(isHidden ? "hidden" : "input"));
      }
    }
    assertArrayEquals(tensors("input"), tensors("hidden"));
  }

  /** Shifts of layer normalization fold into vectors and biases. */
  @ParameterizedTest
  @ValueSource(strings = {"shift", "shift | smooth(0.5)", "awq | hadamard(online)"})
  void withoutErrorsAnEncoderStaysAsItIs(String transforms) throws IOException {
    List<FloatMatrix> inputs = List.of(random.gaussianMatrix(48, 8), random.gaussianMatrix(40, 8));
    ModelOptions options = ModelOptions.defaults().withThreads(1);
    try (SpeechEncoder encoder = TestEncoders.open(ENCODER, options)) {
      Quantization.of(
              encoder.graph(),
              encoder.directory().orElseThrow(),
              inputs,
              encoder.options().kernels())
          .recipe("retarget(1) | " + transforms + " | f32")
          .saveTo(directory.resolve("out"));
      try (SpeechEncoder changed = SpeechEncoder.open(directory.resolve("out"), options)) {
        assertArrayEquals(
            output(encoder.graph(), inputs), output(changed.graph(), inputs), 2e-3f, transforms);
      }
    }
  }

  private static float[] output(BlockModel<FloatMatrix> model, List<FloatMatrix> inputs) {
    HiddenStates states = model.embed(inputs);
    for (int b = 0; b < model.blocks().size(); b++) {
      try (Block block = model.open(b)) {
        states = block.run(states, (group, input) -> {});
      }
    }
    return states.values().data();
  }

  private <I> void assertWriters(
      BlockModel<I> original,
      BlockModel<I> changed,
      List<I> inputs,
      String suffix,
      double strength,
      double ofResidual) {
    HiddenStates given = original.embed(inputs);
    HiddenStates quantized = changed.embed(inputs);
    int seen = 0;
    for (int b = 0; b < original.blocks().size(); b++) {
      try (Block from = original.open(b);
          Block to = changed.open(b)) {
        BlockPass before = from.begin(given, false);
        BlockPass after = to.begin(quantized, false);
        while (before.nextGroup() < from.layout().groups().size()) {
          LinearSite site = from.layout().groups().get(before.nextGroup()).sites().getFirst();
          if (site.name().endsWith(suffix)) {
            RealMatrix x = real(after.input());
            RealMatrix moment = x.transpose().multiply(x);
            double damping = 0.01 * moment.getTrace() / x.getColumnDimension();
            for (int j = 0; j < x.getColumnDimension(); j++) {
              moment.addToEntry(j, j, damping);
            }
            RealMatrix weights = real(from.linear(site).toDense());
            RealMatrix wanted =
                weights
                    .multiply(real(before.input()).subtract(x).transpose())
                    .scalarMultiply(strength)
                    .add(
                        real(before.residual().orElseThrow())
                            .subtract(real(after.residual().orElseThrow()))
                            .transpose()
                            .scalarMultiply(ofResidual));
            RealMatrix expected =
                weights.add(
                    wanted
                        .multiply(x)
                        .multiply(new LUDecomposition(moment).getSolver().getInverse()));
            RealMatrix actual = real(to.linear(site).toDense());
            double error = actual.subtract(expected).getFrobeniusNorm();
            double change = expected.subtract(weights).getFrobeniusNorm();
            assertTrue(change > 0.01 * weights.getFrobeniusNorm(), site + ", " + random);
            assertTrue(error < 2e-3 * change, site + ": " + error + " of " + change);
            seen++;
          }
          before.advance();
          after.advance();
        }
        given = before.output();
        quantized = after.output();
      }
    }
    assertEquals(original.blocks().size(), seen);
  }

  private static RealMatrix real(SiteInput input) {
    return real(input.copy());
  }

  private static RealMatrix real(FloatMatrix matrix) {
    RealMatrix result = new Array2DRowRealMatrix(matrix.rows(), matrix.columns());
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        result.setEntry(i, j, matrix.get(i, j));
      }
    }
    return result;
  }

  /** All kinds of terms, and layers that share an input but not a recipe. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "retarget(0.5) | int3:g16:asym gptq + sparse(0.01) + lowrank(4) + bias",
        "retarget(auto) | int2:g16:asym mse gptq or nf4:g16 rtn",
        "retarget(1) | awq | hadamard(online) | int4:g16:sym rtn @ int8:token",
        "retarget(0.5) | fp4e2m1:g16:sym gptq",
      })
  void everyRecipeCanBeRetargeted(String recipe) throws IOException {
    List<int[]> texts = texts(8, 20);
    try (LanguageModel model = open("llama-untied", 1)) {
      QuantizationReport report =
          quantization(model, recipe, texts)
              .set("*.k_proj", "int4:g16:sym rtn")
              .set("*.v_proj", "retarget(1) | int4:g16:sym rtn")
              .keep("model.layers.1.mlp.up_proj")
              .saveTo(directory.resolve("out"));
      for (SiteReport site : report.sites()) {
        boolean isRetargeted = site.recipe().contains("retarget");
        boolean isNoted = site.result().notes().toString().contains("retarget: strength");
        assertEquals(isRetargeted, isNoted, site.name());
        boolean isWriter = site.name().matches(".*(o|down)_proj");
        assertEquals(
            isRetargeted && isWriter,
            site.result().notes().toString().contains("residual stream"),
            site.name());
        assertTrue(Double.isFinite(site.result().error()), site.name());
      }
    }
    assertEquals(List.of(), ModelCheck.verify(directory.resolve("out")));
  }

  @Test
  void thePlanKnowsOfTheSecondStream() throws IOException {
    List<int[]> texts = texts(40, 60);
    try (LanguageModel model = open("llama-untied", 1)) {
      QuantizationPlan plain = quantization(model, "int3:g16:asym gptq", texts).plan();
      QuantizationPlan both =
          quantization(model, "retarget(0.5) | int3:g16:asym gptq", texts).plan();
      assertFalse(plain.isRetargeted());
      assertTrue(both.isRetargeted());
      assertTrue(both.peakHeapBytes() > plain.peakHeapBytes());
      assertTrue(both.seconds() > plain.seconds());
    }
  }
}
