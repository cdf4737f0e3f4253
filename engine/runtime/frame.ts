import { readEntityId } from '../../transport/codec/entity-id.ts';
import type { Reader } from '../../transport/codec/reader.ts';
import type { Writer } from '../../transport/codec/writer.ts';
import { InvalidMessageError } from '../base/errors.ts';
import { type Chain, NO_CHAIN } from './chain.ts';

/**
 * The header of every frame between nodes. Little-endian, 8-byte aligned in a ring.
 *
 *   request, one-way, cancel                              reply, error
 *   ┌────┬───────┬───────────┬──────────────────────┐     ┌────┬───────┬───────────┬──────────────────────┐
 *   │ 0  │ kind  │ 1 flags   │ 2  operation    u16  │     │ 0  │ kind  │ 1 flags   │ 2  operation    u16  │
 *   │ 4  │ request id                          u32  │     │ 4  │ request id                          u32  │
 *   │ 8  │ deadline, ms on the host's clock    u32  │     └────┴─ 8 payload ───────────────────────────────┘
 *   │ 12 │ slot    u16       │ 14 source slot  u16  │
 *   │ 16 │ epoch of the slot                   u32  │     The deadline wraps after 49 days and is compared as a signed
 *   │ 20 │ epoch of the source slot            u32  │     difference; 0 means none. A link between hosts will send the
 *   │ 24 │ incarnation of the source node      u32  │     remaining time instead.
 *   │ 28 │ source type u16   │ 30 id kinds │ 31 ends│
 *   │ 32 │ target id, when it is an int32      i32  │     id kinds: target in the low, source in the high half.
 *   │ 36 │ source id, when it is an int32      i32  │     ends: what the target is (low half), what the source is (high).
 *   │ 40 │ trace id                            2×u32│
 *   └────┴─ 48 extras, then payload ────────────────┘
 *
 *   sync, synced
 *   ┌────┬───────┬───────────┬──────────────────────┐
 *   │ 0  │ kind  │ 1 nothing │ 2  slot         u16  │     A bounce is the request or one-way message itself, with a bit set in its kind.
 *   │ 4  │ number of the sync                  u32  │
 *   └────┴──────────────────────────────────────────┘
 *
 * Extras, each only when the id kinds or a flag say so, in this order: target id, source id (as `writeEntityId`),
 * principal (CBOR behind its u32 length), lock chain (u16 count, then that many 2×u32: node incarnation, turn).
 *
 * The offsets live here and only here: constants imported from another module are slow on Node 20.
 */
const KIND = 0;
const FLAGS = 1;
const OPERATION = 2;
const REQUEST_ID = 4;
const DEADLINE = 8;
const SLOT = 12;
const SOURCE_SLOT = 14;
const EPOCH = 16;
const SOURCE_EPOCH = 20;
const SOURCE_INCARNATION = 24;
const SOURCE_TYPE = 28;
const ID_KINDS = 30;
const ENDS = 31;
const TARGET_ID = 32;
const SOURCE_ID = 36;
const TRACE_HIGH = 40;
const TRACE_LOW = 44;
/** The same places as words of 32 bits, for writing. */
const REQUEST_ID_WORD = REQUEST_ID >> 2;
const DEADLINE_WORD = DEADLINE >> 2;
const SLOT_WORD = SLOT >> 2;
const EPOCH_WORD = EPOCH >> 2;
const SOURCE_EPOCH_WORD = SOURCE_EPOCH >> 2;
const SOURCE_INCARNATION_WORD = SOURCE_INCARNATION >> 2;
const END_WORD = SOURCE_TYPE >> 2;
const TARGET_ID_WORD = TARGET_ID >> 2;
const SOURCE_ID_WORD = SOURCE_ID >> 2;
const TRACE_HIGH_WORD = TRACE_HIGH >> 2;
const TRACE_LOW_WORD = TRACE_LOW >> 2;
export const HEADER_BYTES = 48;
export const REPLY_HEADER_BYTES = 8;
export const SYNC_BYTES = 8;

export const KIND_REQUEST = 1;
export const KIND_ONE_WAY = 2;
export const KIND_REPLY = 3;
export const KIND_ERROR = 4;
export const KIND_CANCEL = 5;
/**
 * In a cluster, on the lane of the requests that they are about; 8 bytes, see `writeSync`. "Whatever I sent you for this slot before this is with
 * you now", and the answer: "or it has come back to you before this".
 */
