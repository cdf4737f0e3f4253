import { availableParallelism } from 'node:os';
import { type Goal, goalsOf } from './goals.ts';
import { type Comparison, medianOf, type Result, ratioOf } from './rounds.ts';
import type { Unit } from './topic.ts';

/** What `--json` writes. */
export interface Report {
  readonly node: string;
  readonly cores: number;
  readonly rounds: number;
  readonly results: Readonly<Record<string, ReportedResult>>;
}

export interface ReportedResult {
  readonly unit: Unit;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function reportOf(comparisons: readonly Comparison[], rounds: number): Report {
  const results = comparisons.flatMap(({ thing, yardsticks }) => [thing, ...yardsticks.values()]);
  return {
    node: process.version,
    cores: availableParallelism(),
    rounds,
    results: Object.fromEntries(results.map((result) => [result.name, reported(result)])),
  };
}

function reported({ unit, values }: Result): ReportedResult {
  return { unit, median: medianOf(values), min: Math.min(...values), max: Math.max(...values) };
}

/** How a goal turned out. */
export interface Verdict {
  readonly met: boolean;
  /** The ratio, or the value for a goal in the figure's own unit. */
  readonly value: number;
  readonly text: string;
}

/** Undefined when what the goal needs was not measured. */
export function verdictOf(goal: Goal, { thing, yardsticks }: Comparison): Verdict | undefined {
  let value = medianOf(thing.values);
  if (goal.to !== undefined) {
    const ratios = goal.to.flatMap((name) => {
      const yardstick = yardsticks.get(name);
      return yardstick === undefined ? [] : [ratioOf(thing, yardstick)];
    });
    if (ratios.length === 0) return undefined;
    // The best yardstick is the one that makes the goal hardest.
    value = goal.atLeast === undefined ? Math.max(...ratios) : Math.min(...ratios);
  }
  const met = goal.atLeast === undefined ? value <= goal.atMost! : value >= goal.atLeast;
  const limit = goal.atLeast === undefined ? `≤ ${amount(goal.atMost!)}` : `≥ ${amount(goal.atLeast)}`;
  return { met, value, text: goal.to === undefined ? limit : `${limit} ×` };
}

const WIDTHS = [30, 24, 22, 10] as const;

export const tableHead = (): string => row(['', 'median', 'min – max', 'ratio', 'goal']);

/** The rows of one figure: the thing, then its yardsticks with the ratio of the thing to each. */
export function tableRows(comparison: Comparison): string {
  const { thing, yardsticks } = comparison;
  const goals = goalsOf(thing.name);
  const judged = (goal: Goal): string[] => {
    const verdict = verdictOf(goal, comparison);
    return verdict === undefined ? [] : [`${verdict.text} ${verdict.met ? 'met' : 'MISSED'}`];
  };
  const rows = [cells(thing, '', goals.filter(({ to }) => to === undefined).flatMap(judged))];
  for (const [name, yardstick] of yardsticks) {
    const ratio = `${ratioOf(thing, yardstick).toPrecision(3)} ×`;
    // A goal against the best of several stands beside the last of them.
    const own = goals.filter(({ to }) => to?.filter((one) => yardsticks.has(one)).at(-1) === name);
    rows.push(cells({ ...yardstick, name: `  .${name}` }, ratio, own.flatMap(judged)));
  }
  return rows.join('\n');
}

function cells({ name, unit, values }: Result, ratio: string, goals: readonly string[]): string {
  const range = `${amount(Math.min(...values))} – ${amount(Math.max(...values))}`;
  const median = amount(medianOf(values));
  return row([name, unit === '/s' ? `${median}/s` : `${median} ${unit}`, range, ratio, goals.join(', ')]);
}

function row(columns: readonly string[]): string {
  const first = columns[0]!.padEnd(WIDTHS[0]);
  const numbers = columns.slice(1, 4).map((column, i) => column.padStart(WIDTHS[i + 1]!));
  return `${first}${numbers.join('')}   ${columns[4] ?? ''}`.trimEnd();
}

/** 1234567 is 1.23 M; three digits are as many as a shared machine is good for. */
export function amount(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${(value / 1e6).toPrecision(3)} M`;
  if (size >= 9_995) return `${(value / 1e3).toPrecision(3)} k`;
  if (size >= 999.5) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
