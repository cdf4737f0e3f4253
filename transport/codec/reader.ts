import type { EntityId } from '../../engine/base/entity-id.ts';

/** Makes the proxies that a decoded value contains; the runtime lends it to the reader of a frame. */
export interface References {
  reference(contractName: string, id: EntityId): unknown;
}

/**
 * A stretch of memory to decode from. Decoders read every field once and keep no view of `bytes`: it may be shared memory that is
 * reused after the frame. They never read at or beyond `end`.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  end: number;
  references: References | undefined;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
    this.references = undefined;
  }
}
