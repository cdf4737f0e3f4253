/** Whether a launcher starts its host again, and when. Pure. */
import { EXIT_LOST, EXIT_TAKEN } from './host-lost.ts';

/** After the first end of the host, ms; twice as long after each further one. */
const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 30_000;
/** So many ends … */
const ENDS_MAX = 5;
/** … in so much time, ms, and the launcher gives up. */
const WITHIN_MS = 300_000;

export interface HostEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** It had served calls. */
  readonly wasReady: boolean;
  /** A signal to the launcher had asked it to end. */
  readonly wasAsked: boolean;
  readonly now: number;
}

export type LaunchDecision =
  | { readonly effect: 'restart'; readonly afterMs: number; readonly ends: readonly number[] }
  | { readonly effect: 'exit'; readonly code: number; readonly why: 'done' | 'never-ready' | 'too-often' };

/** `ends`: when the host ended before, as far back as it matters. */
export function afterHostEnd(ends: readonly number[], { code, wasReady, wasAsked, now }: HostEnd): LaunchDecision {
  if (code === 0 || code === EXIT_TAKEN || wasAsked) return { effect: 'exit', code: code ?? 1, why: 'done' };
  // What the operator got wrong is not repaired by trying again; a host that did serve before is.
  if (!wasReady && ends.length === 0 && code !== null && code !== EXIT_LOST)
    return { effect: 'exit', code, why: 'never-ready' };
  const recent = [...ends.filter((at) => now - at < WITHIN_MS), now];
  if (recent.length > ENDS_MAX) return { effect: 'exit', code: 1, why: 'too-often' };
  return {
    effect: 'restart',
    afterMs: Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (recent.length - 1)),
    ends: recent,
  };
}
