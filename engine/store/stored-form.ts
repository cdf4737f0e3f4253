import { crc32 } from 'node:zlib';
import { StoreError } from '../base/errors.ts';
import type { StoredRecord } from '../runtime/entity-store.ts';

/**
 * A record as bytes, for stores that keep nothing but bytes and do not check them. Little-endian:
 *
 *   byte 0   FORM     1
 *   byte 4   CRC      of everything behind it, CRC-32
 *   byte 8   NUMBER   of the save, float64: the etag
 *   byte 16  EPOCH    float64
 *   byte 24  the state
 */
const FORM = 0;
const CRC = 4;
const NUMBER = 8;
const EPOCH = 16;
const STATE = 24;

const FORM_NOW = 1;

/** Bytes of a record whose state has these. */
export const packedLength = (state: Uint8Array): number => STATE + state.length;

/** Fills `packed`, which has that length. */
export function packInto(packed: Buffer, number: number, epoch: number, state: Uint8Array): Buffer {
  packed.writeUInt32LE(FORM_NOW, FORM);
  packed.writeDoubleLE(number, NUMBER);
  packed.writeDoubleLE(epoch, EPOCH);
  packed.set(state, STATE);
  packed.writeUInt32LE(crc32(packed.subarray(NUMBER)), CRC);
  return packed;
}

/** The bytes are copied. Throws StoreError (`corrupt`, `newer-version`), which names the record. */
export function unpackRecord(key: string, packed: Buffer): StoredRecord {
  if (packed.length < STATE) throw corrupt(key, `${packed.length} bytes are too few`);
  if (packed.readUInt32LE(CRC) !== crc32(packed.subarray(NUMBER))) throw corrupt(key, 'its checksum is wrong');
  if (packed[FORM] !== FORM_NOW) {
    throw new StoreError('newer-version', `Record ${key} has form ${packed[FORM]}; this engine knows ${FORM_NOW}.`);
  }
  return {
    bytes: new Uint8Array(packed.subarray(STATE)),
    etag: etagOf(packed),
    epoch: packed.readDoubleLE(EPOCH),
  };
}

/** Of packed bytes that need not be whole. */
export const etagOf = (packed: Buffer): string =>
  packed.length < EPOCH ? 'damaged' : String(packed.readDoubleLE(NUMBER));

const corrupt = (key: string, why: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: ${why}.`, { outcome: 'notExecuted' });
