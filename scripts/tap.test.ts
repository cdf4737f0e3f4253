import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { TapReader, type TapTest, totalsLine } from './tap.ts';

function read(text: string, exitCode: number | null = 0, chunks = [text]) {
  const tests: TapTest[] = [];
  const reader = new TapReader((one) => tests.push(one));
  for (const chunk of chunks) reader.push(chunk);
  return { tests, totals: reader.end(exitCode) };
}

const mixed = `TAP version 13
ok 1 - engine › host › one
# a log line
#   of the test
not ok 2 - engine › host › two # 7
  ---
    name: AssertionError
    message: Difference
    values:
      'Difference (- actual, + expected):': |-
        - 1
        + 2
    at: 'file:///x.test.ts:3:5'
  ...
ok 3 - three # SKIP
not ok 4 - four # TODO
---tty-stream-chunk-separator
ok 5

1..5
# tests 4
# pass 2
# skip 1
# fail 2
`;

test('outcomes and details of a mixed run', (t) => {
  const { tests, totals } = read(mixed, 1);
  t.deepEqual(totals, { passed: 2, failed: 1, skipped: 2 });
  t.deepEqual(
    tests.map(({ title, outcome }) => [title, outcome]),
    [
      ['engine › host › one', 'passed'],
      ['engine › host › two # 7', 'failed'],
      ['three', 'skipped'],
      ['four', 'skipped'],
      ['', 'passed'],
    ],
  );
  t.deepEqual(tests[1]!.details.slice(0, 2), ['name: AssertionError', 'message: Difference']);
  t.true(tests[1]!.details.includes('    - 1'));
});

test('the same result however the text is cut', (t) => {
  const whole = read(mixed, 1);
  fc.assert(
    fc.property(fc.array(fc.nat(mixed.length), { maxLength: 20 }), (cuts) => {
      const points = [0, ...cuts.sort((a, b) => a - b), mixed.length];
      const chunks = points.slice(1).map((end, index) => mixed.slice(points[index]!, end));
      assert.deepEqual(read(mixed, 1, chunks), whole);
    }),
  );
  t.pass();
});

test('a run that dies before its summary is a failure', (t) => {
  t.deepEqual(read('ok 1 - a\n', null).totals, { passed: 1, failed: 1, skipped: 0 });
  t.deepEqual(read('', 0).totals, { passed: 0, failed: 1, skipped: 0 });
});

test('tests that were planned and never ended are failures', (t) => {
  t.deepEqual(read('ok 1 - a\n\n1..4\n# tests 4\n# pass 1\n# fail 3\n', 1).totals, {
    passed: 1,
    failed: 3,
    skipped: 0,
  });
});

test('a run without a failed test that still leaves with an error is a failure', (t) => {
  t.deepEqual(read('ok 1 - a\n\n1..1\n# tests 1\n# pass 1\n# fail 0\n', 1).totals, {
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test('the closing line', (t) => {
  t.is(totalsLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  t.is(totalsLine({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});
