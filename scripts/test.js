// npm test. Plain JavaScript, because it is what builds the rest; options: --only=PATTERN --kind=KIND,… --no-checks
import { fileURLToPath } from 'node:url';
import { build } from './build.js';

try {
  await build();
} catch (error) {
  console.log(`FAILED  build\n${error.message}\n0 passed, 1 failed`);
  process.exit(1);
}
const { runTests } = await import('../build/scripts/test-run.js');
process.exitCode = await runTests(fileURLToPath(new URL('..', import.meta.url)), process.argv.slice(2));
