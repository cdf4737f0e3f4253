/**
 * What travels in one message from one node to a node of another host. Little-endian, every section begins at a multiple of 8.
 *
 *   +0  MAGIC and version       +4  CRC-32 of everything behind it
 *   +8  run of the source       +16 run of the target (float64: runs are numbers up to 2^53)
 *   +24 sections                +26 GREETED: the source has the target's greeting
 *   +27 length of the source's name
 *   +28 the source's clock as the message leaves: milliseconds, wraps at 2^32      +32 the name
 *
 *   LANE        +0 kind: the lane  +1 asks  +4 bytes of the batch
 *               +8 seq  +16 cumulative  +24 frames  +32 bytes  +40 sack, two words  +48 frames taken  +56 the batch
 *   GREETING    +0 kind  +4 bytes  +8 the greeting
 *   UNRELIABLE  +0 kind  +1 lane  +2 bytes of the stream's name  +4 bytes of the frame  +8 stamp  +16 the name, the frame
 */
import { crc32 } from 'node:zlib';
import type { Lane } from '../../transport/link.ts';
import type { Ack, Numbered } from './session-sender.ts';
import type { Stamped } from './unreliable-lane.ts';

const MAGIC = 0x02524b53;
const HEADER_BYTES = 32;
const GREETING = 3;
const UNRELIABLE = 4;
export const LANE_HEADER_BYTES = 56;
const STREAM_HEADER_BYTES = 16;
const SECTIONS_MAX = 0xffff;

export interface LaneSection extends Pick<Numbered<Uint8Array>, 'seq' | 'asks'> {
  readonly kind: 'lane';
  readonly lane: Lane;
  readonly ack: Ack;
  /** Frames of this lane that the source of the message has taken so far; wraps at 2^32. */
  readonly taken: number;
  /** Empty for seq 0. Read from a message it is a view of that. */
  readonly batch: Uint8Array;
}

export interface GreetingSection {
  readonly kind: 'greeting';
  readonly greeting: Uint8Array;
}

export interface UnreliableSection {
  readonly kind: 'unreliable';
  readonly lane: Lane;
  readonly stamped: Stamped<Uint8Array>;
}

export type Section = LaneSection | GreetingSection | UnreliableSection;

export interface Publish {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly greeted: boolean;
  /** What deadlines in its frames are to be compared with. */
  readonly clock: number;
  readonly sections: readonly Section[];
}

const text = new TextEncoder();
const aligned = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes that the message takes without any section. */
export function emptyPublishBytes(source: string): number {
  return aligned(HEADER_BYTES + source.length);
}

export function sectionBytes(section: Section): number {
  if (section.kind === 'lane') return LANE_HEADER_BYTES + aligned(section.batch.length);
  if (section.kind === 'greeting') return 8 + aligned(section.greeting.length);
  const { stream, frame } = section.stamped;
  return STREAM_HEADER_BYTES + aligned(Buffer.byteLength(stream)) + aligned(frame.length);
}

/** The name has up to 255 bytes of ASCII, and there are at most 65 535 sections. */
export function encodePublish({ source, from, to, greeted, clock, sections }: Publish): Uint8Array {
  if (sections.length > SECTIONS_MAX) throw new RangeError(`${sections.length} sections do not fit one message.`);
  let bytes = emptyPublishBytes(source);
  for (const section of sections) bytes += sectionBytes(section);
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setFloat64(8, from, true);
  view.setFloat64(16, to, true);
  view.setUint16(24, sections.length, true);
  out[26] = greeted ? 1 : 0;
  out[27] = source.length;
  view.setInt32(28, clock, true);
  text.encodeInto(source, out.subarray(HEADER_BYTES));
  let at = emptyPublishBytes(source);
  for (const section of sections) at = write(out, view, at, section);
  view.setUint32(4, crc32(out.subarray(8)), true);
  return out;
}

