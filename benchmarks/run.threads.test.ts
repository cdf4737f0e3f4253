import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { GOALS } from './goals.ts';
import type { Report } from './report.ts';
import { bench } from './run.ts';
import { TOPICS } from './topics.ts';

const folder = mkdtempSync(join(tmpdir(), 'skerry-bench-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('the whole suite runs, and writes every figure that it promises', async (t) => {
  const file = join(folder, 'all.json');
  const lines: string[] = [];
  t.is(await bench(['--quick', '--rounds=1', `--json=${file}`], (line) => lines.push(line)), 0);

  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  t.is(report.node, process.version);
  t.is(report.rounds, 1);
  t.true(report.cores >= 1);
  const promised = TOPICS.flatMap(({ subjects }) =>
    subjects.flatMap(({ figures, yardsticks = {} }) =>
      figures.flatMap(({ name }) => [name, ...Object.keys(yardsticks).map((yardstick) => `${name}.${yardstick}`)]),
    ),
  );
  t.deepEqual(Object.keys(report.results).sort(), promised.sort());
  for (const [name, { unit, median, min, max }] of Object.entries(report.results)) {
    t.true(['/s', 'µs', 'ns', 'bytes', '%'].includes(unit), name);
    t.true(Number.isFinite(median) && min <= median && median <= max, name);
    // An idle host may well use no measurable time, and so little memory may be none.
    if (unit === '/s' || unit === 'µs') t.true(min > 0, name);
    t.true(lines.join('\n').includes(name.slice(name.lastIndexOf('.'))), name);
  }
});

test('every goal is about a figure and a yardstick that are measured', (t) => {
  for (const { figure, to = [] } of GOALS) {
    const subject = TOPICS.flatMap(({ subjects }) => subjects).find(({ figures }) =>
      figures.some(({ name }) => name === figure),
    );
    t.truthy(subject, figure);
    for (const yardstick of to) t.truthy(subject?.yardsticks?.[yardstick], `${figure}.${yardstick}`);
  }
});

test('--only measures what begins so, and says when nothing does', async (t) => {
  const file = join(folder, 'some.json');
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  t.is(await bench(['--quick', '--rounds=2', '--only=codec.tuple.enc', `--json=${file}`], print), 0);
  const { results, rounds } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  t.is(rounds, 2);
  t.deepEqual(Object.keys(results), [
    'codec.tuple.encode',
    'codec.tuple.encode.json',
    'codec.tuple.encode.cbor-x',
    'codec.tuple.encode.msgpack',
  ]);
  t.is(await bench(['--only=nothing'], print), 1);
});
