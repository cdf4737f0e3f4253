import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import { MISMATCH } from '../../transport/codec/writer.ts';
import { explain } from '../contract/check.ts';
import type { Log } from './log.ts';
import { encodeThrown } from './remote-error.ts';

/** What a compute file exports as its default. It may return a promise. */
export type ComputeFunction = (input: any, signal: AbortSignal) => unknown;

/**
 * Runs the compute functions of a game off the entity threads: where calls of `node.compute` end. The host implements it; only bytes pass
 * through the node in between.
 */
export interface Compute {
  /**
   * Runs a function on CBOR that the caller gives away. Rejects with EngineError when it could not be run to its end. When the signal
   * aborts nobody waits any more: the function is ended, whatever it does, and nothing needs to settle.
   */
  run(name: string, input: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<ComputeOutcome>;
}

/** The result of a function as CBOR, or what it threw as an error record. */
export type ComputeOutcome = { readonly value: Uint8Array } | { readonly error: Uint8Array };

/** Between the bytes and the function, on whichever thread it runs. Never rejects. */
export async function runFunction(
  name: string,
  load: () => Promise<ComputeFunction> | ComputeFunction,
  input: Uint8Array,
  signal: AbortSignal,
  log: Log,
): Promise<ComputeOutcome> {
  const where = `compute '${name}'`;
  try {
    const run = await load();
    const value = await run(decodeCbor(input), signal);
    try {
      return { value: encodeCbor(value) };
    } catch (error) {
      if (error !== MISMATCH) throw error;
      throw explain({}, { kind: 'unknown' }, value, `${where}: result`) ?? new TypeError(`${where}: result`);
    }
  } catch (error) {
    return { error: encodeThrown(error, where, log) };
  }
}
