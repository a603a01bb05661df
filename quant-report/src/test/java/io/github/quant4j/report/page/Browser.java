// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
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
          "chrome",
          "chrome-headless-shell");
  private static final List<String> PLACES =
      List.of(
          "/usr/bin",
          "/usr/local/bin",
          "/snap/bin",
          "/opt/google/chrome",
          "/Applications/Google Chrome.app/Contents/MacOS",
          "/Applications/Chromium.app/Contents/MacOS",
          "C:/Program Files/Google/Chrome/Application");
  private static final long SECONDS = 60;

  private final Process process;
  private final Path profile;
  private final WebSocket socket;
  private final BlockingQueue<JsonValue.Obj> replies = new LinkedBlockingQueue<>();
  private final List<String> problems = new ArrayList<>();
  private int calls;

  private Browser(Process process, Path profile, URI page) {
    this.process = process;
    this.profile = profile;
    this.socket =
        HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()).join();
  }

  /** Where one is, if anywhere. */
  static Optional<Path> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    Stream<String> folders =
        Stream.concat(Stream.of(path.split(java.io.File.pathSeparator, -1)), PLACES.stream());
    return folders
        .filter(folder -> !folder.isEmpty())
        .flatMap(
            folder ->
                NAMES.stream()
                    .flatMap(name -> Stream.of(name, name + ".exe"))
                    .map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .filter(file -> !Files.isDirectory(file))
        .findFirst();
  }

  static Browser start(Path program, Path folder) throws IOException, InterruptedException {
    Path profile = Files.createTempDirectory(folder, "profile");
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("chromium.log").toFile())
            .start();
    Path port = profile.resolve("DevToolsActivePort");
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!Files.exists(port) || Files.readAllLines(port).isEmpty()) {
      if (!process.isAlive() || System.nanoTime() > limit) {
        process.destroyForcibly();
        throw new IOException(Files.readString(folder.resolve("chromium.log")));
      }
      Thread.sleep(50);
    }
    HttpResponse<String> targets =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            "http://127.0.0.1:" + Files.readAllLines(port).getFirst() + "/json"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    for (JsonValue target : ((JsonValue.Arr) JsonParser.parse(targets.body())).elements()) {
      JsonValue.Obj one = (JsonValue.Obj) target;
      if (one.getString("type").filter("page"::equals).isPresent()) {
        return new Browser(
            process, profile, URI.create(one.getString("webSocketDebuggerUrl").orElseThrow()));
      }
    }
    process.destroyForcibly();
    throw new IOException("no page: " + targets.body());
  }

  /** Puts messages together, notes what is complained of, and hands replies on. */
  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        JsonValue.Obj message = (JsonValue.Obj) JsonParser.parse(text.toString());
        text.setLength(0);
        String method = message.getString("method").orElse("");
        if (method.isEmpty()) {
          replies.add(message);
        } else if (method.equals("Runtime.exceptionThrown")
            || method.equals("Log.entryAdded")
            || method.equals("Runtime.consoleAPICalled")) {
          synchronized (problems) {
            problems.add(JsonWriter.compact(message));
          }
        }
      }
      from.request(1);
      return null;
    }
  }

  /** Calls a method of the protocol. */
  JsonValue.Obj call(String method, Map<String, ?> parameters) throws InterruptedException {
    int id = ++calls;
    String text =
        JsonWriter.compact(JsonValue.of(Map.of("id", id, "method", method, "params", parameters)));
    socket.sendText(text, true).join();
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
  public void close() throws IOException, InterruptedException {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor();
    try (Stream<Path> tree = Files.walk(profile)) {
      for (Path file : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
