// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.annotation;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A package of the expert tier: exported for those who extend the library or take one part of it,
 * such as a new rounding, network or kernel. Its public types may change incompatibly with any
 * minor version, which the change log then says; within a patch version they do not. A type marked
 * {@link Stable} keeps its own promise wherever it lies.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.PACKAGE)
public @interface Expert {}
