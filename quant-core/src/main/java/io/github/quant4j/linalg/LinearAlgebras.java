// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The linear algebra that is present: that of the providers on the module or class path that can
 * run here, and {@link ScalarLinearAlgebra}.
 *
 * <p>Numerical code is given its {@link Compute} and never asks here; {@code
 * KernelOptions.compute()} does, and honours the choice of a provider by name.
 */
public final class LinearAlgebras {
  private static final Logger LOG = LoggerFactory.getLogger(LinearAlgebras.class);

  private LinearAlgebras() {}

  private static final class Scalar implements LinearAlgebraProvider {
    @Override
    public String name() {
      return "scalar";
    }

    @Override
    public int priority() {
      return 0;
    }

    @Override
    public Optional<String> missing() {
      return Optional.empty();
    }

    @Override
    public LinearAlgebra create(ScratchPool scratch) {
      return new ScalarLinearAlgebra();
    }
  }

  /** Loaded on first use, once; holds those that can run here, best first. */
  private static final class Registry {
    static final Registry INSTANCE = new Registry();

    final List<LinearAlgebraProvider> usable = new ArrayList<>();

    Registry() {
      usable.add(new Scalar());
      var found =
          ServiceLoader.load(LinearAlgebraProvider.class, LinearAlgebras.class.getClassLoader())
              .iterator();
      while (true) {
        try {
          if (!found.hasNext()) {
            break;
          }
          LinearAlgebraProvider provider = found.next();
          Optional<String> missing = provider.missing();
          if (missing.isEmpty()) {
            usable.add(provider);
          } else {
            LOG.info("{} linear algebra is not used: {}", provider.name(), missing.get());
          }
        } catch (ServiceConfigurationError | LinkageError e) {
          LOG.warn("A provider of linear algebra could not be loaded: {}", e.toString());
        }
      }
      usable.sort(
          Comparator.comparingInt(LinearAlgebraProvider::priority)
              .reversed()
              .thenComparing(LinearAlgebraProvider::name));
    }
  }

  /**
   * The best linear algebra that can run here.
   *
   * @param scratch the memory that its calls borrow
   * @return that of the provider of the highest priority
   */
  public static LinearAlgebra best(ScratchPool scratch) {
    return Registry.INSTANCE.usable.getFirst().create(scratch);
  }

  /**
   * The linear algebra of a provider.
   *
   * @param provider its name, for example {@code scalar}
   * @param scratch the memory that its calls borrow
   * @return empty if there is no provider of that name, or it cannot run here
   */
  public static Optional<LinearAlgebra> named(String provider, ScratchPool scratch) {
    return Registry.INSTANCE.usable.stream()
        .filter(candidate -> candidate.name().equals(provider))
        .findFirst()
        .map(candidate -> candidate.create(scratch));
  }
}
