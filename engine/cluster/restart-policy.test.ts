import test from 'ava';
import { RestartPolicy } from './restart-policy.ts';

test('three ends a minute are bad luck, a fourth is a pattern, and the break gets longer', (t) => {
  const policy = new RestartPolicy();
  t.deepEqual(
    [0, 20_000, 40_000, 70_000, 95_000].map((at) => policy.note(at)),
    [true, true, true, true, true],
  );
  t.false(policy.isBlocked(95_000));
  t.false(policy.note(96_000));
  t.true(policy.isBlocked(96_000));
  const first = policy.until;
  t.false(policy.isBlocked(first));
  for (const ms of [0, 1, 2, 3]) policy.note(first + ms);
  t.is(policy.until - (first + 3), 20_000, 'twice as long');
  const later = policy.until + 600_001;
  for (const ms of [0, 1, 2, 3]) policy.note(later + ms);
  t.is(policy.until - (later + 3), 10_000, 'forgiven after ten minutes');
});
