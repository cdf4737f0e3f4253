/** How often a node thread may be replaced: crashes that come again and again are the host's failure, and its operator's business. */

export interface RestartLimits {
  /** So many replacements of one node … */
  readonly restartsMax: number;
  /** … in so much time, ms. */
  readonly withinMs: number;
}

export const RESTART_LIMITS: RestartLimits = { restartsMax: 3, withinMs: 60_000 };

/** When each node was replaced, as far back as it matters. */
export type RestartHistory = ReadonlyMap<number, readonly number[]>;

export interface RestartDecision {
  readonly effect: 'replace' | 'give-up';
  readonly history: RestartHistory;
}

/** Node `node` died at `now`, while it ran or before it was ready. */
export function afterDeath(
  history: RestartHistory,
  node: number,
  now: number,
  { restartsMax, withinMs }: RestartLimits = RESTART_LIMITS,
): RestartDecision {
  const recent = (history.get(node) ?? []).filter((at) => now - at < withinMs);
  if (recent.length >= restartsMax) return { effect: 'give-up', history };
  return { effect: 'replace', history: new Map(history).set(node, [...recent, now]) };
}
