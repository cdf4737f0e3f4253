import { EarliestTimer } from '../base/earliest-timer.ts';
import { CallTimeoutError } from '../base/errors.ts';

interface Pending {
  readonly where: string;
  /** Does its answer mean anything beyond that it came? */
  readonly hasValue: boolean;
  readonly deadline: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** Calls that wait for the server's answer, by opSeq. */
export class PendingCalls {
  private readonly now: () => number;
  private readonly cancel: (opSeq: number) => void;
  private readonly pending = new Map<number, Pending>();
  private readonly timer: EarliestTimer;

  /** `cancel` is told of calls that nobody waits for any more. */
  constructor(now: () => number, cancel: (opSeq: number) => void) {
    this.now = now;
    this.cancel = cancel;
    this.timer = new EarliestTimer(now, (time) => this.expire(time));
  }

  get size(): number {
    return this.pending.size;
  }

  add(
    opSeq: number,
    where: string,
    hasValue: boolean,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = this.now() + timeoutMs;
      const onAbort = signal && (() => this.abort(opSeq));
      signal?.addEventListener('abort', onAbort!, { once: true });
      this.pending.set(opSeq, { where, hasValue, deadline, resolve, reject, signal, onAbort });
      this.timer.arm(deadline);
    });
  }

  /** Answers to nobody are ignored: the call timed out or was aborted. */
  resolve(opSeq: number, value: unknown): void {
    const pending = this.take(opSeq);
    pending?.resolve(pending.hasValue ? value : undefined);
  }

  /** False: nobody waits for that. */
  reject(opSeq: number, errorOf: (where: string) => Error): boolean {
    const pending = this.take(opSeq);
    pending?.reject(errorOf(pending.where));
    return pending !== undefined;
  }

  rejectAll(errorOf: (where: string) => Error): void {
    this.timer.stop();
    for (const opSeq of [...this.pending.keys()]) this.reject(opSeq, errorOf);
  }

  private abort(opSeq: number): void {
    const pending = this.take(opSeq);
    if (pending === undefined) return;
    this.cancel(opSeq);
    pending.reject(pending.signal!.reason);
  }

  private take(opSeq: number): Pending | undefined {
    const pending = this.pending.get(opSeq);
    if (pending === undefined) return undefined;
    this.pending.delete(opSeq);
    pending.signal?.removeEventListener('abort', pending.onAbort!);
    return pending;
  }

  private expire(now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [opSeq, { deadline }] of this.pending) {
      if (deadline <= now) {
        this.cancel(opSeq);
        this.reject(opSeq, (where) => new CallTimeoutError('timeout', `${where}: no reply in time.`));
      } else earliest = Math.min(earliest, deadline);
    }
    return earliest;
  }
}
