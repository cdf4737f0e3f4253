/**
 * The shared memory of one ring link, from exactly one node to exactly one node: control words, then one ring per lane.
 *
 *   word   0 (   0 B)  TAIL[lane]   bytes ever published;                        only the writer stores them
 *   word  32 ( 128 B)  HEAD[lane]   bytes ever freed;                            only the reader stores them
 *   word  64 ( 256 B)  TAKEN[lane]  bytes handed over or about to be;            only the reader stores them
 *   word  72 ( 288 B)  COUNT[lane]  frames handed over, stored now and then;     only the reader stores them
 *   word  96 ( 384 B)  WANT         1 while the writer's overflow waits for room; only the writer stores it
 *   word 128 ( 512 B)  MAGIC, FRAME_BYTES_MAX, LANE_BYTES[lane], START           stored once, before the memory is shared
 *   word 160 ( 640 B)  records of lane high, then medium, then low
 *
 * The tails of the three lanes share a line because one thread stores them: a flush moves one line, an idle check reads one.
 * What different threads store is 128 bytes apart (two lines: the CPU prefetches in pairs).
 *
 * Positions count bytes for ever and wrap at 2^32; a lane's capacity is a power of two, so `position & (capacity - 1)` is
 * the offset in the lane. Invariant per lane, modulo 2^32: HEAD <= TAKEN <= TAIL <= HEAD + capacity, all multiples of 8.
 */
import { LANES, type Lane, LinkCorruptError } from '../link.ts';

const TAIL = 0;
const HEAD = 32;
const TAKEN = 64;
const COUNT = 72;
const WANT = 96;
const MAGIC = 128;
const FRAME_BYTES_MAX = 129;
const LANE_BYTES = 130;
const START = 133;
const RECORDS_BYTES = 640;

const MAGIC_VALUE = 0x534b_5231; // 'SKR1'
const LANE_BYTES_MIN = 128;
const LANE_BYTES_MAX = 1 << 26;
const FRAME_BYTES_LIMIT = 1 << 30;

export const FRAME_BYTES_MAX_DEFAULT = 16 * 1024 * 1024;

/** Bytes of the rings for high, medium and low priority; each a power of two from 128 B to 64 MiB. */
export type LaneBytes = readonly [high: number, medium: number, low: number];

/**
 * The size of every link's lanes on a host of `nodes` nodes, which has `nodes * (nodes - 1)` links. Memory is committed by
 * the system when a page is first touched, so these are upper bounds:
 *
 *   nodes   one link                     all links
 *    <= 8   64 + 256 + 64 KiB = 385 KiB     56 links   21 MiB
 *   <= 16   32 + 128 + 32 KiB = 193 KiB    240 links   45 MiB
 *   <= 32   16 +  64 + 16 KiB =  97 KiB    992 links   94 MiB
 *   <= 64    8 +  32 +  8 KiB =  49 KiB   4032 links  191 MiB
 *    more    4 +  16 +  4 KiB =  25 KiB    128 nodes: 16 256 links, 391 MiB
 */
export function laneBytesFor(nodes: number): LaneBytes {
  const medium = nodes <= 8 ? 256 : nodes <= 16 ? 128 : nodes <= 32 ? 64 : nodes <= 64 ? 32 : 16;
  return [medium * 256, medium * 1024, medium * 256];
}

/** Bytes of shared memory that a link with these lanes takes. */
export function ringLinkBytes(laneBytes: LaneBytes): number {
  return RECORDS_BYTES + laneBytes[0] + laneBytes[1] + laneBytes[2];
}

export interface RingLinkMemoryOptions {
  /** Default: `laneBytesFor(2)`. */
  laneBytes?: LaneBytes;
  /** The largest frame the link carries, in pieces when it must; default 16 MiB, at most 1 GiB. */
  frameBytesMax?: number;
  /** Where all positions start, a multiple of 8; tests start near 2^32. Default 0. */
  start?: number;
}

/** Fresh memory for one link. It is attached once by a writer and once by a reader, and never used again when either has died. */
export function allocateRingLink(options: RingLinkMemoryOptions = {}): SharedArrayBuffer {
  const laneBytes = options.laneBytes ?? laneBytesFor(2);
  const frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX_DEFAULT;
  const start = (options.start ?? 0) | 0;
  for (const bytes of laneBytes) {
    if (!validLaneBytes(bytes))
      throw new RangeError(`A lane of ${bytes} bytes: a power of two from 128 to 2^26 it must be.`);
  }
  if (!validFrameBytesMax(frameBytesMax))
    throw new RangeError(`frameBytesMax: ${frameBytesMax} is not within 1 and 2^30.`);
  if (start % 8 !== 0) throw new RangeError(`start: ${start} is not a multiple of 8.`);
  const memory = new SharedArrayBuffer(ringLinkBytes(laneBytes));
  const words = new Int32Array(memory);
  for (let lane = 0; lane < LANES; lane++) {
    words[TAIL + lane] = words[HEAD + lane] = words[TAKEN + lane] = start;
    words[LANE_BYTES + lane] = laneBytes[lane]!;
  }
  words[START] = start;
  words[FRAME_BYTES_MAX] = frameBytesMax;
  words[MAGIC] = MAGIC_VALUE;
  return memory;
}

/** Where one lane's ring lies: indices are of 32-bit words, `base` and `capacity` are bytes. */
export interface LanePlace {
  readonly lane: Lane;
  readonly tail: number;
  readonly head: number;
  readonly taken: number;
  readonly count: number;
  readonly want: number;
  readonly base: number;
  readonly capacity: number;
  /** The position that the lane began with. */
  readonly start: number;
}

/** The memory of a link, looked at once when a side attaches to it. */
export interface RingLinkLayout {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly lanes: readonly [LanePlace, LanePlace, LanePlace];
  readonly want: number;
  readonly frameBytesMax: number;
}

/** Throws LinkCorruptError when `memory` is not what `allocateRingLink` made. */
export function ringLinkLayout(memory: SharedArrayBuffer): RingLinkLayout {
  if (memory.byteLength < RECORDS_BYTES) throw new LinkCorruptError('This is not the memory of a ring link.');
  const words = new Int32Array(memory);
  const frameBytesMax = words[FRAME_BYTES_MAX]!;
  let base = RECORDS_BYTES;
  const place = (lane: Lane): LanePlace => {
    const capacity = words[LANE_BYTES + lane]!;
    if (!validLaneBytes(capacity)) throw new LinkCorruptError(`Lane ${lane} of a ring link claims ${capacity} bytes.`);
    base += capacity;
    return {
      lane,
      tail: TAIL + lane,
      head: HEAD + lane,
      taken: TAKEN + lane,
      count: COUNT + lane,
      want: WANT,
      base: base - capacity,
      capacity,
      start: words[START]!,
    };
  };
  if (words[MAGIC] !== MAGIC_VALUE) throw new LinkCorruptError('This is not the memory of a ring link.');
  const lanes = [place(0), place(1), place(2)] as const;
  if (base !== memory.byteLength || !validFrameBytesMax(frameBytesMax)) {
    throw new LinkCorruptError('The memory of a ring link does not have the size that it claims.');
  }
  return { words, bytes: new Uint8Array(memory), lanes, want: WANT, frameBytesMax };
}

function validLaneBytes(bytes: number): boolean {
  return bytes >= LANE_BYTES_MIN && bytes <= LANE_BYTES_MAX && (bytes & (bytes - 1)) === 0;
}

function validFrameBytesMax(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= 1 && bytes <= FRAME_BYTES_LIMIT;
}
