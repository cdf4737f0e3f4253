import { writeFileSync } from 'node:fs';
import { parseFlags } from './flags.ts';
import { goalsOf } from './goals.ts';
import { reportOf, tableHead, tableRows, verdictOf } from './report.ts';
import { type Comparison, runTopic } from './rounds.ts';
import { Effort } from './topic.ts';
import { TOPICS } from './topics.ts';

/** Runs what the flags select and prints it as it comes; resolves to the exit code. A missed goal is a figure, not a failure. */
export async function bench(args: readonly string[], print: (line: string) => void): Promise<number> {
  const { json, only, rounds, quick } = parseFlags(args);
  const started = performance.now();
  const comparisons: Comparison[] = [];
  print(tableHead());
  for (const topic of TOPICS) {
    for await (const comparison of runTopic(topic, { rounds, only, effort: new Effort(quick) })) {
      comparisons.push(comparison);
      print(tableRows(comparison));
    }
  }
  if (comparisons.length === 0) {
    print(`Nothing is called ${only}…`);
    return 1;
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(reportOf(comparisons, rounds), undefined, 2)}\n`);
  const verdicts = comparisons.flatMap((one) => goalsOf(one.thing.name).flatMap((goal) => verdictOf(goal, one) ?? []));
  const met = verdicts.filter((verdict) => verdict.met).length;
  const seconds = Math.round((performance.now() - started) / 1000);
  print(`\n${met} of ${verdicts.length} goals met; ${rounds} rounds, Node ${process.version}, ${seconds} s`);
  if (quick) print('--quick: the figures mean nothing.');
  return 0;
}
