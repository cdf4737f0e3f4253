import type { RecordSave } from '../entity-store.ts';
import type { KeepLevel } from './entity-record.ts';

/**
 * A batch as it travels to the store's node: by column, the bytes of its records end to end. A small object for each record would cost both ends
 * more than the store takes to write it.
 */
export type SaveColumns = [
  level: KeepLevel,
  keys: string[],
  expectedEtags: (string | null)[],
  slots: number[],
  epochs: number[],
  /** Null: to be deleted. */
  lengths: (number | null)[],
  bytes: Uint8Array,
];

/** Of the columns beside key and bytes, encoded. */
const ROW_BYTES_MAX = 64;
const HEAD_BYTES_MAX = 64;

export function columnsOf(rows: readonly RecordSave[], level: KeepLevel): SaveColumns {
  let total = 0;
  for (const { bytes } of rows) if (bytes !== null) total += bytes.length;
  const all = new Uint8Array(total);
  let at = 0;
  for (const { bytes } of rows) {
    if (bytes === null) continue;
    all.set(bytes, at);
    at += bytes.length;
  }
  return [
    level,
    rows.map(({ key }) => key),
    rows.map(({ expectedEtag }) => expectedEtag),
    rows.map(({ slot }) => slot),
    rows.map(({ epoch }) => epoch),
    rows.map(({ bytes }) => (bytes === null ? null : bytes.length)),
    all,
  ];
}

/** The records are views of the one piece of bytes. Throws RangeError for columns that do not fit each other. */
export function rowsOf([, keys, expectedEtags, slots, epochs, lengths, bytes]: SaveColumns): RecordSave[] {
  const count = keys.length;
  if ([expectedEtags, slots, epochs, lengths].some((column) => column.length !== count)) {
    throw new RangeError('The columns of a batch have different lengths.');
  }
  let at = 0;
  const rows = keys.map((key, i) => {
    const length = lengths[i]!;
    const row: RecordSave = {
      key,
      bytes: length === null ? null : bytes.subarray(at, at + length),
      expectedEtag: expectedEtags[i]!,
      slot: slots[i]!,
      epoch: epochs[i]!,
    };
    at += length ?? 0;
    return row;
  });
  if (at !== bytes.length) throw new RangeError('The columns of a batch and its bytes do not fit each other.');
  return rows;
}

/** About as many bytes as it takes to encode. */
export function bytesAbout([, keys, , , , , bytes]: SaveColumns): number {
  let about = HEAD_BYTES_MAX + bytes.length + keys.length * ROW_BYTES_MAX;
  for (const { length } of keys) about += length;
  return about;
}
