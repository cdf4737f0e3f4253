/** What runs on a thread for compute functions. The pool calls the default export. */
import type { MessagePort } from 'node:worker_threads';
import { type ComputeOutcome, runFunction } from '../runtime/compute.ts';
import type { Log } from '../runtime/log.ts';
import { loadFunction } from './compute-functions.ts';

export interface ComputeJob {
  readonly name: string;
  /** URL of the built module. */
  readonly url: string;
  /** CBOR. */
  readonly input: Uint8Array;
  /** Says, once, why nobody waits for the result any more. */
  readonly abort: MessagePort;
}

export interface AbortMessage {
  readonly name: string;
  readonly message: string;
}

/** What there is to say about a run that ended. */
export type JobOutcome = ComputeOutcome & { readonly notes: readonly { fields: object; message: string }[] };

export default async function run({ name, url, input, abort }: ComputeJob): Promise<JobOutcome> {
  const controller = new AbortController();
  abort.on('message', (reason: AbortMessage) => controller.abort(new DOMException(reason.message, reason.name)));
  const notes: { fields: object; message: string }[] = [];
  const note = (fields: object, message = ''): void => void notes.push({ fields, message });
  const log: Log = { debug: note, info: note, warn: note, error: note };
  try {
    return { ...(await runFunction(name, () => loadFunction(name, url), input, controller.signal, log)), notes };
  } finally {
    abort.close();
  }
}
