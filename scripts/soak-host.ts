import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;

/** A host as an operator runs it, in a process of its own, and what it says. */
export class SoakHost {
  readonly page: string;
  /** Lines of the log at level error or above, and whatever is on stderr that is no line of the log. */
  readonly errors: string[] = [];
  private readonly child: ChildProcess;
  private readonly admin: string;
  private readonly startedAt = performance.now();
  private readonly ended: Promise<unknown>;

  private constructor(child: ChildProcess, page: string, admin: string, stderr: Lines) {
    this.child = child;
    this.page = page;
    this.admin = admin;
    this.ended = once(child, 'exit');
    stderr.forEach((line) => {
      if (isError(line)) this.errors.push(line);
    });
  }

  /** Resolves once it serves. */
  static async start(root: string, flags: readonly string[], gameFlags: readonly string[]): Promise<SoakHost> {
    const own = ['--port=0', '--admin-port=0', '--address=127.0.0.1', '--store=memory', '--log-format=json'];
    const child = spawn(process.execPath, ['engine/main.js', ...flags, ...own, '--', ...gameFlags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Nothing of it outlives this process.
    process.once('exit', () => child.kill('SIGKILL'));
    const stderr = new Lines(child.stderr!);
    const addresses = new Map<string, string>();
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('The host did not start in time.')), START_MS_MAX);
      child.once('exit', (code) =>
        reject(new Error(`The host ended with code ${code}: ${stderr.seen.slice(-3).join(' ')}`)),
      );
      new Lines(child.stdout!).forEach((line) => {
        const [, name, url] = /^ {2}(page|admin) +(http:\S+)$/.exec(line) ?? [];
        if (name !== undefined) addresses.set(name, url!);
        if (addresses.size < 2) return;
        clearTimeout(late);
        resolve();
      });
    });
    return new SoakHost(child, addresses.get('page')!, addresses.get('admin')!, stderr);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Since it served. */
  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Waits so long, or until the host ends. */
  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([over, this.ended]);
    clearTimeout(timer);
  }

  /** By name, added up over the nodes. */
  async metrics(): Promise<Map<string, number>> {
    const text = await (await fetch(new URL('/metrics', this.admin))).text();
    const sums = new Map<string, number>();
    for (const [, name, value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm)) {
      sums.set(name!, (sums.get(name!) ?? 0) + Number(value));
    }
    return sums;
  }

  /** Asks it to end and resolves to its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    if (this.isRunning) {
      this.child.kill('SIGTERM');
      const impatience = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS_MAX);
      await this.ended;
      clearTimeout(impatience);
    }
    return this.child.exitCode;
  }
}

function isError(line: string): boolean {
  try {
    return ['error', 'fatal'].includes(JSON.parse(line).level);
  } catch {
    return line.trim() !== '';
  }
}

/** A stream line by line; whoever comes late gets what was before. */
class Lines {
  readonly seen: string[] = [];
  private readonly listeners: ((line: string) => void)[] = [];

  constructor(stream: NodeJS.ReadableStream) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.push(line);
    });
  }

  forEach(listener: (line: string) => void): void {
    for (const line of this.seen) listener(line);
    this.listeners.push(listener);
  }

  private push(line: string): void {
    // Only of the start: a host that logs for days must not fill the memory of who watches it.
    if (this.listeners.length === 0) this.seen.push(line);
    for (const listener of this.listeners) listener(line);
  }
}
