import test from 'ava';
import { parseFlags } from './flags.ts';
import { amount, tableRows, verdictOf } from './report.ts';
import { type Comparison, isSelected, medianOf, ratioOf, runTopic } from './rounds.ts';
import { Effort, type Topic } from './topic.ts';

const compared = (values: number[], yardsticks: Record<string, number[]>): Comparison => ({
  thing: { name: 'call-thread.k256', unit: '/s', values },
  yardsticks: new Map(
    Object.entries(yardsticks).map(([name, list]) => [name, { name: `x.${name}`, unit: '/s', values: list }]),
  ),
});

test('a slow round counts by its ratio', (t) => {
  const { thing, yardsticks } = compared([100, 10, 90], { bare: [200, 20, 180] });
  t.is(ratioOf(thing, yardsticks.get('bare')!), 0.5);
  t.is(medianOf([4, 1, 3, 2]), 2.5);
});

test('goals: the best of several yardsticks is what counts', (t) => {
  const one = compared([100], { json: [10], msgpack: [20] });
  const goal = { figure: 'x', to: ['json', 'msgpack'] };
  t.like(verdictOf({ ...goal, atLeast: 5 }, one), { met: true, value: 5 });
  t.like(verdictOf({ ...goal, atLeast: 6 }, one), { met: false });
  t.like(verdictOf({ ...goal, atMost: 10 }, one), { met: true, value: 10 });
  t.like(verdictOf({ figure: 'x', atMost: 99 }, one), { met: false, value: 100 });
  t.is(verdictOf({ figure: 'x', to: ['nats'], atLeast: 1 }, one), undefined);
});

test('the table says median, range, ratio and goal', (t) => {
  const text = tableRows(compared([2_000_000], { bare: [4_000_000], post: [100_000] }));
  t.regex(text, /call-thread\.k256 +2\.00 M\/s/);
  t.regex(text, /\.bare .* 0\.500 × +≥ 0\.8 × MISSED/);
  t.regex(text, /\.post .* 20\.0 × +≥ 10 × met/);
});

test('amounts have three digits', (t) => {
  t.deepEqual([0.1234, 12.34, 999.4, 999.7, 12_345, 1_234_567].map(amount), [
    '0.123',
    '12.3',
    '999',
    '1000',
    '12.3 k',
    '1.23 M',
  ]);
});

test('flags', (t) => {
  t.deepEqual(parseFlags(['--json=a=b.json', '--only=codec', '--rounds=3', '--quick']), {
    json: 'a=b.json',
    only: 'codec',
    rounds: 3,
    quick: true,
  });
  for (const bad of ['--rounds=0', '--rounds', '--json', '--fast', 'codec', '--quick=1']) {
    t.throws(() => parseFlags([bad]), { message: /expected npm run bench/ });
  }
});

test('rounds: everybody measures as often, nobody always first, and what was opened is closed', async (t) => {
  const calls: string[] = [];
  const measure = (name: string) => async () => {
    calls.push(name);
    return [1];
  };
  const topic: Topic<string> = {
    subjects: [
      { figures: [{ name: 'a.b', unit: '/s' }], thing: measure('thing'), yardsticks: { bare: measure('bare') } },
      { figures: [{ name: 'a.c', unit: '/s' }], thing: () => Promise.reject(new Error('broken')) },
    ],
    open: async () => {
      calls.push('open');
      return 'stand';
    },
    close: async () => {
      calls.push('close');
    },
  };
  const options = { rounds: 2, effort: new Effort(true), only: undefined };
  await t.throwsAsync(drain(runTopic(topic, options)), {
    message: 'broken',
  });
  t.deepEqual(calls, ['open', 'thing', 'bare', 'thing', 'bare', 'bare', 'thing', 'close']);
});

test('nothing is opened for figures that nobody asked for', async (t) => {
  const topic: Topic<undefined> = {
    subjects: [{ figures: [{ name: 'a.b', unit: '/s' }], thing: async () => [1] }],
    open: () => Promise.reject(new Error('opened')),
    close: async () => {},
  };
  await t.notThrowsAsync(drain(runTopic(topic, { rounds: 1, effort: new Effort(true), only: 'b' })));
  t.true(isSelected(topic.subjects[0]!, 'a'));
  t.true(isSelected(topic.subjects[0]!, 'a.b.bare'));
  t.false(isSelected(topic.subjects[0]!, 'a.bc'));
});

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
