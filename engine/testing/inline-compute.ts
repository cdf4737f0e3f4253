import { UnavailableError } from '../base/errors.ts';
import { type Compute, type ComputeFunction, type ComputeOutcome, runFunction } from '../runtime/compute.ts';
import type { Log } from '../runtime/log.ts';

/** Runs compute functions where the test runs: same bytes, same errors, no threads. A function that never ends blocks the test. */
export class InlineCompute implements Compute {
  private readonly functions: ReadonlyMap<string, () => Promise<ComputeFunction> | ComputeFunction>;
  private readonly log: Log;
  /** Calls that have not settled. */
  running = 0;

  /** What loads a function, by name. */
  constructor(functions: ReadonlyMap<string, () => Promise<ComputeFunction> | ComputeFunction>, log: Log) {
    this.functions = functions;
    this.log = log;
  }

  async run(name: string, input: Uint8Array, signal: AbortSignal): Promise<ComputeOutcome> {
    const load = this.functions.get(name);
    if (load === undefined) throw new UnavailableError('no-owner', `There is no compute function '${name}' here.`);
    this.running++;
    try {
      return await runFunction(name, load, input, signal, this.log);
    } finally {
      this.running--;
    }
  }
}
