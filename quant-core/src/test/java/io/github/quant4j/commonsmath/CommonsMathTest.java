// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.commonsmath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.SymmetricEigen;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application without Commons Math: the library as a class loader that lacks it sees it. */
class CommonsMathTest {

  private static URLClassLoader withoutCommonsMath() throws IOException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<URL> kept = new ArrayList<>();
    int dropped = 0;
    for (String entry : path.split(File.pathSeparator, -1)) {
      if (entry.contains("commons-math3")) {
        dropped++;
      } else {
        kept.add(Path.of(entry).toUri().toURL());
      }
    }
    assertTrue(dropped > 0, "no commons-math3 in " + path);
    return new URLClassLoader(kept.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  /** Quantizes a matrix of ones and twos by a recipe, with the classes of a loader. */
  private static void quantize(ClassLoader loader, String recipe) throws Exception {
    Class<?> matrices = loader.loadClass(FloatMatrix.class.getName());
    float[] values = new float[64 * 64];
    for (int i = 0; i < values.length; i++) {
      values[i] = 1 + i % 7 % 2;
    }
    Object matrix =
        matrices
            .getMethod("wrap", int.class, int.class, float[].class)
            .invoke(null, 64, 64, values);
    Class<?> quantizers = loader.loadClass(LinearQuantizer.class.getName());
    Object quantizer = quantizers.getMethod("of", String.class).invoke(null, recipe);
    quantizers.getMethod("quantize", matrices).invoke(quantizer, matrix);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"int4:g64:asym rtn", "nf4:g64:sym rtn", "int4:g64:sym rtn + sparse(0.01)"})
  void otherRecipesDoWithout(String recipe) throws Exception {
    try (URLClassLoader loader = withoutCommonsMath()) {
      quantize(loader, recipe);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g64:sym gaussian rtn", "int4:g64:sym rtn + lowrank(4)"})
  void saysWhatToAdd(String recipe) throws Exception {
    try (URLClassLoader loader = withoutCommonsMath()) {
      // The second call finds classes that could not be linked the first time.
      for (int call = 0; call < 2; call++) {
        assertAdvice(assertThrows(InvocationTargetException.class, () -> quantize(loader, recipe)));
      }
    }
  }

  @Test
  void saysWhatToAddForExactDecompositions() throws Exception {
    try (URLClassLoader loader = withoutCommonsMath()) {
      Class<?> matrices = loader.loadClass(FloatMatrix.class.getName());
      Object matrix = matrices.getMethod("zeros", int.class, int.class).invoke(null, 4, 4);
      Class<?> eigen = loader.loadClass(SymmetricEigen.class.getName());
      assertAdvice(
          assertThrows(
              InvocationTargetException.class,
              () -> eigen.getMethod("of", matrices).invoke(null, matrix)));
    }
  }

  private static void assertAdvice(InvocationTargetException thrown) {
    Throwable cause = thrown.getCause();
    assertInstanceOf(IllegalStateException.class, cause);
    String message = cause.getMessage();
    assertTrue(message.startsWith("this recipe needs "), message);
    assertTrue(message.contains("'requires commons.math3'"), message);
    assertTrue(message.contains("org.apache.commons:commons-math3:3.6.1"), message);
    assertEquals(1, message.lines().count(), message);
  }
}
