// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.io.ForeignReaders;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.expression.Expression;
import io.github.quant4j.model.runtime.ConfigurationValues;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A model's configuration as its family's description has it: the options of each layer, and what
 * the tensors of each role are called. For formats that have other names for all of this.
 */
public final class FamilyReading {
  private final FamilyDescription family;
  private final DecoderConfiguration configuration;
  private final OptionReader options;
  private final Map<Integer, OptionReader> layers = new ConcurrentHashMap<>();

  private FamilyReading(
      FamilyDescription family, DecoderConfiguration configuration, OptionReader options) {
    this.family = family;
    this.configuration = configuration;
    this.options = options;
  }

  /**
   * Reads a configuration of one of the library's families.
   *
   * @param config the contents of config.json
   * @param subject what messages call it
   * @throws io.github.quant4j.model.config.InvalidModelException if the family is not known, or the
   *     configuration not sound
   */
  public static FamilyReading of(JsonValue.Obj config, String subject) {
    return of(config, subject, Families.builtIn());
  }

  /**
   * Reads a configuration of one of some families.
   *
   * @param config the contents of config.json
   * @param subject what messages call it
   * @param families those that are known
   * @throws io.github.quant4j.model.config.InvalidModelException if the family is not known, or the
   *     configuration not sound
   */
  public static FamilyReading of(JsonValue.Obj config, String subject, Families families) {
    DecoderConfiguration configuration =
        DecoderConfigurationReader.read(config, subject, families).configuration();
    FamilyDescription family = families.ofArchitecture(configuration.architecture()).orElseThrow();
    return new FamilyReading(
        family, configuration, new OptionReader(family, new ConfigurationValues(restored(config))));
  }

  private static JsonValue.Obj restored(JsonValue.Obj config) {
    return ForeignReaders.restored(config);
  }

  /**
   * The names that a family has for a member, the usual one first.
   *
   * @param family the family's name, for example {@code llama}
   * @param member as expressions call it
   * @throws IllegalArgumentException if there is no such family
   */
  public static String spelling(String family, String member) {
    return named(family).spellings(member).getFirst();
  }

  /**
   * The architecture of a family.
   *
   * @param family the family's name
   * @throws IllegalArgumentException if there is no such family
   */
  public static String architecture(String family) {
    return named(family).architectures().getFirst();
  }

  /**
   * The model type of a family.
   *
   * @param family the family's name
   * @throws IllegalArgumentException if there is no such family
   */
  public static Optional<String> modelType(String family) {
    return named(family).modelTypes().stream().findFirst();
  }

  /**
   * Whether layers with a window have rotary positions of their own.
   *
   * @param family the family's name
   * @throws IllegalArgumentException if there is no such family
   */
  public static boolean hasWindowedRotary(String family) {
    return RotaryOptionsReader.read(named(family)).windowed() != null;
  }

  /**
   * Whether configurations speak of the part of a head that is turned.
   *
   * @param family the family's name
   * @throws IllegalArgumentException if there is no such family
   */
  public static boolean hasPartialRotary(String family) {
    return RotaryOptionsReader.read(named(family)).portion()
        instanceof RotaryOptions.Portion.Fraction;
  }

  private static FamilyDescription named(String family) {
    return Families.builtIn().all().stream()
        .filter(one -> one.name().equals(family))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("family: '" + family + "' is not known"));
  }

  /** The family's name, for example {@code llama}. */
  public String family() {
    return family.name();
  }

  /** The shape that the configuration makes. */
  public DecoderConfiguration configuration() {
    return configuration;
  }

  /** The names of all options. */
  public Set<String> optionNames() {
    return family.options().keySet();
  }

  /** The names of all roles that tensors have. */
  public Set<String> roles() {
    return family.tensors().keySet();
  }

  private OptionReader at(int layer) {
    return layers.computeIfAbsent(layer, options::at);
  }

  /**
   * The value of an expression over the family's members.
   *
   * @param expression what is asked for
   * @param layer the layer, from 0
   */
  public JsonValue evaluate(Expression expression, int layer) {
    return at(layer).evaluated(expression);
  }

  /**
   * An option of a layer.
   *
   * @param name one of {@link #optionNames()}
   * @param layer the layer, from 0
   */
  public JsonValue option(String name, int layer) {
    return at(layer).evaluated(family.option(name));
  }

  /**
   * What a tensor or module is called.
   *
   * @param role one of {@link #roles()}
   * @param layer the layer, from 0
   * @param expert the expert; any number for what belongs to none
   * @return the name, or empty if there is no such tensor
   */
  public Optional<String> tensor(String role, int layer, int expert) {
    return Optional.ofNullable(at(layer).tensor(role, expert));
  }
}
