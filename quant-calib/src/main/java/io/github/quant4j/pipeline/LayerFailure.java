// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.LinearSite;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Adds the names of layers to what goes wrong with them. */
final class LayerFailure {
  private LayerFailure() {}

  /**
   * Does something with layers.
   *
   * @throws CancellationException if it was cancelled
   * @throws IllegalArgumentException if it was refused; the message begins with the layers' names
   * @throws ArithmeticException if numbers went wrong; as above
   * @throws IllegalStateException for all else; as above
   */
  static <T> T naming(List<LinearSite> layers, Supplier<T> work) {
    return naming(layers.stream().map(LinearSite::name).collect(Collectors.joining(", ")), work);
  }

  /** As {@link #naming(List, Supplier)}, for something else that has a name. */
  static <T> T naming(String name, Supplier<T> work) {
    try {
      return work.get();
    } catch (CancellationException | UncheckedIOException e) {
      // The one is no fault, and the other names a file.
      throw e;
    } catch (RuntimeException e) {
      throw named(name, e);
    } catch (OutOfMemoryError e) {
      OutOfMemoryError named = new OutOfMemoryError(name + ": " + e.getMessage());
      named.initCause(e);
      throw named;
    }
  }

  /**
   * Does something with several layers; if it is refused, each is tried alone to find out which of
   * them it is.
   *
   * @throws IllegalArgumentException as {@link #naming(List, Supplier)} does, and so on
   */
  static <T> T namingOne(List<LinearSite> layers, Function<List<LinearSite>, T> work) {
    try {
      return work.apply(layers);
    } catch (IllegalArgumentException | ArithmeticException | IllegalStateException e) {
      if (e instanceof CancellationException) {
        throw e;
      }
      if (layers.size() > 1) {
        layers.forEach(layer -> naming(layer.name(), () -> work.apply(List.of(layer))));
      }
      return naming(
          layers,
          () -> {
            throw e;
          });
    } catch (RuntimeException | OutOfMemoryError e) {
      return naming(
          layers,
          () -> {
            throw e;
          });
    }
  }

  private static RuntimeException named(String names, RuntimeException problem) {
    String message = names + ": " + problem.getMessage();
    return switch (problem) {
      case IllegalArgumentException e -> new IllegalArgumentException(message, e);
      case ArithmeticException e -> {
        ArithmeticException named = new ArithmeticException(message);
        named.initCause(e);
        yield named;
      }
      case IllegalStateException e -> new IllegalStateException(message, e);
      default -> new IllegalStateException(names + ": " + problem, problem);
    };
  }
}
