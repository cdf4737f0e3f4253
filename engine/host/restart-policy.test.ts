import test from 'ava';
import fc from 'fast-check';
import { afterDeath, type RestartHistory } from './restart-policy.ts';

test('three replacements a minute and node, then no more', (t) => {
  let history: RestartHistory = new Map();
  const die = (node: number, now: number): string => {
    const decision = afterDeath(history, node, now);
    history = decision.history;
    return decision.effect;
  };
  t.deepEqual(
    [0, 10, 20].map((now) => die(0, now)),
    ['replace', 'replace', 'replace'],
  );
  t.is(die(1, 20), 'replace');
  t.is(die(0, 59_999), 'give-up');
  t.is(die(0, 60_000), 'replace');
  t.is(die(0, 60_009), 'give-up');
});

test('at any moment, a node was replaced at most so often in the time before', (t) => {
  const deaths = fc.array(fc.record({ node: fc.nat(2), after: fc.nat(40) }), { maxLength: 60 });
  fc.assert(
    fc.property(deaths, (list) => {
      let history: RestartHistory = new Map();
      let now = 0;
      const replaced: { node: number; at: number }[] = [];
      for (const { node, after } of list) {
        now += after;
        const { effect, history: next } = afterDeath(history, node, now, { restartsMax: 3, withinMs: 100 });
        history = next;
        const recent = replaced.filter((one) => one.node === node && now - one.at < 100).length;
        if (effect === 'replace') replaced.push({ node, at: now });
        if (recent < 3 !== (effect === 'replace')) return false;
      }
      return true;
    }),
  );
  t.pass();
});
