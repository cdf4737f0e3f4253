import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

const COMMAND_MS_MAX = 20_000;

/** A file system of a test's own, which can be full, read-only, or stand still. Needs root, on Linux; `canMount` says whether it is so. */
export class SmallDisk {
  readonly folder: string;
  private readonly base: string;
  private readonly image: string | undefined;

  private constructor(base: string, image: string | undefined) {
    this.base = base;
    this.image = image;
    this.folder = join(base, 'disk');
  }

  /** In memory: nothing is slow but to run out of room. */
  static inMemory(t: ExecutionContext, mib: number): SmallDisk {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'skerry-disk-')), undefined);
    run('mkdir', disk.folder);
    run('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', disk.folder);
    t.teardown(() => disk.dispose());
    return disk;
  }

  /** One of ext4, in a file. */
  static inFile(t: ExecutionContext, mib: number): SmallDisk {
    const base = mkdtempSync(join(tmpdir(), 'skerry-disk-'));
    const disk = new SmallDisk(base, join(base, 'image'));
    run('mkdir', disk.folder);
    run('truncate', '-s', `${mib}M`, disk.image!);
    run('mkfs.ext4', '-q', disk.image!);
    disk.mount();
    t.teardown(() => disk.dispose());
    return disk;
  }

  mount(...options: readonly string[]): void {
    run('mount', '-o', ['loop', ...options].join(','), this.image!, this.folder);
  }

  unmount(): void {
    run('umount', this.folder);
  }

  /**
   * Whatever writes or flushes waits for so long; resolves when it is over. A process of its own ends it: LMDB's readers write as well, so the
   * thread of the test may stand still with the disk.
   */
  async standStill(seconds: number): Promise<void> {
    const { folder } = this;
    const script = `fsfreeze --freeze "$1" && sleep "$2"; fsfreeze --unfreeze "$1"`;
    const child = spawn('sh', ['-c', script, 'sh', folder, String(seconds)], { stdio: 'ignore' });
    await once(child, 'exit');
  }

  private dispose(): void {
    // Lazily: a host that the test left behind may have files open.
    execFileSync('umount', ['-l', this.folder], { stdio: 'ignore' });
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** Whether this machine lets a test have a disk of its own. */
export function canMount(): boolean {
  const base = mkdtempSync(join(tmpdir(), 'skerry-disk-'));
  try {
    run('truncate', '-s', '1M', join(base, 'image'));
    run('mkfs.ext4', '-q', join(base, 'image'));
    run('mkdir', join(base, 'disk'));
    run('mount', '-o', 'loop', join(base, 'image'), join(base, 'disk'));
    run('umount', join(base, 'disk'));
    run('fsfreeze', '--version');
    return true;
  } catch {
    return false;
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

const run = (program: string, ...args: readonly string[]): void =>
  void execFileSync(program, args, { stdio: 'pipe', timeout: COMMAND_MS_MAX });
