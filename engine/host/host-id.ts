import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './config.ts';

export const newHostId = (): string => `host-${randomBytes(4).toString('hex')}`;

/**
 * The name that a host of a cluster has for as long as the folder of its store lives: slots whose records are in there go by it. `wanted`: undefined for any.
 * Throws UsageError when the folder has another.
 */
export function keptHostId(folder: string, wanted: string | undefined): string {
  const file = join(folder, 'host-id');
  const kept = read(file);
  if (kept !== undefined && wanted !== undefined && kept !== wanted) {
    throw new UsageError(`the store in ${folder} is that of host ${kept}: start it with --host-id=${kept}`);
  }
  if (kept !== undefined) return kept;
  const id = wanted ?? newHostId();
  writeFileSync(file, `${id}\n`);
  return id;
}

function read(file: string): string | undefined {
  try {
    const kept = readFileSync(file, 'utf8').trim();
    return kept === '' ? undefined : kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
