/** What the generator makes of `golden/<case>/contracts.ts`, byte by byte. `UPDATE_GOLDEN=1` writes it anew, for a look at the difference. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readSource } from './game-source.ts';
import { generate } from './generate.ts';

const golden = fileURLToPath(new URL('../../codegen/golden', import.meta.url));

for (const name of readdirSync(golden)) {
  test(name, (t) => {
    const folder = join(golden, name);
    const { module, manifest } = generate(
      [join(folder, 'contracts.ts')],
      readSource,
      () => './contracts.js',
      'skerry/generated',
    );
    for (const [file, text] of [
      ['generated.js', module],
      ['manifest.json', manifest],
    ] as const) {
      const path = join(folder, file);
      if (process.env.UPDATE_GOLDEN) writeFileSync(path, text);
      else t.is(text, readFileSync(path, 'utf8'), path);
    }
    t.pass();
  });
}

test('names of types and parameters, comments and order of declaration are not part of the wire', (t) => {
  const read = (source: string) => {
    const head = "import { contract, type int32 } from 'skerry';\n";
    return generate(
      ['/game/a.ts'],
      (path) => (path === '/game/a.ts' ? head + source : undefined),
      () => './a.js',
      'skerry/generated',
    ).fingerprints;
  };
  const one = read(
    "interface P { x: int32; next: P | null } export interface X { a(p: P): void; b(): void }\nexport const X = contract<X>('X', { a: {}, b: {} });",
  );
  const other = read(
    "// text\nexport interface Y { b(): void; a(q: Q): void } interface Q { x: int32; next: Q | null }\nexport const Y = contract<Y>('X', { b: { priority: 'low' }, a: {} });",
  );
  t.is(one.game, other.game);
  const changed = read(
    "interface P { x: int32; next: P | null; y?: int32 } export interface X { a(p: P): void; b(): void }\nexport const X = contract<X>('X', { a: {}, b: {} });",
  );
  t.not(one.game, changed.game);
  const [before, after] = [one, changed].map(({ contracts }) => contracts.get('X')!);
  t.not(before!.contract, after!.contract);
  t.not(before!.operations[0], after!.operations[0]);
  t.is(before!.operations[1], after!.operations[1]);
});
