// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/**
 * The most heap that was in use: what was left after each garbage collection. If there was none,
 * all that was ever allocated.
 */
final class PeakHeap implements AutoCloseable {
  private final List<MemoryPoolMXBean> pools =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(pool -> pool.getType() == MemoryType.HEAP)
          .toList();
  private final List<String> poolNames =
      pools.stream().map(MemoryPoolMXBean::getName).collect(Collectors.toUnmodifiableList());
  private final AtomicLong peak = new AtomicLong();
  private final NotificationListener listener = this::collected;

  private PeakHeap() {}

  /** Begins to look. */
  static PeakHeap start() {
    PeakHeap heap = new PeakHeap();
    heap.pools.forEach(MemoryPoolMXBean::resetPeakUsage);
    for (NotificationEmitter collector : collectors()) {
      collector.addNotificationListener(heap.listener, null, null);
    }
    return heap;
  }

  private static List<NotificationEmitter> collectors() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .filter(NotificationEmitter.class::isInstance)
        .map(PeakHeap::emitter)
        .toList();
  }

  private static NotificationEmitter emitter(GarbageCollectorMXBean collector) {
    return (NotificationEmitter) collector;
  }

  private void collected(Notification notification, Object handback) {
    if (notification.getUserData() instanceof CompositeData data
        && notification
            .getType()
            .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      long used =
          GarbageCollectionNotificationInfo.from(data)
              .getGcInfo()
              .getMemoryUsageAfterGc()
              .entrySet()
              .stream()
              .filter(pool -> poolNames.contains(pool.getKey()))
              .mapToLong(pool -> pool.getValue().getUsed())
              .sum();
      peak.accumulateAndGet(used, Math::max);
    }
  }

  /** The most until now. */
  long bytes() {
    long afterCollections = peak.get();
    return afterCollections > 0
        ? afterCollections
        : pools.stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
  }

  @Override
  public void close() {
    for (NotificationEmitter collector : collectors()) {
      try {
        collector.removeNotificationListener(listener);
      } catch (ListenerNotFoundException e) {
        throw new IllegalStateException("the listener was not registered", e);
      }
    }
  }
}
