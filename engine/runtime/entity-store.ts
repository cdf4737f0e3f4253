/** A record as a store has it. `etag` changes with every save; `epoch` is that of the slot when it was saved. */
export interface StoredRecord {
  bytes: Uint8Array;
  etag: string;
  epoch: number;
}

/** Where persistent state lives. `committed` is seen by whoever reads later; `flushed` survives power loss as far as the store can tell. */
export interface EntityStore {
  readonly caps: {
    /** Whether other hosts see what this one saved. */
    scope: 'host' | 'shared';
    /** Whether a save with an old etag or epoch is refused. */
    fencing: 'cas' | 'none';
    levels: readonly ('committed' | 'flushed')[];
    /** Bytes. */
    maxRecord: number;
  };
  /** From now on nobody with a lower epoch saves records of this slot. */
  claim(slot: number, epoch: number): Promise<void>;
  load(key: string): Promise<StoredRecord | undefined>;
  /** Saves (or, with `null`, deletes) and resolves with the new etags once the level is reached. */
  save(
    batch: readonly {
      key: string;
      bytes: Uint8Array | null;
      expectedEtag: string | null;
      slot: number;
      epoch: number;
    }[],
    level: 'committed' | 'flushed',
  ): Promise<string[]>;
  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }>;
  close(): Promise<void>;
}
