// npm run bench. Plain JavaScript, because it is what builds the rest; options: --json=FILE --only=PREFIX --rounds=N --quick
import { build } from './build.js';

await build();
const { bench } = await import('../build/benchmarks/run.js');
try {
  process.exitCode = await bench(process.argv.slice(2), (line) => console.log(line));
} catch (error) {
  console.error(process.env.DEBUG ? error : `bench: ${error.message}`);
  process.exitCode = 1;
}
