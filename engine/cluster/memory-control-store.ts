import type { ControlKey, Entry } from './control-record.ts';
import type { ControlStore, StoreListener } from './control-store.ts';
import type { StoreEffect } from './machine.ts';

/** The control store of hosts in one process: a host alone needs no other. */
export class MemoryControlStore {
  private readonly entries = new Map<ControlKey, Entry>();
  private readonly listeners = new Set<StoreListener>();
  private revision = 0;

  /** A view of its own for each host. */
  open(listener: StoreListener): ControlStore {
    this.listeners.add(listener);
    return {
      perform: (effect) => this.perform(effect, listener),
      close: () => void this.listeners.delete(listener),
    };
  }

  private perform(effect: StoreEffect, listener: StoreListener): void {
    const tell: StoreListener = (event) =>
      queueMicrotask(() => {
        if (this.listeners.has(listener)) listener(event);
      });
    if (effect.kind === 'poll') {
      tell({ kind: 'polled', entries: [...this.entries.values()] });
      return;
    }
    const { request, key } = effect;
    const standing = this.entries.get(key);
    if (effect.kind === 'read') {
      tell({ kind: 'read-done', request, entry: standing });
      return;
    }
    if ((standing?.revision ?? 0) !== effect.expected) {
      tell({ kind: 'cas-conflict', request });
      return;
    }
    const entry = { key, revision: ++this.revision, value: effect.value };
    this.entries.set(key, entry);
    tell({ kind: 'cas-done', request, revision: entry.revision });
    for (const one of this.listeners) {
      queueMicrotask(() => {
        if (this.listeners.has(one)) one({ kind: 'observed', entry });
      });
    }
  }
}