export const KIND_SYNC = 6;
export const KIND_SYNCED = 7;
/** Beside the kind of a request, one-way message or engine operation that comes back to its sender as it was sent: it was not executed. */
export const BOUNCED = 0x80;
/** The slot of a sync that is about everything sent on its lane. */
export const ALL_SLOTS = 0xffff;

export const FLAG_ONLY_IF_ACTIVE = 1;
export const FLAG_CHAIN = 2;
export const FLAG_PRINCIPAL = 4;
/** The caller may send a cancel frame for this request. */
export const FLAG_ABORTABLE = 8;
/** A push that came from another gateway, and goes no further. */
export const FLAG_PASSED_ON = 16;

/** An int32 id stands in the header, any other in the extras. */
export const ID_INT32 = 0;
export const ID_OTHER = 1;

/** What a target or a source is. */
export const END_ENTITY = 0;
export const END_HOST = 1;
export const END_PRINCIPAL = 2;
export const END_SESSION = 3;
export const END_GROUP = 4;

/** Who sends: the part of the header that stays the same for one caller. */
export interface Stamp {
  /** Words 12 and 28 as far as they tell the source, see `slotWordOf` and `endWordOf`. */
  readonly slotWord: number;
  readonly endWord: number;
  readonly intId: number;
}

export const slotWordOf = (sourceSlot: number): number => sourceSlot << 16;
export const endWordOf = (type: number, idKind: number, end: number): number => type | (idKind << 20) | (end << 28);
/** Read back from an end word. */
export const typeOfEndWord = (endWord: number): number => endWord & 0xffff;
export const idKindOfEndWord = (endWord: number): number => (endWord >> 20) & 15;
export const endOfEndWord = (endWord: number): number => endWord >>> 28;
/** Word 0 of a frame. */
export const headWordOf = (kind: number, operation: number): number => kind | (operation << 16);

/** A request to an entity with an int32 id from a source with one, nothing special about it: most frames there are. */
export function writePlainRequest(
  out: Writer,
  headWord: number,
  slot: number,
  epoch: number,
  targetId: number,
  source: Stamp,
  sourceEpoch: number,
  incarnation: number,
): void {
  const { words } = out;
  const first = out.at >> 2;
  words[first] = headWord;
  words[first + SLOT_WORD] = slot | source.slotWord;
  words[first + EPOCH_WORD] = epoch;
  words[first + SOURCE_EPOCH_WORD] = sourceEpoch;
  words[first + SOURCE_INCARNATION_WORD] = incarnation;
  words[first + END_WORD] = source.endWord;
  words[first + TARGET_ID_WORD] = targetId;
  words[first + SOURCE_ID_WORD] = source.intId;
  out.at += HEADER_BYTES;
}

export function writeRequest(
  out: Writer,
  kind: number,
  flags: number,
  operation: number,
  slot: number,
  epoch: number,
  targetEnd: number,
  targetIdKind: number,
  targetId: number,
  source: Stamp,
  sourceEpoch: number,
  incarnation: number,
): void {
  const { words } = out;
  const first = out.at >> 2;
  words[first] = headWordOf(kind, operation) | (flags << 8);
  words[first + SLOT_WORD] = (slot & 0xffff) | source.slotWord;
  words[first + EPOCH_WORD] = epoch;
  words[first + SOURCE_EPOCH_WORD] = sourceEpoch;
  words[first + SOURCE_INCARNATION_WORD] = incarnation;
  words[first + END_WORD] = source.endWord | (targetIdKind << 16) | (targetEnd << 24);
  words[first + TARGET_ID_WORD] = targetId;
  words[first + SOURCE_ID_WORD] = source.intId;
  out.at += HEADER_BYTES;
}

/** What is known only once the arguments are encoded and the call is registered; `at` is where the frame begins. */
export function completeRequest(
  out: Writer,
  at: number,
  requestId: number,
  deadline: number,
  traceHigh: number,
  traceLow: number,
): void {
  const { words } = out;
  const first = at >> 2;
  words[first + REQUEST_ID_WORD] = requestId;
  words[first + DEADLINE_WORD] = deadline;
  words[first + TRACE_HIGH_WORD] = traceHigh;
  words[first + TRACE_LOW_WORD] = traceLow;
}

/** A client's principal as CBOR. `input` stands at it, and behind it afterwards. Throws InvalidMessageError. */
export function readPrincipal(input: Reader): Uint8Array {
  const length = input.view.getUint32(input.at, true);
  const at = input.at + 4;
  if (at + length > input.end) throw new InvalidMessageError('invalid', 'A principal is cut off.');
  input.at = at + length;
  return input.bytes.slice(at, at + length);
}

