import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { createLog } from './log.ts';

const LINES = 300;

test('threads that log at once never tear a line, and nothing is lost when one is terminated', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-log-'));
  const file = join(folder, 'log');
  const descriptor = openSync(file, 'a');
  const program = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { createLog } = await import(workerData.module);
    const log = createLog({ logLevel: 'info', logFormat: 'json' }, { node: workerData.node }, workerData.descriptor);
    for (let n = 0; n < ${LINES}; n++) log.info({ n, padding: 'x'.repeat(n) }, 'line');
    parentPort.postMessage('done');
    for (;;);
  `;
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
  const workers = [1, 2, 3].map(
    (node) => new Worker(url, { workerData: { node, descriptor, module: new URL('./log.js', import.meta.url).href } }),
  );
  const done = workers.map(
    (worker) =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      }),
  );
  const log = createLog({ logLevel: 'info', logFormat: 'json' }, { node: 0 }, descriptor);
  for (let n = 0; n < LINES; n++) log.info({ n }, 'line');
  await Promise.all(done);
  await Promise.all(workers.map((worker) => worker.terminate()));
  closeSync(descriptor);

  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  rmSync(folder, { recursive: true });
  for (const node of [0, 1, 2, 3]) {
    t.deepEqual(
      lines.filter((line) => line.node === node).map(({ n }) => n),
      Array.from({ length: LINES }, (_, n) => n),
    );
  }
});
