import { closeSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../base/errors.ts';

const FILE = 'host.lock';

/** Keeps a second host from a folder that can have one: a file with the process that has it. One whose process has ended counts for nothing. */
export class FolderLock {
  private readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws StoreError (`read-only`, `full`), or FolderInUse. */
  static take(folder: string): FolderLock {
    const path = join(folder, FILE);
    try {
      mkdirSync(folder, { recursive: true });
      for (let tries = 0; ; tries++) {
        try {
          const file = openSync(path, 'wx');
          writeSync(file, `${process.pid} ${startOf(process.pid)}\n`);
          closeSync(file);
          return new FolderLock(path);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 2) throw error;
        }
        const owner = FolderLock.ownerOf(folder);
        if (owner !== undefined) {
          throw new FolderInUse(
            `The store in ${folder} is in use by process ${owner}: stop it, or choose another --data.`,
          );
        }
        unlinkSync(path);
      }
    } catch (error) {
      if (error instanceof FolderInUse) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOSPC' ? 'full' : 'read-only';
      throw new StoreError(reason, `The store in ${folder} cannot be used: ${message}`, { cause: error });
    }
  }

  /** The process that has the folder; undefined when none has. */
  static ownerOf(folder: string): number | undefined {
    let text: string;
    try {
      text = readFileSync(join(folder, FILE), 'utf8');
    } catch {
      return undefined;
    }
    const [pid, start] = text.trim().split(' ');
    const owner = Number(pid);
    if (!Number.isInteger(owner) || owner <= 0 || !isAlive(owner)) return undefined;
    // Another process may have got its number since: in a container they are few.
    return start !== undefined && startOf(owner) !== start ? undefined : owner;
  }

  release(): void {
    try {
      unlinkSync(this.path);
    } catch {
      // Gone already.
    }
  }
}

/** Another process has the folder; the message says which. */
export class FolderInUse extends Error {}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process has started, in whatever unit; '-' where the system does not tell. */
function startOf(pid: number): string {
  try {
    // Behind the name, which may hold anything, in brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return fields[19] ?? '-';
  } catch {
    return '-';
  }
}
