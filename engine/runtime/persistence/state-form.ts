import { hash } from 'node:crypto';
import { decodeCbor, writeUnknown } from '../../../transport/codec/cbor.ts';
import { MISMATCH, OVERFLOW, Writer } from '../../../transport/codec/writer.ts';
import { InvalidMessageError, StoreError } from '../../base/errors.ts';
import { explain } from '../../contract/check.ts';
import type { WireTypes } from '../../contract/wire-type.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import { isThenable } from '../thenable.ts';

/** Bytes of one record: it has to travel to the store in one frame. */
export const STATE_BYTES_MAX = 15 * 1024 * 1024;

/** Many states are encoded into one such piece of memory: one of its own for each would cost more than to encode it. */
const CHUNK_BYTES = 64 * 1024;
/** With less room left in it, a state that does not fit goes into a new one; with more, the state is a large one. */
const CHUNK_REST_MAX = 16 * 1024;
const SCRATCH_FIRST = 256 * 1024;
/** A scratch that one large state made larger is not kept. */
const SCRATCH_KEPT_MAX = 1024 * 1024;

/**
 * What else is in the record of an entity, and so saved with its state or not at all, by name. Of most entities there is nothing. A name that
 * this engine does not know is one of a newer engine.
 */
export interface Beside {
  /** Durable tasks; `Agenda` has the form. */
  tasks?: unknown;
  /** What is sent with `exactlyOnce`; `Parcels` has the form. */
  parcels?: unknown;
  /** What of that has arrived; `Marks` has the form. */
  marks?: unknown;
}

const BESIDE: readonly string[] = ['tasks', 'parcels', 'marks'] satisfies (keyof Beside)[];

/** What a record says. */
export interface StoredState {
  readonly state: unknown;
  readonly beside: Beside | undefined;
}

/** The state of an entity as bytes: CBOR of `[version, state]` or `[version, state, beside]`, with Map, Set, Date, bigint and Uint8Array kept. */
export class StateForm {
  private readonly types: WireTypes;
  /** Up to `at` somebody keeps what was encoded. */
  private chunk = new Writer(new Uint8Array(CHUNK_BYTES));
  private at = 0;
  /** For large ones; made with the first. */
  private scratch: Writer | undefined = undefined;

  constructor(types: WireTypes) {
    this.types = types;
  }

  /**
   * Bytes that the next call writes over, unless `keep` is called first. Throws TypeError, with the member, for a state that is no plain
   * value, and InvalidMessageError (`too-large`).
   */
  encode(type: EntityTypeEntry, state: unknown, beside: Beside | undefined): Uint8Array {
    const stored = beside === undefined ? [type.stateVersion, state] : [type.stateVersion, state, beside];
    let out = this.chunk;
    let from = this.at;
    for (;;) {
      out.at = from;
      try {
        writeUnknown(out, stored);
        if (out.at - from > STATE_BYTES_MAX) throw tooLarge(type);
        return out === this.chunk ? out.bytes.subarray(from, out.at) : out.bytes.slice(0, out.at);
      } catch (error) {
        if (error === MISMATCH) {
          const what = `${type.cls.name}: this.state`;
          throw explain(this.types, { kind: 'unknown' }, state, what) ?? new TypeError(`${what} is nested too deeply.`);
        }
        if (error !== OVERFLOW) throw error;
        if (out.bytes.length > STATE_BYTES_MAX) throw tooLarge(type);
        out = this.larger(out, from);
        from = 0;
      }
    }
  }

  private larger(out: Writer, from: number): Writer {
    if (out !== this.chunk) {
      const next = new Writer(new Uint8Array(out.bytes.length * 4));
      if (next.bytes.length <= SCRATCH_KEPT_MAX) this.scratch = next;
      return next;
    }
    if (CHUNK_BYTES - from < CHUNK_REST_MAX) {
      this.chunk = new Writer(new Uint8Array(CHUNK_BYTES));
      this.at = 0;
      return this.chunk;
    }
    this.scratch ??= new Writer(new Uint8Array(SCRATCH_FIRST));
    return this.scratch;
  }

  /** What `encode` returned last is not written over. */
  keep(bytes: Uint8Array): void {
    if (bytes.buffer === this.chunk.bytes.buffer) this.at = bytes.byteOffset + bytes.length;
  }

  /**
   * The state as the code of now has it. Throws StoreError (`corrupt`, `newer-version`), which names the record, and whatever `migrate`
   * throws.
   */
  decode(type: EntityTypeEntry, key: string, bytes: Uint8Array): StoredState {
    let stored: unknown;
    try {
      stored = decodeCbor(bytes);
    } catch (error) {
      throw corrupt(key, error instanceof Error ? error.message : String(error), error);
    }
    if (!isStoredState(stored)) throw corrupt(key, 'it is not the state of an entity', undefined);
    const [version, state, beside] = stored;
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
      throw corrupt(key, 'it has no version', undefined);
    }
    for (const name of Object.keys(beside ?? {})) {
      if (BESIDE.includes(name)) continue;
      const message = `Record ${key} has '${name}', which this version of the engine does not know.`;
      throw new StoreError('newer-version', message, { outcome: 'notExecuted' });
    }
    if (version === type.stateVersion) return { state, beside };
    if (version > type.stateVersion) {
      const message = `Record ${key} has version ${version}; ${type.cls.name} knows versions up to ${type.stateVersion}.`;
      throw new StoreError('newer-version', message, { outcome: 'notExecuted' });
    }
    const migrated = type.migrate!(state, version);
    if (isThenable(migrated)) throw new TypeError(`entity(${type.name}): state.migrate returned a promise.`);
    return { state: migrated, beside };
  }
}

/** Whether a decoded record is one of an entity, as far as its form goes. */
export function isStoredState(value: unknown): value is [version: unknown, state: unknown, beside?: Beside] {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return false;
  const beside: unknown = value[2];
  return value.length === 2 || (typeof beside === 'object' && beside !== null && !Array.isArray(beside));
}

/** Tells states apart: equal for equal bytes only. */
export const hashOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'binary');

const tooLarge = (type: EntityTypeEntry): InvalidMessageError =>
  new InvalidMessageError('too-large', `${type.cls.name}: this.state takes more than ${STATE_BYTES_MAX} bytes.`);

const corrupt = (key: string, why: string, cause: unknown): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: ${why}.`, { outcome: 'notExecuted', cause });
