// Plays the sample arena for minutes on end and says whether it held: node scripts/soak.js [--minutes=10] [--bots=200] [--workers=2] [--sample=10s]
import { fileURLToPath } from 'node:url';
import { build } from './build.js';

await build();
const { soak } = await import('../build/scripts/soak-run.js');
try {
  process.exitCode = await soak(fileURLToPath(new URL('..', import.meta.url)), process.argv.slice(2));
} catch (error) {
  console.error(`soak: ${error.message}`);
  process.exitCode = 1;
}
