import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Ends by itself should nobody end it.
const PROGRAM = 'const until = Date.now() + 60_000; console.log(); while (Date.now() < until);';

/** Runs `work` while one more process keeps a core busy. */
export async function besideBusyProcess<T>(work: () => Promise<T>): Promise<T> {
  const busy = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(busy, 'close');
  try {
    await once(busy.stdout, 'data');
    return await work();
  } finally {
    busy.kill('SIGKILL');
    await closed;
  }
}
