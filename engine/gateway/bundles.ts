import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes one browser module of an entry file and all that it imports. Throws an Error whose message is fit to be shown. */
export type BundleForBrowser = (entryFile: string) => Promise<{ code: string | Uint8Array; map?: string | Uint8Array }>;

export interface Bundle {
  readonly code: Buffer;
  /** Empty when there is none. */
  readonly map: Buffer;
  readonly etag: string;
}

interface Kept {
  readonly bundle: Promise<Bundle>;
  readonly stamp: string;
}

/** Changes are looked for this often at most. */
const LOOK_MS = 250;
/** Files looked at for changes. */
const FILES_MAX = 2_000;

/** The bundles of one folder: each made when it is first asked for, and again when a file of the folder has changed. */
export class Bundles {
  private readonly folder: string;
  private readonly bundle: BundleForBrowser;
  private readonly kept = new Map<string, Kept>();
  private stamp: Promise<string> | undefined;
  private stampedAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, bundle: BundleForBrowser) {
    this.folder = folder;
    this.bundle = bundle;
  }

  /** Rejects with what the bundler throws; the next change is another chance. */
  async get(entryFile: string): Promise<Bundle> {
    const stamp = await this.currentStamp();
    const kept = this.kept.get(entryFile);
    if (kept?.stamp === stamp) return kept.bundle;
    const bundle = this.make(entryFile);
    this.kept.set(entryFile, { bundle, stamp });
    return bundle;
  }

  private async make(entryFile: string): Promise<Bundle> {
    const { code, map = '' } = await this.bundle(entryFile);
    const etag = `"${createHash('sha256').update(code).digest('base64url').slice(0, 22)}"`;
    return { code: Buffer.from(code as Uint8Array), map: Buffer.from(map as Uint8Array), etag };
  }

  private currentStamp(): Promise<string> {
    const now = performance.now();
    if (this.stamp === undefined || now - this.stampedAt > LOOK_MS) {
      this.stampedAt = now;
      this.stamp = newestChange(this.folder);
    }
    return this.stamp;
  }
}

/** Of all files that a bundle can be made of. */
async function newestChange(folder: string): Promise<string> {
  let newest = 0;
  let count = 0;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && count < FILES_MAX; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (/\.(m?[jt]sx?|json|css)$/.test(entry.name)) {
        newest = Math.max(newest, (await stat(path)).mtimeMs);
        count++;
      }
    }
  }
  return `${count} ${newest}`;
}
