import { decodeCbor } from '../../../transport/codec/cbor.ts';
import type { EntityId } from '../../base/entity-id.ts';
import { Alarm } from '../alarm.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import type { NodeState } from '../node-state.ts';
import { encodeMark, IMPORT_SLOT, IMPORTED_PREFIX, isImportMark, MARK_KEY, MARK_SLOT } from './due-pages.ts';
import { ENTITY_PREFIX, entityOfKey, recordKey } from './record-key.ts';
import { isStoredState } from './state-form.ts';
import type { StoreCalls } from './store-calls.ts';
import { storedTasks } from './stored-task.ts';

const KEYS_MAX = 1024;
const AT_ONCE = 16;
const AGAIN_MS = 5_000;

/** Puts entities into the index of their slots; the index of the node. */
export interface Adopter {
  slotFor(type: EntityTypeEntry, id: EntityId): number;
  isHere(slot: number): boolean;
  /** Resolves when the index has it by `due`. */
  adopt(slot: number, key: string, due: number): Promise<void>;
}

/**
 * Entities with durable tasks that `skerry store import` has brought: in which slots they are, and so in which index, is known to their game only. Their keys
 * are noted; each node takes over those of its slots.
 */
export class ImportedTasks {
  private readonly state: NodeState;
  private readonly store: StoreCalls;
  private readonly adopter: Adopter;
  private readonly again: Alarm;
  private isLooking = false;

  constructor(state: NodeState, store: StoreCalls, adopter: Adopter) {
    this.state = state;
    this.store = store;
    this.adopter = adopter;
    this.again = new Alarm(() => this.look());
  }

  look(): void {
    if (!this.isLooking) void this.lookAtAll();
  }

  private async lookAtAll(): Promise<void> {
    this.isLooking = true;
    try {
      let count = 0;
      for (let after = ''; ; ) {
        const keys = await this.store.keys(IMPORTED_PREFIX, after, KEYS_MAX);
        count += keys.length;
        for (let from = 0; from < keys.length; from += AT_ONCE) {
          await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => this.take(key)));
        }
        if (keys.length < KEYS_MAX) break;
        after = keys.at(-1)!;
      }
      // Whoever starts after that need not look any more.
      if (count === 0)
        await this.store.replace(MARK_KEY, this.state.router.slots + MARK_SLOT, isImportMark, encodeMark(false));
    } catch (error) {
      this.state.log.warn({ err: error }, 'durable tasks that were imported wait for the store');
      this.state.wheel.add(this.again, this.state.clock.now() + AGAIN_MS);
    }
    this.isLooking = false;
  }

  private async take(key: string): Promise<void> {
    const { catalogue, router } = this.state;
    const name = key.slice(IMPORTED_PREFIX.length);
    const entity = entityOfKey(ENTITY_PREFIX + name);
    const type = catalogue.entityTypes.find((one) => one.persistent && one.name === entity?.type);
    if (entity === undefined || type === undefined) return;
    const slot = this.adopter.slotFor(type, entity.id);
    if (!this.adopter.isHere(slot)) return;
    const record = await this.store.load(recordKey(type.name, entity.id), slot);
    const due = record === undefined ? Number.POSITIVE_INFINITY : dueOf(recordKey(type.name, entity.id), record.bytes);
    if (due !== Number.POSITIVE_INFINITY) await this.adopter.adopt(slot, name, due);
    await this.store.replace(key, router.slots + IMPORT_SLOT, () => true, null);
  }
}

/** Infinity for a record without tasks, and for one that cannot be read, which whoever calls its entity is told. */
function dueOf(key: string, bytes: Uint8Array): number {
  try {
    const stored = decodeCbor(bytes);
    if (!isStoredState(stored) || stored[2]?.tasks === undefined) return Number.POSITIVE_INFINITY;
    const tasks = storedTasks(key, stored[2].tasks);
    return Math.min(...tasks.filter(({ isAside }) => !isAside).map(({ due }) => due));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
