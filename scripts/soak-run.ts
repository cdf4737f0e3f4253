/** A host with the sample arena and a crowd of bots, watched for minutes: ticks, errors, memory. */
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { buildGame } from '../codegen/build.ts';
import { type Client, connect } from '../engine/client/index.ts';
import type { Contract } from '../engine/contract/contract.ts';
import type { ArenaId, ArenaStats, Arena as ArenaType } from '../games/sample-arena/contracts.ts';
import { SoakHost } from './soak-host.ts';
import { type Limits, problemsOf, type Sample, slopePerHour } from './soak-verdict.ts';

const ARENAS: readonly ArenaId[] = ['north', 'ember', 'grove', 'tide'];
const GAME = 'games/sample-arena/game.ts';

export interface SoakFlags {
  readonly minutes: number;
  readonly bots: number;
  readonly workers: number;
  readonly sampleSeconds: number;
}

/** Resolves to the exit code: 0 when it held. */
export async function soak(root: string, args: readonly string[]): Promise<number> {
  const flags = parseSoakFlags(args);
  const { bots, workers, minutes, sampleSeconds } = flags;
  const arena = await arenaContract(root);
  const host = await SoakHost.start(
    root,
    [`--workers=${workers}`, `--game=${GAME}`, '--store=memory'],
    [`--bots=${bots}`],
  );
  console.log(`${bots} bots on ${workers} nodes for ${minutes} minutes, a line every ${sampleSeconds} s`);
  const samples: Sample[] = [];
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let exitCode: number | null;
  try {
    const client = await connect(host.page, { ticket: { token: 'soak-test-that-only-looks-on' } });
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end && host.isRunning) {
      await host.pause(Math.min(sampleSeconds * 1000, Math.max(0, end - performance.now())));
      if (!host.isRunning) break;
      samples.push(await sampleOf(host, client, arena, delay));
      console.log(lineOf(samples.at(-1)!));
    }
    await client.close();
  } finally {
    exitCode = await host.stop();
  }
  return conclude(samples, host, exitCode, { bots, warmUpShare: 0.2 });
}

/** Throws an Error with one clear line. */
export function parseSoakFlags(args: readonly string[]): SoakFlags {
  const flags = { minutes: 10, bots: 200, workers: 2, sample: 10 };
  for (const argument of args) {
    const [, name, value] = /^--(minutes|bots|workers|sample)=(\d+(?:\.\d+)?)s?$/.exec(argument) ?? [];
    if (name === undefined)
      throw new Error(`${argument}: expected --minutes=N, --bots=N, --workers=N or --sample=10s.`);
    flags[name as keyof typeof flags] = Number(value);
  }
  return { minutes: flags.minutes, bots: flags.bots, workers: flags.workers, sampleSeconds: flags.sample };
}

async function arenaContract(root: string): Promise<Contract<ArenaType>> {
  const { modules } = await buildGame(join(root, GAME));
  const { Arena } = await import(modules[join(root, 'games/sample-arena/contracts.ts')]!);
  return Arena;
}

async function sampleOf(
  host: SoakHost,
  client: Client,
  arena: Contract<ArenaType>,
  delay: IntervalHistogram,
): Promise<Sample> {
  const [metrics, ...stats] = await Promise.all([
    host.metrics(),
    // As proxies of the client are made for its own game's contracts, the ids are plain.
    ...ARENAS.map((id): Promise<ArenaStats> => client.getProxy(arena, id).stats()),
  ]);
  const counters = Object.fromEntries([...metrics].filter(([name]) => name.startsWith('skerry_')));
  const worst = (pick: (one: ArenaStats) => number): number => Math.max(...stats.map(pick));
  const figure = (name: string): number => metrics.get(name) ?? 0;
  const rssBytes = figure('process_resident_memory_bytes');
  const frozenMs = delay.max / 1e6;
  delay.reset();
  return {
    seconds: host.seconds,
    rssBytes,
    keptBytes: figure('skerry_heap_live_bytes') + rssBytes - figure('skerry_heap_total_bytes'),
    cpuSeconds: figure('process_cpu_seconds_total'),
    players: stats.reduce((sum, { players }) => sum + players, 0),
    workP99Ms: worst(({ workMs }) => workMs.p99),
    workMaxMs: worst(({ workMs }) => workMs.max),
    gapP99Ms: worst(({ gapMs }) => gapMs.p99),
    gapMaxMs: worst(({ gapMs }) => gapMs.max),
    frozenMs,
    errors: host.errors.length,
    counters,
  };
}

function lineOf({
  seconds,
  rssBytes,
  keptBytes,
  players,
  workP99Ms,
  workMaxMs,
  gapP99Ms,
  gapMaxMs,
  frozenMs,
  errors,
}: Sample): string {
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return [
    `${Math.round(seconds)} s`.padStart(7),
    `${players} players`,
    `tick p99 ${ms(workP99Ms)}, max ${ms(workMaxMs)}`,
    `from tick to tick p99 ${ms(gapP99Ms)}, max ${ms(gapMaxMs)}`,
    `${mib(rssBytes)} MiB, ${mib(keptBytes)} kept`,
    `${errors} errors`,
    ...(frozenMs > 100 ? [`(the machine stood still for ${ms(frozenMs)})`] : []),
  ].join('   ');
}

function conclude(samples: readonly Sample[], host: SoakHost, exitCode: number | null, limits: Limits): number {
  const problems = problemsOf(samples, limits);
  if (exitCode !== 0) problems.push(`the host ended with code ${exitCode}`);
  for (const line of host.errors.slice(0, 20)) console.log(`  ${line}`);
  if (host.errors.length > 0) problems.push(`${host.errors.length} errors in the log`);
  const last = samples.at(-1);
  if (last !== undefined) {
    const cpu = ((last.cpuSeconds - samples[0]!.cpuSeconds) / Math.max(1, last.seconds - samples[0]!.seconds)) * 100;
    console.log(
      `kept memory ${(slopePerHour(samples, limits) / 2 ** 20).toFixed(1)} MiB/h, CPU ${cpu.toFixed(0)} % of a core`,
    );
    const telling = Object.entries(last.counters).filter(
      ([name, value]) =>
        value > 0 && /failed|timed_out|refused|dropped|dead_letters|invalid|overruns|late|unhandled/.test(name),
    );
    for (const [name, value] of telling) console.log(`${name} ${value}`);
  }
  console.log(problems.length === 0 ? 'It held.' : `It did not hold: ${problems.join('; ')}.`);
  return problems.length === 0 ? 0 : 1;
}
