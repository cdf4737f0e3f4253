import type { Effort, Figure, Subject, Topic, Unit } from './topic.ts';

/** All rounds of one figure of one contestant. */
export interface Result {
  /** `call-thread.k256`, or `call-thread.k256.bare` for a yardstick. */
  readonly name: string;
  readonly unit: Unit;
  /** By round. */
  readonly values: readonly number[];
}

/** One figure of a subject with its yardsticks; the rounds of all of them ran in turn. */
export interface Comparison {
  readonly thing: Result;
  readonly yardsticks: ReadonlyMap<string, Result>;
}

export interface RoundOptions {
  readonly rounds: number;
  readonly effort: Effort;
  /** Beginnings of names of figures; undefined measures everything. */
  readonly only: string | undefined;
}

/** Whether any figure of the subject is asked for. */
export function isSelected({ figures }: Subject<never>, only: string | undefined): boolean {
  return only === undefined || figures.some(({ name }) => name.startsWith(only) || only.startsWith(`${name}.`));
}

/** Measures the selected subjects of a topic and yields each when it is done. Nothing is opened when none is selected. */
export async function* runTopic<Stand>(topic: Topic<Stand>, options: RoundOptions): AsyncGenerator<Comparison> {
  const subjects = topic.subjects.filter((subject) => isSelected(subject, options.only));
  if (subjects.length === 0) return;
  const stand = await topic.open(options.effort);
  try {
    for (const subject of subjects) yield* runSubject(subject, stand, options);
  } finally {
    await topic.close(stand);
  }
}

async function* runSubject<Stand>(
  subject: Subject<Stand>,
  stand: Stand,
  { rounds, effort }: RoundOptions,
): AsyncGenerator<Comparison> {
  const contestants = [['', subject.thing] as const, ...Object.entries(subject.yardsticks ?? {})];
  const samples = new Map(contestants.map(([suffix]) => [suffix, subject.figures.map((): number[] => [])]));
  for (let time = 0; time < (subject.warmUps ?? 1); time++) {
    for (const [, measure] of contestants) await measure(stand, effort);
  }
  for (let round = 0; round < Math.min(rounds, subject.roundsMax ?? rounds); round++) {
    // Everybody goes first once in a while: what the one before left behind (heat, garbage) must not always hit the same.
    const turned = contestants.map((_, i) => contestants[(i + round) % contestants.length]!);
    for (const [suffix, measure] of turned) {
      const values = await measure(stand, effort);
      samples.get(suffix)!.forEach((list, i) => {
        list.push(values[i]!);
      });
    }
  }
  for (const [i, figure] of subject.figures.entries()) {
    const resultOf = (suffix: string): Result => named(figure, suffix, samples.get(suffix)![i]!);
    yield {
      thing: resultOf(''),
      yardsticks: new Map(Object.keys(subject.yardsticks ?? {}).map((suffix) => [suffix, resultOf(suffix)])),
    };
  }
}

function named({ name, unit }: Figure, suffix: string, values: readonly number[]): Result {
  return { name: suffix === '' ? name : `${name}.${suffix}`, unit, values };
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the rounds' ratios: a round in which the whole machine was slow counts like any other. */
export function ratioOf(thing: Result, yardstick: Result): number {
  return medianOf(thing.values.map((value, round) => value / yardstick.values[round]!));
}
