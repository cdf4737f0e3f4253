import test from 'ava';
import { GameBuildError } from '../../codegen/build-error.ts';
import { defineGame } from '../runtime/game.ts';
import { computeFunctions } from './compute-functions.ts';

const game = (compute: Record<string, string>) => defineGame({ name: 'x', entities: [], compute });

test('functions are found where their files were built', (t) => {
  const modules = { '/g/compute/path.ts': 'file:///built/path.js' };
  t.deepEqual(
    [...computeFunctions(game({ path: './compute/path.ts' }), '/g/game.ts', modules)],
    [['path', 'file:///built/path.js']],
  );
});

test('a file that the build did not find is named', (t) => {
  t.throws(() => computeFunctions(game({ path: './compute/path.ts' }), '/g/game.ts', {}), {
    instanceOf: GameBuildError,
    message: /^defineGame\(\): compute 'path': \.\/compute\/path\.ts was not built; write its path as a plain string/,
  });
});

test('defineGame refuses what is no path from the game file', (t) => {
  for (const file of ['path.ts', '/abs/path.ts', 5 as unknown as string]) {
    t.throws(() => game({ path: file }), { instanceOf: TypeError, message: /^defineGame\(\): compute 'path' is / });
  }
});
