/** What runs on a thread for compute functions. The pool calls the default export. */
import { type ComputeOutcome, runFunction } from '../runtime/compute.ts';
import type { Log } from '../runtime/log.ts';
import { loadFunction } from './compute-functions.ts';

export interface ComputeJob {
  readonly name: string;
  /** URL of the built module. */
  readonly url: string;
  /** CBOR. */
  readonly input: Uint8Array;
  /** One word: RUNNING until somebody says why the function need not go on. */
  readonly word: SharedArrayBuffer;
}

export const RUNNING = 0;
/** Nobody waits for the result any more. */
export const ABORTED = 1;
export const TIMED_OUT = 2;
/** It has ended: its thread does not listen any more. */
const ENDED = 3;

/** What there is to say about a run that ended. */
export type JobOutcome = ComputeOutcome & { readonly notes: readonly { fields: object; message: string }[] };

export default async function run({ name, url, input, word }: ComputeJob): Promise<JobOutcome> {
  const controller = new AbortController();
  const flag = new Int32Array(word);
  void listen(flag, controller);
  const notes: { fields: object; message: string }[] = [];
  const note = (fields: object, message = ''): void => void notes.push({ fields, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  try {
    return { ...(await runFunction(name, () => loadFunction(name, url), input, controller.signal, log)), notes };
  } finally {
    // Ends the wait, whose memory would otherwise stay. Fails when the other side was first: then it has ended already.
    Atomics.compareExchange(flag, 0, RUNNING, ENDED);
    Atomics.notify(flag, 0);
  }
}

/** Pairs with the store and the notify in `abort` of `compute-pool.ts`: whoever waits hears of it, whoever comes later sees it. */
async function listen(flag: Int32Array, controller: AbortController): Promise<void> {
  await Atomics.waitAsync(flag, 0, RUNNING).value;
  const why = Atomics.load(flag, 0);
  if (why === TIMED_OUT) controller.abort(new DOMException('The deadline of the call has passed.', 'TimeoutError'));
  else if (why === ABORTED) controller.abort(new DOMException('The caller has given up.', 'AbortError'));
}
