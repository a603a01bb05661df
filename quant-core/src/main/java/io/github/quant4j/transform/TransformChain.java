// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Transforms one after the other, in as few steps as possible: neighbours of one kind merge
 * (diagonals, shifts, permutations), a permutation moves behind a diagonal or a shift, and a
 * rotation followed by its inverse vanishes. No step at all is the identity.
 */
public final class TransformChain implements InputTransform {
  private final int size;
  private final List<InputTransform> steps;
  private final AtomicReference<float @Nullable []> scratch = new AtomicReference<>();

  private TransformChain(int size, List<InputTransform> steps) {
    this.size = size;
    this.steps = List.copyOf(steps);
  }

  /**
   * The map that changes nothing.
   *
   * @param size the channels, at least 1
   * @return a chain of no steps
   * @throws IllegalArgumentException if the size is less than 1
   */
  public static TransformChain identity(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + ", expected at least 1");
    }
    return new TransformChain(size, List.of());
  }

  /**
   * Chains transforms.
   *
   * @param transforms applied to the input in this order; at least one
   * @return one transform, a chain only if it takes several steps or none
   * @throws IllegalArgumentException if there is none or the sizes differ
   */
  public static InputTransform of(List<? extends InputTransform> transforms) {
    if (transforms.isEmpty()) {
      throw new IllegalArgumentException("transforms: none, expected at least one");
    }
    int size = transforms.getFirst().size();
    List<InputTransform> steps = new ArrayList<>();
    for (InputTransform transform : transforms) {
      if (transform.size() != size) {
        throw new IllegalArgumentException(
            "transforms: "
                + transform.describe()
                + " has size "
                + transform.size()
                + ", expected "
                + size
                + " as the first one");
      }
      append(steps, transform);
    }
    return steps.size() == 1 ? steps.getFirst() : new TransformChain(size, steps);
  }

  private static void append(List<InputTransform> steps, InputTransform next) {
    if (next instanceof TransformChain chain) {
      chain.steps.forEach(step -> append(steps, step));
      return;
    }
    if (isIdentity(next)) {
      return;
    }
    if (steps.isEmpty()) {
      steps.add(next);
      return;
    }
    InputTransform last = steps.removeLast();
    List<InputTransform> merged = merge(last, next);
    if (merged == null) {
      steps.add(last);
      steps.add(next);
    } else {
      merged.forEach(step -> append(steps, step));
    }
  }

  private static boolean isIdentity(InputTransform transform) {
    return switch (transform) {
      case DiagonalTransform diagonal -> allEqual(diagonal.scales(), 1f);
      case ShiftTransform shift -> allEqual(shift.offsets(), 0f);
      case PermutationTransform order -> order.equals(order.then(order));
      case HadamardTransform rotation ->
          rotation.block() == 1 && rotation.seed() == HadamardTransform.NO_SIGNS;
      case TransformChain chain -> chain.steps.isEmpty();
      case OrthogonalTransform _, KroneckerTransform _, DenseTransform _ -> false;
    };
  }

  private static boolean allEqual(float[] values, float expected) {
    for (float value : values) {
      if (value != expected) {
        return false;
      }
    }
    return true;
  }

  /** What replaces two neighbours, or null if they stay. */
  private static @Nullable List<InputTransform> merge(InputTransform last, InputTransform next) {
    if (last instanceof DiagonalTransform a && next instanceof DiagonalTransform b) {
      float[] scales = a.scales();
      float[] others = b.scales();
      for (int i = 0; i < scales.length; i++) {
        scales[i] *= others[i];
      }
      return List.of(DiagonalTransform.of(scales));
    }
    if (last instanceof ShiftTransform a && next instanceof ShiftTransform b) {
      float[] offsets = a.offsets();
      float[] others = b.offsets();
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] += others[i];
      }
      return List.of(ShiftTransform.of(offsets));
    }
    if (last instanceof PermutationTransform a) {
      return switch (next) {
        case PermutationTransform b -> List.of(a.then(b));
        case DiagonalTransform b ->
            List.of(DiagonalTransform.of(scatter(a.sources(), b.scales())), a);
        case ShiftTransform b -> List.of(ShiftTransform.of(scatter(a.sources(), b.offsets())), a);
        default -> null;
      };
    }
    // Only rotations: the inverse of a float matrix is not exact, and Kronecker and dense factors
    // compare by their elements.
    if (last.isOrthogonal() && next.isOrthogonal() && last.equals(next.inverse())) {
      return List.of();
    }
    return null;
  }

  /** Values in the order after a permutation, put back into the order before it. */
  private static float[] scatter(int[] sources, float[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[sources[i]] = values[i];
    }
    return result;
  }

  /**
   * The steps.
   *
   * @return in the order of application; none for the identity
   */
  public List<InputTransform> steps() {
    return steps;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int count = tokens * size;
    if (steps.size() < 2) {
      if (steps.isEmpty()) {
        System.arraycopy(x, xOffset, y, yOffset, count);
      } else {
        steps.getFirst().apply(x, xOffset, tokens, y, yOffset, compute);
      }
      return;
    }
    float[] kept = scratch.getAndSet(null);
    float[] other = kept != null && kept.length >= count ? kept : new float[count];
    // Steps write in turn to y and to the scratch array; the last one must write to y.
    boolean toScratch = steps.size() % 2 == 0;
    float[] from = x;
    int at = xOffset;
    for (InputTransform step : steps) {
      float[] to = toScratch ? other : y;
      int toOffset = toScratch ? 0 : yOffset;
      step.apply(from, at, tokens, to, toOffset, compute);
      from = to;
      at = toOffset;
      toScratch = !toScratch;
    }
    scratch.set(other);
  }

  @Override
  public InputTransform inverse() {
    return mapped(steps.reversed().stream().map(InputTransform::inverse).toList());
  }

  @Override
  public InputTransform linearPart() {
    return hasConstant() ? mapped(steps.stream().map(InputTransform::linearPart).toList()) : this;
  }

  @Override
  public InputTransform contragredient() {
    return mapped(steps.stream().map(InputTransform::contragredient).toList());
  }

  private InputTransform mapped(List<? extends InputTransform> others) {
    return others.isEmpty() ? this : of(others);
  }

  @Override
  public boolean hasConstant() {
    return steps.stream().anyMatch(InputTransform::hasConstant);
  }

  @Override
  public boolean keepsChannels() {
    return steps.stream().allMatch(InputTransform::keepsChannels);
  }

  @Override
  public boolean isOrthogonal() {
    return steps.stream().allMatch(InputTransform::isOrthogonal);
  }

  @Override
  public long operationsPerToken() {
    return steps.stream().mapToLong(InputTransform::operationsPerToken).sum();
  }

  /**
   * Where every step can be folded. A chain with a shift needs the places of its linear part for
   * that and a bias for the rest.
   */
  @Override
  public Set<FoldPlace> foldPlaces() {
    Set<FoldPlace> places = EnumSet.allOf(FoldPlace.class);
    for (InputTransform step : steps) {
      if (step instanceof ShiftTransform) {
        places.remove(FoldPlace.PRODUCT_FACTOR);
        places.remove(FoldPlace.ELEMENTWISE_FUNCTION);
      } else {
        places.retainAll(step.foldPlaces());
      }
    }
    return places;
  }

  @Override
  public String describe() {
    return steps.isEmpty()
        ? "identity[" + size + "]"
        : steps.stream().map(InputTransform::describe).collect(Collectors.joining(" > "));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TransformChain chain && size == chain.size && steps.equals(chain.steps);
  }

  @Override
  public int hashCode() {
    return Objects.hash(size, steps);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
