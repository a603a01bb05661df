// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A headless Chromium, told what to do by the Chrome DevTools Protocol. */
final class Browser implements AutoCloseable {
  private static final List<String> NAMES =
      List.of(
          "chromium",
          "chromium-browser",
          "google-chrome",
          "google-chrome-stable",
          "Google Chrome",
          "Chromium",
          "chrome",
          "chrome-headless-shell");
  private static final List<String> PLACES =
      List.of(
          "/usr/bin",
          "/usr/local/bin",
          "/snap/bin",
          "/opt/google/chrome",
          "/Applications/Google Chrome.app/Contents/MacOS",
          "/Applications/Chromium.app/Contents/MacOS");
  private static final Set<String> COMPLAINTS =
      Set.of("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled");
  private static final long SECONDS = 60;

  private final Process process;
  private final Path profile;
  private final BlockingQueue<JsonValue.Obj> replies = new LinkedBlockingQueue<>();
  private final List<String> problems = new ArrayList<>();
  private final String session;
  private int calls;

  private Browser(Process process, Path profile) throws InterruptedException {
    this.process = process;
    this.profile = profile;
    Thread.ofVirtual().start(this::listen);
    String target =
        send("Target.createTarget", Map.of("url", "about:blank"), "")
            .getString("targetId")
            .orElseThrow();
    this.session =
        send("Target.attachToTarget", Map.of("targetId", target, "flatten", true), "")
            .getString("sessionId")
            .orElseThrow();
  }

  /** Where one is, if anywhere. */
  static Optional<Path> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    Stream<String> folders =
        Stream.concat(Stream.of(path.split(File.pathSeparator, -1)), PLACES.stream());
    return folders
        .filter(folder -> !folder.isEmpty())
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .filter(file -> !Files.isDirectory(file))
        .findFirst();
  }

  /** Talks over descriptors 3 and 4, so that no port is open. */
  static Browser start(Path program, Path folder) throws IOException, InterruptedException {
    Path profile = Files.createTempDirectory(folder, "profile");
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null",
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-pipe",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectError(folder.resolve("chromium.log").toFile())
            .start();
    return new Browser(process, profile);
  }

  /** Notes what is complained of, and hands replies on. Messages end with a zero. */
  private void listen() {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    try (InputStream input = new BufferedInputStream(process.getInputStream())) {
      for (int next = input.read(); next >= 0; next = input.read()) {
        if (next != 0) {
          message.write(next);
          continue;
        }
        hear(JsonParser.parseObject(message.toByteArray()));
        message.reset();
      }
    } catch (IOException _) {
      // The browser has ended.
      return;
    }
  }

  private void hear(JsonValue.Obj message) {
    String method = message.getString("method").orElse("");
    if (method.isEmpty()) {
      replies.add(message);
    } else if (COMPLAINTS.contains(method)) {
      synchronized (problems) {
        problems.add(JsonWriter.compact(message));
      }
    }
  }

  private JsonValue.Obj send(String method, Map<String, ?> parameters, String to)
      throws InterruptedException {
    int id = ++calls;
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("id", id);
    members.put("method", method);
    members.put("params", parameters);
    if (!to.isEmpty()) {
      members.put("sessionId", to);
    }
    try {
      OutputStream output = process.getOutputStream();
      output.write(
          (JsonWriter.compact(JsonValue.of(members)) + '\0').getBytes(StandardCharsets.UTF_8));
      output.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    while (true) {
      JsonValue.Obj reply = replies.poll(SECONDS, TimeUnit.SECONDS);
      if (reply == null) {
        throw new IllegalStateException(method + ": no reply");
      }
      if (reply.getInt("id").orElse(0) == id) {
        return reply
            .getObject("result")
            .orElseThrow(() -> new IllegalStateException(method + ": " + reply));
      }
    }
  }

  /** Calls a method of the protocol on the page. */
  JsonValue.Obj call(String method, Map<String, ?> parameters) throws InterruptedException {
    return send(method, parameters, session);
  }

  /** Opens a file in a window of a size. */
  void open(Path file, int width, int height, boolean isPhone, boolean isDark)
      throws InterruptedException {
    call("Page.enable", Map.of());
    call("Runtime.enable", Map.of());
    call("Log.enable", Map.of());
    call("Network.enable", Map.of());
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", isPhone));
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light"))));
    call("Page.navigate", Map.of("url", file.toUri().toString()));
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!evaluate("document.readyState").equals(new JsonValue.Str("complete"))) {
      if (System.nanoTime() > limit) {
        throw new IllegalStateException("not loaded: " + problems());
      }
      Thread.sleep(50);
    }
  }

  /** The value of an expression. */
  JsonValue evaluate(String expression) throws InterruptedException {
    JsonValue.Obj reply =
        call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (reply.get("exceptionDetails").isPresent()) {
      throw new IllegalStateException(expression + ": " + reply);
    }
    return reply.getObject("result").orElseThrow().get("value").orElse(new JsonValue.Null());
  }

  int count(String expression) throws InterruptedException {
    return (int) ((JsonValue.Num) evaluate(expression)).asLong();
  }

  /** Moves the pointer, and clicks. */
  void mouse(String type, double x, double y) throws InterruptedException {
    call(
        "Input.dispatchMouseEvent",
        Map.of(
            "type",
            type,
            "x",
            x,
            "y",
            y,
            "button",
            type.equals("mouseMoved") ? "none" : "left",
            "clickCount",
            type.equals("mouseMoved") ? 0 : 1));
  }

  /** The whole page. */
  void screenshot(Path file) throws IOException, InterruptedException {
    JsonValue.Obj reply = call("Page.captureScreenshot", Map.of("captureBeyondViewport", true));
    Files.write(file, Base64.getDecoder().decode(reply.getString("data").orElseThrow()));
  }

  /** What the console and the page complained of. */
  List<String> problems() {
    synchronized (problems) {
      return List.copyOf(problems);
    }
  }

  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
    try (Stream<Path> tree = Files.walk(profile)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
