import test from 'ava';
import { Progress } from './progress.ts';

function run(strict: boolean) {
  let text = '';
  const progress = new Progress((more) => {
    text += more;
  }, strict);
  for (let i = 0; i < 101; i++) progress.onTest({ title: `${i}`, outcome: 'passed', details: [] });
  progress.onTest({ title: 'a', outcome: 'skipped', details: [] });
  const code = progress.close(1500);
  return { code, lines: text.trimEnd().split('\n') };
}

test('dots for what passed, a line for what was skipped, the totals last', (t) => {
  const { code, lines } = run(false);
  t.is(code, 0);
  t.deepEqual(lines, ['.'.repeat(100), '.', 'skipped a', '', '102 tests in 1.5 s', '101 passed, 0 failed, 1 skipped']);
});

test('under CI a skip is a failure', (t) => {
  const { code, lines } = run(true);
  t.is(code, 1);
  t.true(lines.includes('skipped a (a failure under CI)'));
  t.is(lines.at(-1), '101 passed, 1 failed');
});

test('several failures are listed again at the end', (t) => {
  let text = '';
  const progress = new Progress((more) => {
    text += more;
  }, false);
  progress.onTest({ title: 'a', outcome: 'failed', details: ['because'] });
  progress.onTest({ title: 'b', outcome: 'failed', details: [] });
  t.is(progress.close(0), 1);
  t.is(text, 'FAILED  a\n    because\nFAILED  b\n\nFAILED  a\nFAILED  b\n\n2 tests in 0.0 s\n0 passed, 2 failed\n');
});
