import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { endWithUs } from './server-process.fixture.ts';

/**
 * Runs a module as a process of its own. It is killed `killMs` after it has said `begun`, or (undefined) ends by itself. Resolves to its lines
 * on stdout; rejects with what it wrote to stderr when it ends otherwise.
 */
export async function linesOf(file: string, args: readonly string[], killMs: number | undefined): Promise<string[]> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  let said = '';
  let wrong = '';
  const closed = once(child, 'close');
  const isThere = new Promise<void>((resolve, reject) => {
    void closed.then(([code]) => {
      if (killMs === undefined && code === 0) resolve();
      else reject(new Error(`The host ended with ${code}: ${wrong}`));
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      wrong += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (killMs !== undefined && said.includes('begun\n')) resolve();
    });
  });
  try {
    await isThere;
    if (killMs !== undefined) await pause(killMs);
  } finally {
    child.kill('SIGKILL');
  }
  await closed;
  // The last line may be half of one.
  return said.split('\n').slice(0, -1);
}
