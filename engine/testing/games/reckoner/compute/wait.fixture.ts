import { renameSync, writeFileSync } from 'node:fs';

/** Waits until nobody waits for it, writes into a file how it was told, and stops by itself. The file is there first, empty. */
export default async function wait(file: string, signal: AbortSignal): Promise<void> {
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  writeFileSync(file, '');
  await aborted;
  writeFileSync(`${file}.new`, `${(signal.reason as Error).name}`);
  renameSync(`${file}.new`, file);
}
