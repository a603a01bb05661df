// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A type of the stable tier: what the developer of an application must know. From version 1.0 on,
 * its public members change incompatibly only with the major version; what is to go is deprecated
 * for at least one minor version before. Nested types share the mark of the type around them.
 *
 * <p>A member whose signature names a type of an {@link Expert} package is as stable as that type.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Stable {}
