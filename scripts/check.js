// npm run check: types, format and lint, house rules, without the tests.
import { fileURLToPath } from 'node:url';
import { build } from './build.js';

await build();
const { runChecks } = await import('../build/scripts/checks.js');
for await (const { title, passed, lines } of runChecks(fileURLToPath(new URL('..', import.meta.url)))) {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${title}`);
  for (const line of lines) console.log(`    ${passed ? 'warning: ' : ''}${line}`);
  if (!passed) process.exitCode = 1;
}
