// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** What pages are made of that does not change. */
final class PageParts {
  static final String TEMPLATE = own("page.html");
  static final String STYLE = own("page.css");
  static final String SCRIPT = own("page.js");

  private static final String VERSION = "META-INF/maven/org.webjars.npm/echarts/pom.properties";

  private PageParts() {}

  private static String own(String name) {
    try (InputStream stream = PageParts.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException(name + ": missing beside the classes");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** ECharts, from its WebJar, which is on the class path or on the module path. */
  static String library() {
    Properties properties = new Properties();
    try (InputStream version = open(VERSION)) {
      properties.load(version);
      String path =
          "META-INF/resources/webjars/echarts/"
              + properties.getProperty("version")
              + "/dist/echarts.min.js";
      try (InputStream stream = open(path)) {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
            .replace("</script", "<\\/script");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String path) {
    InputStream stream = PageParts.class.getClassLoader().getResourceAsStream(path);
    if (stream == null) {
      throw new IllegalStateException(
          path + ": missing; expected the WebJar org.webjars.npm:echarts on the class path");
    }
    return stream;
  }
}
