import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import type { Reader } from '../../transport/codec/reader.ts';
import { OVERFLOW, type Writer } from '../../transport/codec/writer.ts';
import { LANE_MEDIUM } from '../../transport/link.ts';
import { TIMEOUT_MS_DEFAULT } from '../contract/contract.ts';
import {
  type BoundContract,
  LOCK_ENTITY,
  LOCK_NONE,
  type Operation,
  RETURNS_VALUE,
  RETURNS_VOID,
} from './catalogue.ts';
import { headWordOf, KIND_ONE_WAY, KIND_REQUEST } from './frame.ts';

/**
 * What the engine itself asks of another node travels like any call: same frames, same order, same pending calls. Codes above
 * those of the generator; arguments and results are CBOR. Types go by name: nodes of another version of the game number them differently.
 */
export const ENGINE_OPERATIONS = 0xff00;

/** Told again when it takes longer. */
const GATEWAY_NEWS_MS_MAX = 5_000;

const CONTRACT = { name: 'node', operations: [], type: undefined } as unknown as BoundContract;

function engineOperation(
  code: number,
  name: string,
  lock = LOCK_NONE,
  returns = RETURNS_VALUE,
  timeoutMs = TIMEOUT_MS_DEFAULT,
): Operation {
  return Object.freeze({
    code,
    headWord: headWordOf(returns === RETURNS_VOID ? KIND_ONE_WAY : KIND_REQUEST, code),
    name,
    contract: CONTRACT,
    traits: undefined as never,
    model: { name, parameters: [], returns: 'value' as const, result: { kind: 'unknown' as const } },
    lane: LANE_MEDIUM,
    reliable: true,
    conflated: false,
    returns,
    timeoutMs,
    lock,
    readOnly: false,
    dispatch(): unknown {
      throw new Error(`${name} is the engine's own operation.`);
    },
    writeResult(out: Writer, value: unknown): void {
      writeCborRest(out, value);
    },
    readResult(input: Reader): unknown {
      return readCborRest(input);
    },
  });
}

/** target: entity; [name of the type, hasInitial, initial] */
export const CREATE = engineOperation(0xff00, 'create');
/** target: entity; [name of the type] → whether there was one. Runs like an operation under an entity lock: after what runs, before what comes later. */
export const DESTROY = engineOperation(0xff01, 'destroy', LOCK_ENTITY);
/** target: node; [name of the type, ListCursor] → ListPage */
export const LIST = engineOperation(0xff02, 'list');
/** target: the node that keeps groups; [contract, group, principal] */
export const GROUP_ADD = engineOperation(0xff03, 'group.add');
export const GROUP_REMOVE = engineOperation(0xff04, 'group.remove');
/** target: the node of another gateway; the rows of `Presence` → null */
export const GATEWAY_NEWS = engineOperation(0xff0c, 'gateway.news', LOCK_NONE, RETURNS_VALUE, GATEWAY_NEWS_MS_MAX);
/** How a task runs that is no operation of a contract, in a game whose default lock is not that of the entity, and in one where it is. */
export const TASK = engineOperation(0xff05, 'task');
export const LOCKED_TASK = engineOperation(0xff06, 'task', LOCK_ENTITY);
/** target: node; one way; the notes of `DeadlockWatch` */
export const DEADLOCKS = engineOperation(0xff08, 'deadlocks', LOCK_NONE, RETURNS_VOID);

/** Some stores have to be read as a whole for it. */
const SCAN_MS_MAX = 10 * 60_000;
/** A store that takes longer is taken for one that does not answer. */
const STORE_MS_MAX = 15_000;
/** target: the node that holds the store; [slot, token] → null */
export const STORE_CLAIM = storeOperation(0xff09, 'claim');
/** [key, slot] → StoredRecord or null */
export const STORE_LOAD = storeOperation(0xff0a, 'load');
/** SaveColumns → the new etags */
export const STORE_SAVE = storeOperation(0xff0b, 'save');

/** [prefix, key behind which it goes on, how many] → keys */
export const STORE_KEYS = engineOperation(0xff0d, 'store.keys', LOCK_NONE, RETURNS_VALUE, SCAN_MS_MAX);

export const isStoreOperation = (code: number): boolean =>
  (code >= STORE_CLAIM.code && code <= STORE_SAVE.code) || code === STORE_KEYS.code;

/** A parcel or the end of it is late after so long: it is sent again. */
const DELIVER_MS_MAX = 10_000;
/**
 * target: entity; [contract, operation, fingerprint, sender, number, number of the one before it or 0, welcome, arguments] → 0 once it is flushed that
 * the operation has run, or the welcome to send it again with. Answers, and is in order, after it has run.
 */
export const DELIVER = engineOperation(0xff0e, 'deliver', LOCK_NONE, RETURNS_VALUE, DELIVER_MS_MAX);
/** target: entity; [contract, sender, number] → 0 once it is flushed that the mark of this sender is forgotten, if it is not above that number */
export const FORGET = engineOperation(0xff0f, 'forget', LOCK_NONE, RETURNS_VALUE, DELIVER_MS_MAX);

function storeOperation(code: number, name: string): Operation {
  return engineOperation(code, `store.${name}`, LOCK_NONE, RETURNS_VALUE, STORE_MS_MAX);
}

/** Never travel: how the black box names the hooks. */
export const ACTIVATE = 0xff10;
export const DEACTIVATE = 0xff11;
/** Nor do these: what the turns of hooks run. */
export const ON_ACTIVATE = engineOperation(ACTIVATE, 'onActivate');
export const ON_DEACTIVATE = engineOperation(DEACTIVATE, 'onDeactivate');

/** target: the node with the threads for it, the name as id; the input as CBOR → the result as CBOR, made and read at both ends only. */
export const COMPUTE: Operation = Object.freeze({
  ...engineOperation(0xff07, 'compute'),
  writeResult(out: Writer, value: unknown): void {
    writeBytes(out, value as Uint8Array);
  },
});

/** CBOR that is the rest of a frame. */
export function writeCborRest(out: Writer, value: unknown): void {
  writeBytes(out, encodeCbor(value));
}

function writeBytes(out: Writer, bytes: Uint8Array): void {
  if (out.at + bytes.length > out.end) throw OVERFLOW;
  out.bytes.set(bytes, out.at);
  out.at += bytes.length;
}

export function readCborRest(input: Reader): unknown {
  const bytes = input.bytes.slice(input.at, input.end);
  input.at = input.end;
  return decodeCbor(bytes);
}
