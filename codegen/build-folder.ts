/**
 * Where built games live: `<game's folder>/.skerry/<hash>/`, each folder complete from the moment it is there and never changed.
 *
 *   .skerry/.gitignore        *
 *   .skerry/package.json      what is built are ES modules, whatever the game's own package.json says
 *   .skerry/<hash>/…          mirrored sources, the generated module
 *   .skerry/<hash>/build.json the record: what it was built from
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ContractModel } from '../engine/contract/wire-type.ts';

/** What a folder was built from, and what is in it. Paths of built files are relative to the folder. */
export interface BuildRecord {
  /** Of the engine that built it. */
  engine: string;
  gameFile: string;
  /** Hashes of the sources by absolute path. */
  sources: Record<string, string>;
  game: string;
  generated: string;
  manifest: string;
  contracts: ContractModel[];
  modules: Record<string, string>;
}

const KEPT = 8;
const KEPT_MS = 3_600_000;
const RECORD = 'build.json';

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}

export class BuildFolders {
  /** The folder of folders. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Beside the game, or in the system's folder for temporary files when nothing can be written there. */
  static beside(gameFile: string): BuildFolders {
    const path = join(dirname(gameFile), '.skerry');
    try {
      prepare(path);
      return new BuildFolders(path);
    } catch {
      const elsewhere = join(tmpdir(), `skerry-${userInfo().username}`, hashOf(dirname(gameFile)));
      prepare(elsewhere);
      return new BuildFolders(elsewhere);
    }
  }

  /** The newest folder whose sources are still what they were, marked as used now. */
  find(engine: string, gameFile: string): { folder: string; record: BuildRecord } | undefined {
    const hashes = new Map<string, string | undefined>();
    const hashOfFile = (path: string): string | undefined => {
      if (!hashes.has(path)) hashes.set(path, hashOfPath(path));
      return hashes.get(path);
    };
    for (const { folder } of this.#newestFirst()) {
      // Being written by somebody, about to get another name.
      if (basename(folder).startsWith('.')) continue;
      const record = readRecord(folder);
      if (record?.engine !== engine || record.gameFile !== gameFile) continue;
      if (!Object.entries(record.sources).every(([path, hash]) => hashOfFile(path) === hash)) continue;
      touch(folder);
      return { folder, record };
    }
    return undefined;
  }

  /** Puts a whole folder in its place at once; the same one built by somebody else meanwhile is as good. */
  add(record: BuildRecord, files: ReadonlyMap<string, string>): string {
    const folder = join(this.path, hashOf(JSON.stringify([record.engine, record.gameFile, record.sources])));
    const temporary = join(this.path, `.${randomUUID()}`);
    try {
      for (const [path, text] of files) {
        mkdirSync(dirname(join(temporary, path)), { recursive: true });
        writeFileSync(join(temporary, path), text);
      }
      writeFileSync(join(temporary, RECORD), JSON.stringify(record));
      renameSync(temporary, folder);
    } catch (error) {
      rmSync(temporary, { recursive: true, force: true });
      if (!existsSync(join(folder, RECORD))) throw error;
    }
    this.#prune();
    return folder;
  }

  /** Old folders go, the newest stay; a host that started within the hour may still be loading from its own. */
  #prune(): void {
    const now = Date.now();
    for (const { folder, usedMs } of this.#newestFirst().slice(KEPT)) {
      if (now - usedMs > KEPT_MS) rmSync(folder, { recursive: true, force: true });
    }
  }

  #newestFirst(): { folder: string; usedMs: number }[] {
    return readdirSync(this.path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => {
        const folder = join(this.path, name);
        return { folder, usedMs: statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
      })
      .sort((a, b) => b.usedMs - a.usedMs);
  }
}

function prepare(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  for (const [name, text] of [
    ['.gitignore', '*\n'],
    ['package.json', '{ "type": "module" }\n'],
  ] as const) {
    if (!existsSync(join(path, name))) writeFileSync(join(path, name), text);
  }
}

function hashOfPath(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function readRecord(folder: string): BuildRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as BuildRecord;
  } catch {
    return undefined;
  }
}

function touch(folder: string): void {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // A folder that cannot be marked is not pruned from here either.
  }
}
