import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { GameBuildError } from './build-error.ts';
import { bundleForBrowser } from './esbuild.ts';

test('a web client is one module, with the doors in the place of bare names', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-web-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('door.ts'), "export const contract = (name: string): string => 'door ' + name;");
  writeFileSync(
    path('client.ts'),
    "import { contract } from 'skerry';\nexport const connect = (): string => contract('client');",
  );
  writeFileSync(
    path('main.ts'),
    "import { connect } from 'skerry/client';\nimport { contract } from 'skerry';\nexport const all: string[] = [connect(), contract('main')];",
  );
  const aliases = { skerry: path('door.ts'), 'skerry/client': path('client.ts') };
  const { code, map } = await bundleForBrowser(path('main.ts'), aliases);
  const text = Buffer.from(code).toString();
  t.true(text.trimEnd().endsWith('//# sourceMappingURL=main.js.map'));
  t.true(JSON.parse(Buffer.from(map).toString()).sources.length === 3);
  t.deepEqual(
    (await import(`data:text/javascript;base64,${Buffer.from(text.replace(/^\/\/#.*$/m, '')).toString('base64')}`)).all,
    ['door client', 'door main'],
  );

  writeFileSync(path('bad.ts'), "import './nowhere.ts';");
  const error = (await t.throwsAsync(() => bundleForBrowser(path('bad.ts'), aliases), { instanceOf: GameBuildError }))!;
  t.regex(error.message, /bad\.ts:1:8: /);
});
