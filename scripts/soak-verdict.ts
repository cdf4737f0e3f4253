/** What a soak run must not do. */

export interface Sample {
  /** Since the host served. */
  readonly seconds: number;
  readonly rssBytes: number;
  /** Memory that no collection would free: live heaps of all threads, and what is resident beside the heaps. */
  readonly keptBytes: number;
  readonly cpuSeconds: number;
  readonly players: number;
  /** Of the worst arena, over the last 30 seconds. */
  readonly workP99Ms: number;
  readonly workMaxMs: number;
  readonly gapP99Ms: number;
  readonly gapMaxMs: number;
  /** The longest time since the sample before in which the watching process itself did not come to run. */
  readonly frozenMs: number;
  readonly errors: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Limits {
  readonly bots: number;
  /** Part of the run that is left out: bots arrive, code is compiled, heaps grow to their size. */
  readonly warmUpShare: number;
}

/** A tick must be done when the next begins, and none may be left out. */
const WORK_P99_MS_MAX = 50;
const GAP_P99_MS_MAX = 100;
/** A machine that stops for so long stops the ticks with it; the arenas' figures show that for 30 seconds. */
const FROZEN_MS_MAX = 40;
const FIGURES_SECONDS = 30;
const JUDGED_SHARE_MIN = 0.25;
const PLAYERS_SHARE_MIN = 0.9;
/** Growth over the watched time that compiled code and caches explain. */
const GROWTH_SHARE_MAX = 0.05;
const GROWTH_BYTES_MIN = 12 * 2 ** 20;
/** Fewer say nothing about a slope. */
const SAMPLES_MIN = 6;

/** One line for each thing that is wrong. */
export function problemsOf(samples: readonly Sample[], limits: Limits): string[] {
  const watched = afterWarmUp(samples, limits);
  if (watched.length === 0) return ['there is no sample'];
  const problems: string[] = [];
  const judged = watched.filter((sample) => !wasFrozen(samples, sample));
  if (judged.length < watched.length * JUDGED_SHARE_MIN)
    problems.push('the machine stood still too often to judge ticks');
  const work = Math.max(...judged.map(({ workP99Ms }) => workP99Ms));
  if (work > WORK_P99_MS_MAX) problems.push(`tick p99 ${work.toFixed(1)} ms`);
  const gap = Math.max(...judged.map(({ gapP99Ms }) => gapP99Ms));
  if (gap > GAP_P99_MS_MAX) problems.push(`from tick to tick p99 ${gap.toFixed(1)} ms`);
  const players = Math.min(...watched.map((sample) => sample.players));
  if (players < limits.bots * PLAYERS_SHARE_MIN) problems.push(`only ${players} of ${limits.bots} bots play`);
  const growth = growthOf(watched);
  const allowed = Math.max(GROWTH_BYTES_MIN, watched[0]!.keptBytes * GROWTH_SHARE_MAX);
  if (watched.length >= SAMPLES_MIN && growth > allowed) {
    problems.push(`memory grew by ${(growth / 2 ** 20).toFixed(1)} MiB`);
  }
  return problems;
}

/** Bytes of kept memory, after the warm-up. */
export function slopePerHour(samples: readonly Sample[], limits: Limits): number {
  const watched = afterWarmUp(samples, limits);
  // From third to third: two thirds of the time lie between their like ends.
  const seconds = watched.length < 2 ? 0 : ((watched.at(-1)!.seconds - watched[0]!.seconds) * 2) / 3;
  return seconds === 0 ? 0 : (growthOf(watched) / seconds) * 3600;
}

function wasFrozen(samples: readonly Sample[], { seconds }: Sample): boolean {
  const shown = samples.filter((one) => one.seconds <= seconds && one.seconds > seconds - FIGURES_SECONDS);
  return shown.some(({ frozenMs }) => frozenMs > FROZEN_MS_MAX);
}

function afterWarmUp(samples: readonly Sample[], { warmUpShare }: Limits): readonly Sample[] {
  const from = (samples.at(-1)?.seconds ?? 0) * warmUpShare;
  return samples.filter(({ seconds }) => seconds >= from);
}

/**
 * How much higher kept memory stands at the end than at the beginning: the highest of the last third against the highest of the first. Resident
 * memory would not do: heaps are collected late and rarely, so it is a saw whose teeth are minutes long and those of several threads add up.
 */
function growthOf(samples: readonly Sample[]): number {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const highest = (some: readonly Sample[]): number => Math.max(...some.map(({ keptBytes }) => keptBytes));
  return highest(samples.slice(-third)) - highest(samples.slice(0, third));
}
