// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.kernel.PackedLayoutException;
import io.github.quant4j.kernel.PackedMatrix;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.scheme.ScaleLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * {@link PackedTiles} as a {@link PackedMatrix}, and back.
 *
 * <p>Parts are {@code words}, {@code scales} and, with zero points, {@code zeros}; properties
 * {@code format}, {@code scales} and {@code zeros} (how they are encoded) and {@code tensor_scale}.
 * The version in the layout's name must change when the order or the meaning of any of these does.
 */
final class PackedForm {
  private static final int VERSION = 1;
  private static final String WORDS = "words";
  private static final String SCALES = "scales";
  private static final String ZEROS = "zeros";
  private static final String FORMAT = "format";
  private static final String TENSOR_SCALE = "tensor_scale";

  /** Keeps the length of arranged tokens, of up to eight floats for an input, within an int. */
  private static final int MOST_COLUMNS = 1 << 27;

  private PackedForm() {}

  /** The name of a family's layout. */
  static String layout(String family) {
    return "vector" + Lanes.BITS + "/" + family + "/" + VERSION;
  }

  /** Whether scheme, shape and the name of the format say all of a form. */
  static boolean isComplete(WeightOnlyPlan plan) {
    WeightForm form = plan.form();
    ScaleLayout expected = form.scheme().granularity().layout(form.rows(), form.columns());
    return form.layout().equals(expected)
        && form.columns() <= MOST_COLUMNS
        && Float.isFinite(form.tensorScale())
        && hasName(form.format());
  }

  private static boolean hasName(NumberFormat format) {
    try {
      return Arrays.equals(NumberFormats.parse(format.name()).decodeTable(), format.decodeTable());
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  static PackedMatrix write(WeightOnlyPlan plan, PackedTiles packed) {
    WeightForm form = plan.form();
    SequencedMap<String, String> properties = new LinkedHashMap<>();
    properties.put(FORMAT, form.format().name());
    properties.put(TENSOR_SCALE, Float.toString(form.tensorScale()));
    SequencedMap<String, MemorySegment> parts = new LinkedHashMap<>();
    parts.put(WORDS, packed.words().data());
    put(SCALES, packed.scales(), properties, parts);
    GroupTable zeros = packed.zeros();
    if (zeros != null) {
      put(ZEROS, zeros, properties, parts);
    }
    return new PackedMatrix(
        layout(plan.family()), form.scheme(), form.rows(), form.columns(), properties, parts);
  }

  private static void put(
      String name,
      GroupTable table,
      SequencedMap<String, String> properties,
      SequencedMap<String, MemorySegment> parts) {
    if (!(table instanceof ParameterTable stored)) {
      throw new IllegalStateException(table + " has no stored form");
    }
    properties.put(name, stored.encoding().label());
    parts.put(name, stored.data());
  }

  /**
   * The plan that weights were packed by.
   *
   * @throws PackedLayoutException if there is none of that layout for such weights
   */
  static WeightOnlyPlan plan(PackedMatrix weights) {
    if (weights.columns() > MOST_COLUMNS) {
      throw new PackedLayoutException(weights, "expected at most " + MOST_COLUMNS + " inputs");
    }
    WeightForm form;
    try {
      form =
          new WeightForm(
              weights.scheme(),
              NumberFormats.parse(property(weights, FORMAT)),
              weights.scheme().granularity().layout(weights.rows(), weights.columns()),
              weights.parts().containsKey(ZEROS),
              Float.parseFloat(property(weights, TENSOR_SCALE)));
    } catch (PackedLayoutException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new PackedLayoutException(weights, String.valueOf(e.getMessage()));
    }
    if (!Float.isFinite(form.tensorScale())) {
      throw new PackedLayoutException(
          weights, TENSOR_SCALE + ": " + form.tensorScale() + ", expected a number");
    }
    if (form.hasZeros() == form.scheme().symmetric()
        || form.format().bits() != form.scheme().bits()) {
      throw new PackedLayoutException(
          weights,
          "format "
              + form.format()
              + (form.hasZeros() ? " with" : " without")
              + " zero points is not what the scheme says");
    }
    return WeightOnlyPlan.of(form)
        .filter(plan -> layout(plan.family()).equals(weights.layout()))
        .orElseThrow(
            () -> new PackedLayoutException(weights, "such weights are not of that layout"));
  }

  /**
   * The parts, where they lie.
   *
   * @throws PackedLayoutException if a part is missing or has another size
   */
  static PackedTiles read(WeightOnlyPlan plan, PackedMatrix weights) {
    WeightForm form = plan.form();
    MemorySegment words =
        PackedMemory.part(
            weights, WORDS, WordTiles.byteSize(form.rows(), form.columns(), plan.bits()));
    return PackedTiles.of(
        WordTiles.view(words, form.rows(), form.columns(), plan.bits()),
        table(weights, SCALES, form),
        form.hasZeros() ? table(weights, ZEROS, form) : null);
  }

  private static ParameterTable table(PackedMatrix weights, String name, WeightForm form) {
    String label = property(weights, name);
    ParameterTable.Encoding encoding =
        ParameterTable.Encoding.of(label)
            .orElseThrow(
                () ->
                    new PackedLayoutException(
                        weights, "property '" + name + "': encoding '" + label + "' is unknown"));
    long bytes = ParameterTable.byteSize(encoding, form.rows(), form.groups());
    return ParameterTable.view(encoding, form.groups(), PackedMemory.part(weights, name, bytes));
  }

  private static String property(PackedMatrix weights, String name) {
    String text = weights.properties().get(name);
    if (text == null) {
      throw new PackedLayoutException(weights, "property '" + name + "' is missing");
    }
    return text;
  }
}