function write(out: Uint8Array, view: DataView, at: number, section: Section): number {
  if (section.kind === 'lane') {
    const { lane, asks, batch, seq, ack, taken } = section;
    out[at] = lane;
    out[at + 1] = asks ? 1 : 0;
    view.setUint32(at + 4, batch.length, true);
    view.setFloat64(at + 8, seq, true);
    view.setFloat64(at + 16, ack.cumulative, true);
    view.setFloat64(at + 24, ack.frames, true);
    view.setFloat64(at + 32, ack.bytes, true);
    view.setInt32(at + 40, ack.sackLow, true);
    view.setInt32(at + 44, ack.sackHigh, true);
    view.setUint32(at + 48, taken, true);
    out.set(batch, at + LANE_HEADER_BYTES);
  } else if (section.kind === 'greeting') {
    out[at] = GREETING;
    view.setUint32(at + 4, section.greeting.length, true);
    out.set(section.greeting, at + 8);
  } else {
    const { stamp, stream, frame } = section.stamped;
    const name = text.encode(stream);
    out[at] = UNRELIABLE;
    out[at + 1] = section.lane;
    view.setUint16(at + 2, name.length, true);
    view.setUint32(at + 4, frame.length, true);
    view.setFloat64(at + 8, stamp, true);
    out.set(name, at + STREAM_HEADER_BYTES);
    out.set(frame, at + STREAM_HEADER_BYTES + aligned(name.length));
  }
  return at + sectionBytes(section);
}

/** Undefined for whatever `encodePublish` cannot have made. Batches, greetings and frames are views of `bytes`. */
export function decodePublish(bytes: Uint8Array): Publish | undefined {
  if (bytes.length < aligned(HEADER_BYTES) || bytes.length % 8 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32(bytes.subarray(8))) return undefined;
  const nameEnd = HEADER_BYTES + bytes[27]!;
  if (nameEnd > bytes.length) return undefined;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_BYTES, bytes[27]!).toString('latin1');
  const count = view.getUint16(24, true);
  const sections: Section[] = [];
  let at = aligned(nameEnd);
  for (let i = 0; i < count; i++) {
    const section = at + 8 <= bytes.length ? read(bytes, view, at) : undefined;
    if (section === undefined) return undefined;
    sections.push(section);
    at += sectionBytes(section);
  }
  if (at !== bytes.length) return undefined;
  return {
    source,
    from: view.getFloat64(8, true),
    to: view.getFloat64(16, true),
    greeted: bytes[26] === 1,
    clock: view.getInt32(28, true),
    sections,
  };
}

function read(bytes: Uint8Array, view: DataView, at: number): Section | undefined {
  const kind = bytes[at]!;
  const length = view.getUint32(at + 4, true);
  const piece = (from: number, size: number): Uint8Array | undefined =>
    from + size <= bytes.length ? bytes.subarray(from, from + size) : undefined;
  if (kind === GREETING) {
    const greeting = piece(at + 8, length);
    return greeting && { kind: 'greeting', greeting };
  }
  if (kind === UNRELIABLE) {
    const nameBytes = view.getUint16(at + 2, true);
    const name = piece(at + STREAM_HEADER_BYTES, nameBytes);
    const frame = piece(at + STREAM_HEADER_BYTES + aligned(nameBytes), length);
    const lane = bytes[at + 1]!;
    if (name === undefined || frame === undefined || lane > 2) return undefined;
    const stream = Buffer.from(name).toString('utf8');
    if (Buffer.byteLength(stream) !== nameBytes) return undefined;
    const stamped = { stamp: view.getFloat64(at + 8, true), stream, frame };
    return { kind: 'unreliable', lane: lane as Lane, stamped };
  }
  const batch = piece(at + LANE_HEADER_BYTES, length);
  if (kind > 2 || batch === undefined) return undefined;
  const seq = view.getFloat64(at + 8, true);
  const ack = {
    cumulative: view.getFloat64(at + 16, true),
    frames: view.getFloat64(at + 24, true),
    bytes: view.getFloat64(at + 32, true),
    sackLow: view.getInt32(at + 40, true),
    sackHigh: view.getInt32(at + 44, true),
  };
  for (const count of [seq, ack.cumulative, ack.frames, ack.bytes]) {
    if (!Number.isSafeInteger(count) || count < 0) return undefined;
  }
  // A batch has a number, and a number has a batch.
  if ((seq === 0) !== (batch.length === 0)) return undefined;
  const taken = view.getUint32(at + 48, true);
  return { kind: 'lane', lane: kind as Lane, asks: bytes[at + 1] === 1, seq, ack, taken, batch };
}
