import test from 'ava';
import { kindOf, parseSelection, selectTests } from './test-files.ts';

test('the suffix says the kind', (t) => {
  t.is(kindOf('build/engine/host/config.test.js'), 'unit');
  t.is(kindOf('build/transport/ring/ring.fuzz.test.js'), 'fuzz');
  t.is(kindOf('ring.threads.test.ts'), 'threads');
  t.is(kindOf('cluster.sim.test.ts'), 'sim');
  t.is(kindOf('arena.e2e.test.ts'), 'e2e');
  t.is(kindOf('link.loopback.test.ts'), 'unit');
});

test('flags', (t) => {
  t.deepEqual(parseSelection([]), { only: undefined, kinds: ['unit', 'fuzz', 'threads', 'sim', 'e2e'], checks: true });
  t.deepEqual(parseSelection(['--kind=unit,fuzz', '--only=ring', '--no-checks']), {
    only: 'ring',
    kinds: ['unit', 'fuzz'],
    checks: false,
  });
  t.throws(() => parseSelection(['--kind=unitt']), { message: /--kind=unitt: there is unit/ });
  t.throws(() => parseSelection(['--onyl=x']), { message: /--onyl=x: the flags are/ });
  t.throws(() => parseSelection(['--only']), { message: /the flags are/ });
});

const files = ['build/engine/host/config.test.js', 'build/transport/ring/ring.fuzz.test.js'];

test('a pattern is a part of a path, source or built, or else of titles', (t) => {
  const select = (...args: string[]) => selectTests(files, parseSelection(args));
  t.deepEqual(select('--only=engine/host'), { files: [files[0]!], title: undefined });
  t.deepEqual(select('--only=transport/ring/ring.fuzz.test.ts'), { files: [files[1]!], title: undefined });
  t.deepEqual(select('--only=build/engine/host/config.test.js'), { files: [files[0]!], title: undefined });
  t.deepEqual(select('--only=ring/,config'), { files, title: undefined });
  t.deepEqual(select('--only=wraps around'), { files, title: 'wraps around' });
  t.deepEqual(select('--kind=fuzz'), { files: [files[1]!], title: undefined });
  t.deepEqual(select('--kind=sim'), { files: [], title: undefined });
});
