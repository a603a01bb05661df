// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody sees whose class path lacks something: the library as class loaders find it. */
class BackendTest {

  /** The class path of the tests without some of its jars. */
  private static URL[] classPathWithout(String prefix) throws IOException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<URL> kept = new ArrayList<>();
    int dropped = 0;
    for (String entry : path.split(File.pathSeparator, -1)) {
      if (Path.of(entry).getFileName().toString().startsWith(prefix)) {
        dropped++;
      } else {
        kept.add(Path.of(entry).toUri().toURL());
      }
    }
    assertTrue(dropped > 0, "nothing begins with " + prefix + " in " + path);
    return kept.toArray(URL[]::new);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nd4j-native-", "nd4j-"})
  void saysWhatToAdd(String missing) throws Exception {
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(classPathWithout(missing), platform)) {
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> provider = loader.loadClass(Nd4jLinearAlgebra.class.getName());
      assertFalse(provider == Nd4jLinearAlgebra.class);
      Method create = provider.getMethod("create");
      // The second call finds classes that failed to start the first time.
      for (int call = 0; call < 2; call++) {
        Throwable thrown =
            assertThrows(InvocationTargetException.class, () -> create.invoke(null)).getCause();
        assertInstanceOf(IllegalStateException.class, thrown);
        String message = thrown.getMessage();
        assertTrue(message.startsWith("ND4J has no backend that works here ("), message);
        assertTrue(message.contains("org.nd4j:nd4j-native:1.0.0-M2.1"), message);
        assertTrue(message.contains("--enable-native-access=ALL-UNNAMED"), message);
        assertEquals(1, message.lines().count(), message);
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }
}
