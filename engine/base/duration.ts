/** '250ms', '5s', '10m', '1h', or milliseconds. */
export type Duration = string | number;

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Throws TypeError, naming `what`, for anything that is not a non-negative duration. */
export function milliseconds(duration: Duration, what = 'duration'): number {
  if (typeof duration === 'number' && duration >= 0 && Number.isFinite(duration)) return duration;
  if (typeof duration === 'string') {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
    if (match) return Number(match[1]) * UNIT_MS[match[2]!]!;
  }
  throw new TypeError(`${what}: '${String(duration)}' is not a duration; write it like '250ms', '5s' or '10m'.`);
}