/** Bytes that a chain of a turn with so many ancestors takes. */
export const chainBytes = (ancestors: Chain): number => 2 + (ancestors.length + 2) * 4;

/** The ancestors, and the turn itself when its number is told. There must be `chainBytes` of room. */
export function writeChain(out: Writer, ancestors: Chain, incarnation: number, turn: number | undefined): void {
  const { view } = out;
  let { at } = out;
  view.setUint16(at, ancestors.length / 2 + (turn === undefined ? 0 : 1), true);
  at += 2;
  for (let i = 0; i < ancestors.length; i++, at += 4) view.setInt32(at, ancestors[i]!, true);
  if (turn !== undefined) {
    view.setInt32(at, incarnation, true);
    view.setInt32(at + 4, turn, true);
    at += 8;
  }
  out.at = at;
}

/** `input` stands at the chain, and behind it afterwards. Throws InvalidMessageError. */
export function readChain(input: Reader): Chain {
  const { view } = input;
  const words = input.at + 2 > input.end ? 0 : view.getUint16(input.at, true) * 2;
  input.at += 2;
  if (input.at + words * 4 > input.end) throw new InvalidMessageError('invalid', 'A call chain is cut off.');
  if (words === 0) return NO_CHAIN;
  const chain = new Int32Array(words);
  for (let i = 0; i < words; i++, input.at += 4) chain[i] = view.getInt32(input.at, true);
  return chain;
}

/** The chain of a frame at whose first byte `input` stands, and stays. Empty for one that cannot be read: running it will say so. */
export function chainOf(input: Reader): Chain {
  const { view, at } = input;
  const flags = flagsOf(view, at);
  if ((flags & FLAG_CHAIN) === 0) return NO_CHAIN;
  const idKinds = idKindsOf(view, at);
  input.at = at + HEADER_BYTES;
  try {
    if ((idKinds & 15) !== ID_INT32) readEntityId(input);
    if (idKinds >> 4 !== ID_INT32) readEntityId(input);
    if (flags & FLAG_PRINCIPAL) input.at += 4 + view.getUint32(input.at, true);
    return readChain(input);
  } catch {
    return NO_CHAIN;
  } finally {
    input.at = at;
  }
}

/** Words that are the same in all messages of one caller; now and then in those of another one as well. */
export function callerHashOf(view: DataView, at: number): number {
  const end = view.getUint8(at + ENDS) >> 4;
  const type = (view.getUint16(at + SOURCE_TYPE, true) << 8) | (view.getUint8(at + ID_KINDS) & 0xf0) | end;
  const place =
    end === END_ENTITY ? view.getUint16(at + SOURCE_SLOT, true) : view.getInt32(at + SOURCE_INCARNATION, true);
  return Math.imul(Math.imul(type, 31) + view.getInt32(at + SOURCE_ID, true), 0x01000193) ^ place;
}

/** Source, target and operation of a message, as a key. `input` stands at its first byte, and stays. Throws InvalidMessageError. */
export function streamOf(input: Reader): string {
  const { bytes, view, at } = input;
  const idKinds = idKindsOf(view, at);
  input.at = at + HEADER_BYTES;
  if ((idKinds & 15) !== ID_INT32) readEntityId(input);
  if (idKinds >> 4 !== ID_INT32) readEntityId(input);
  const ids = textOf(bytes, at + HEADER_BYTES, input.at);
  input.at = at;
  return `${operationOf(view, at)}:${textOf(bytes, at + SOURCE_TYPE, at + TRACE_HIGH)}${ids}`;
}

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  from === to ? '' : Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');

export function writeReply(out: Writer, kind: number, operation: number, requestId: number): void {
  const { words } = out;
  const first = out.at >> 2;
  words[first] = kind | (operation << 16);
  words[first + REQUEST_ID_WORD] = requestId;
  out.at += REPLY_HEADER_BYTES;
}

/** A sync or its answer; `number` comes back with the answer. */
export function writeSync(out: Writer, kind: number, slot: number, number: number): void {
  const { words } = out;
  const first = out.at >> 2;
  words[first] = kind | (slot << 16);
  words[first + REQUEST_ID_WORD] = number;
  out.at += SYNC_BYTES;
}

