import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import { MISMATCH } from '../../transport/codec/writer.ts';
import { InvalidMessageError } from '../base/errors.ts';
import { explain } from '../contract/check.ts';
import type { WireTypes } from '../contract/wire-type.ts';
import type { Missed } from './durable-task.ts';
import type { TaskOptions } from './entity.ts';

/** Of a durable task: they are part of the entity's record. */
export const ARGS_BYTES_MAX = 64 * 1024;

const OPTIONS: readonly string[] = ['args', 'durable', 'missed'] satisfies (keyof TaskOptions)[];

/** What the options of a task say. */
export interface CheckedOptions {
  readonly args: readonly unknown[];
  /** Undefined for a task that is not durable. */
  readonly missed: Missed | undefined;
}

const NO_OPTIONS: CheckedOptions = { args: [], missed: undefined };

/** Throws TypeError, naming `what`; InvalidMessageError (`too-large`) for arguments of a durable task. */
export function checkOptions(types: WireTypes, what: string, options: TaskOptions | undefined): CheckedOptions {
  if (options === undefined) return NO_OPTIONS;
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) throw new TypeError(`${what}: unknown option '${option}'.`);
  }
  const { args = [], durable = false, missed } = options;
  if (!Array.isArray(args)) throw new TypeError(`${what}: args is a list.`);
  if (typeof durable !== 'boolean') throw new TypeError(`${what}: durable is true or false.`);
  if (missed !== undefined) {
    if (missed !== 'once' && missed !== 'skip') throw new TypeError(`${what}: missed is 'once' or 'skip'.`);
    if (!durable) throw new TypeError(`${what}: missed is for durable tasks: it needs durable: true.`);
  }
  if (!durable) return { args, missed: undefined };
  return { args: copied(types, what, args), missed: missed ?? 'once' };
}

/** As they will be after a restart. */
function copied(types: WireTypes, what: string, args: readonly unknown[]): unknown[] {
  let bytes: Uint8Array;
  try {
    bytes = encodeCbor(args);
  } catch (error) {
    if (error !== MISMATCH) throw error;
    throw explain(types, { kind: 'unknown' }, args, `${what}: args`) ?? new TypeError(`${what}: args nest too deeply.`);
  }
  if (bytes.length > ARGS_BYTES_MAX) {
    throw new InvalidMessageError('too-large', `${what}: args take more than ${ARGS_BYTES_MAX} bytes.`);
  }
  return decodeCbor(bytes) as unknown[];
}
