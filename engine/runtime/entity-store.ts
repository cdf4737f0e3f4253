/** A record as a store has it. `etag` changes with every save; `epoch` is that of the slot when it was saved. */
export interface StoredRecord {
  bytes: Uint8Array;
  etag: string;
  epoch: number;
}

/** One record of a batch: written, or with `null` deleted, if it still is what `expectedEtag` says (`null`: it does not exist). */
export interface RecordSave {
  key: string;
  bytes: Uint8Array | null;
  expectedEtag: string | null;
  slot: number;
  /** The claim under which it is saved. */
  epoch: number;
}

/** `committed` is seen by whoever reads later and survives the process; `flushed` survives power loss as far as the store can tell. */
export type SaveLevel = 'committed' | 'flushed';

/**
 * Where persistent state lives. Keys are strings of at most 1024 bytes of UTF-8; epochs are safe integers. Passed bytes are not kept or
 * changed, returned ones belong to the caller. A key is of one slot, the same for as long as the store lives. Every method may be called while others are under way; saves of one caller take effect in order.
 *
 * Errors: FencedError, StoreError (`conflict`, `full`, `read-only`, `corrupt`, `timeout`: it may have taken effect), OverloadedError
 * (`store-busy`), InvalidMessageError (`too-large`), EngineError (`not-implemented`: a level that the store does not have).
 */
export interface EntityStore {
  readonly caps: {
    /** Whether other hosts see what this one saved. */
    scope: 'host' | 'shared';
    /** Whether a save with an old etag or epoch is refused. */
    fencing: 'cas' | 'none';
    levels: readonly SaveLevel[];
    /** Bytes of one record. */
    maxRecord: number;
  };
  /** From now on nobody with another epoch saves records of this slot. FencedError when a higher one has claimed it; the same again is fine. */
  claim(slot: number, epoch: number): Promise<void>;
  /** `slot` is the one that the record is saved under; undefined when a tool asks that does not know it, which may then take a search. */
  load(key: string, slot?: number): Promise<StoredRecord | undefined>;
  /**
   * Resolves with the new etags (of deleted records '') once the level is reached. All of a slot's records are saved or none: FencedError
   * when the slot is not claimed with that epoch, StoreError (`conflict`) when a record is not the expected one.
   */
  save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]>;
  /** Every record whose key begins so, each once; what is saved meanwhile may be seen or not. */
  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }>;
  close(): Promise<void>;
}