export const syncSlotOf = (view: DataView, at: number): number => view.getUint16(at + OPERATION, true);
export const syncNumberOf = (view: DataView, at: number): number => view.getInt32(at + REQUEST_ID, true);

/** Whether a request or one-way frame of this operation begins here. */
export const opensOperation = (view: DataView, at: number, code: number): boolean =>
  view.getUint16(at + OPERATION, true) === code && view.getUint8(at + KIND) <= KIND_ONE_WAY;

export const kindOf = (view: DataView, at: number): number => view.getUint8(at + KIND);
export const flagsOf = (view: DataView, at: number): number => view.getUint8(at + FLAGS);
export const operationOf = (view: DataView, at: number): number => view.getUint16(at + OPERATION, true);
export const requestIdOf = (view: DataView, at: number): number => view.getInt32(at + REQUEST_ID, true);
export const deadlineOf = (view: DataView, at: number): number => view.getInt32(at + DEADLINE, true);
export const slotOf = (view: DataView, at: number): number => view.getUint16(at + SLOT, true);
export const sourceSlotOf = (view: DataView, at: number): number => view.getUint16(at + SOURCE_SLOT, true);
export const epochOf = (view: DataView, at: number): number => view.getUint32(at + EPOCH, true);
export const sourceEpochOf = (view: DataView, at: number): number => view.getUint32(at + SOURCE_EPOCH, true);
export const incarnationOf = (view: DataView, at: number): number => view.getUint32(at + SOURCE_INCARNATION, true);
export const sourceTypeOf = (view: DataView, at: number): number => view.getUint16(at + SOURCE_TYPE, true);
export const idKindsOf = (view: DataView, at: number): number => view.getUint8(at + ID_KINDS);
export const endsOf = (view: DataView, at: number): number => view.getUint8(at + ENDS);
export const targetIdOf = (view: DataView, at: number): number => view.getInt32(at + TARGET_ID, true);
export const sourceIdOf = (view: DataView, at: number): number => view.getInt32(at + SOURCE_ID, true);
export const traceHighOf = (view: DataView, at: number): number => view.getInt32(at + TRACE_HIGH, true);
export const traceLowOf = (view: DataView, at: number): number => view.getInt32(at + TRACE_LOW, true);

/** For the owner that a message goes to, again. */
export function readdress(view: DataView, at: number, epoch: number): void {
  view.setInt32(at + EPOCH, epoch, true);
}

/** Marks a message as one that comes back, or takes the mark off. */
export function setKind(view: DataView, at: number, kind: number): void {
  view.setUint8(at + KIND, kind);
}

/** Whether an entity sent it: then its source slot and that slot's epoch say which. */
export const isFromEntity = (view: DataView, at: number): boolean => view.getUint8(at + ENDS) >> 4 === END_ENTITY;
/** Whether it is for an entity, and goes to whoever owns its slot. */
export const isForEntity = (view: DataView, at: number): boolean => (view.getUint8(at + ENDS) & 15) === END_ENTITY;

/** A request that has got its answer already: nobody waits for it any more. */
export function makeOneWay(view: DataView, at: number): void {
  view.setUint8(at + KIND, KIND_ONE_WAY);
  view.setUint8(at + FLAGS, flagsOf(view, at) & ~FLAG_ABORTABLE);
  view.setInt32(at + REQUEST_ID, 0, true);
  view.setInt32(at + DEADLINE, 0, true);
}

/** Milliseconds on the node's clock; Infinity without one. */
export function deadlineIn(view: DataView, at: number, now: number): number {
  const wire = deadlineOf(view, at);
  return wire === 0 ? Number.POSITIVE_INFINITY : Math.floor(now) + ((wire - (now | 0)) | 0);
}

/** Past its deadline on the host's clock. */
export function isExpired(view: DataView, at: number, now: number): boolean {
  const wire = deadlineOf(view, at);
  return wire !== 0 && ((wire - (now | 0)) | 0) < 0;
}

/** For what came from another host, whose clock, operations and types have other numbers. */
export function moveDeadline(view: DataView, at: number, offsetMs: number): void {
  const wire = deadlineOf(view, at);
  if (wire !== 0) view.setInt32(at + DEADLINE, (wire + offsetMs) | 0 || 1, true);
}
export const setOperation = (view: DataView, at: number, code: number): void =>
  view.setUint16(at + OPERATION, code, true);
export const setSourceType = (view: DataView, at: number, type: number): void =>
  view.setUint16(at + SOURCE_TYPE, type, true);
