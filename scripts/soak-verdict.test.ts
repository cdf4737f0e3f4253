import test from 'ava';
import { parseSoakFlags } from './soak-run.ts';
import { problemsOf, type Sample, slopePerHour } from './soak-verdict.ts';

const MIB = 2 ** 20;
const limits = { bots: 200, warmUpShare: 0.2 };
const run = (change: (sample: Sample, i: number) => Partial<Sample> = () => ({})): Sample[] =>
  Array.from({ length: 60 }, (_, i) => {
    const sample: Sample = {
      seconds: (i + 1) * 10,
      rssBytes: (150 + (i % 5)) * MIB,
      keptBytes: (110 + (i % 3)) * MIB,
      cpuSeconds: i,
      players: 200,
      workP99Ms: 4,
      workMaxMs: 9,
      gapP99Ms: 55,
      gapMaxMs: 60,
      frozenMs: 12,
      errors: 0,
      counters: {},
    };
    return { ...sample, ...change(sample, i) };
  });

test('a run that holds', (t) => {
  t.deepEqual(problemsOf(run(), limits), []);
  t.true(Math.abs(slopePerHour(run(), limits)) < 10 * MIB);
});

test('heaps that are collected late are no leak', (t) => {
  const growingSaw = run((_, i) => ({ rssBytes: (135 + ((i * 2.5) % 60) + i * 1.5) * MIB }));
  t.deepEqual(problemsOf(growingSaw, limits), []);
});

test('what happens while bots arrive and code is compiled does not count', (t) => {
  const slowStart = run((_, i) => (i < 10 ? { players: i, workP99Ms: 80, keptBytes: 90 * MIB } : {}));
  t.deepEqual(problemsOf(slowStart, limits), []);
});

test('slow ticks, missed ticks, lost bots and leaks are problems', (t) => {
  t.deepEqual(
    problemsOf(
      run((_, i) => (i === 40 ? { workP99Ms: 51 } : {})),
      limits,
    ),
    ['tick p99 51.0 ms'],
  );
  t.deepEqual(
    problemsOf(
      run((_, i) => (i === 40 ? { gapP99Ms: 149 } : {})),
      limits,
    ),
    ['from tick to tick p99 149.0 ms'],
  );
  t.deepEqual(
    problemsOf(
      run((_, i) => (i > 50 ? { players: 120 } : {})),
      limits,
    ),
    ['only 120 of 200 bots play'],
  );
  const leak = run(({ keptBytes }, i) => ({ keptBytes: keptBytes + i * MIB }));
  t.regex(problemsOf(leak, limits).join(), /^memory grew by 3\d\.\d MiB$/);
  t.true(Math.abs(slopePerHour(leak, limits) - 360 * MIB) < 40 * MIB);
  t.deepEqual(problemsOf([], limits), ['there is no sample']);
});

test('what the whole machine did is not the fault of the host, but nothing is proven by it', (t) => {
  const once = run((_, i) => (i >= 40 && i <= 42 ? { gapP99Ms: 3000, frozenMs: i === 40 ? 3000 : 5 } : {}));
  t.deepEqual(problemsOf(once, limits), []);
  const always = run(() => ({ gapP99Ms: 3000, frozenMs: 500 }));
  t.deepEqual(problemsOf(always, limits), ['the machine stood still too often to judge ticks']);
});

test('flags', (t) => {
  t.deepEqual(parseSoakFlags([]), { minutes: 10, bots: 200, workers: 2, sampleSeconds: 10 });
  t.deepEqual(parseSoakFlags(['--minutes=0.5', '--bots=20', '--sample=2s']), {
    minutes: 0.5,
    bots: 20,
    workers: 2,
    sampleSeconds: 2,
  });
  t.throws(() => parseSoakFlags(['--hours=1']), { message: /--hours=1: expected --minutes=N/ });
});
