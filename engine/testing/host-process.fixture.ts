import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { endWithUs } from './server-process.fixture.ts';

/** This file runs as build/engine/testing/host-process.fixture.js. */
const MAIN = fileURLToPath(new URL('../../../engine/main.js', import.meta.url));

/** How long a process may take to end in order when its test is over. */
const PATIENCE_MS = 15_000;

export interface HostProcessOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** `node engine/main.js` in a process of its own, as an operator runs it; it ends with its test. */
export class HostProcess {
  stdout = '';
  stderr = '';
  /** Both, as it came. */
  output = '';
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #looks: (() => void)[] = [];

  constructor(t: ExecutionContext, args: readonly string[], { cwd, env }: HostProcessOptions = {}) {
    const little = { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
    this.#child = spawn(process.execPath, [MAIN, ...args], { cwd, env: little, stdio: ['ignore', 'pipe', 'pipe'] });
    endWithUs(this.#child);
    t.teardown(() => this.end());
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream]!.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text;
        this.output += text;
        this.#look();
      });
    }
    this.#exited = once(this.#child, 'close').then(([code]) => code as number | null);
    void this.#exited.then(() => this.#look());
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The exit code, once it has ended and everything it wrote is here; null when a signal ended it. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Drains. Resolves to the exit code. */
  stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.#exited;
  }

  /** The first match in what it wrote and will write, or the `nth`; rejects, with all of it, when the process ends before. */
  prints(pattern: RegExp, where: 'stdout' | 'stderr' | 'output' = 'output', nth = 1): Promise<RegExpExecArray> {
    const all = new RegExp(pattern, `${pattern.flags.replace('g', '')}g`);
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = [...this[where].matchAll(all)][nth - 1];
        if (match !== undefined) resolve(match as RegExpExecArray);
        else if (!this.#isRunning) reject(new Error(`It ended without ${pattern}:\n${this.output}`));
        else this.#looks.push(look);
      };
      look();
    });
  }

  /** The address of its `admin` port, or of its `page`, with a slash at the end. */
  async address(of: 'admin' | 'page'): Promise<string> {
    return (await this.prints(new RegExp(`${of} +(http:\\S+)`), 'stdout'))[1]!;
  }

  /** What the admin port answers, as JSON. */
  async ask(path: string): Promise<unknown> {
    const response = await fetch(`${await this.address('admin')}${path}`).catch((error) => {
      throw new Error(`${path}: it does not answer; it said last:\n${this.output.slice(-2000)}`, { cause: error });
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** In order, as far as patience goes. */
  async end(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const impatience = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS);
    await this.#exited;
    clearTimeout(impatience);
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #look(): void {
    const looks = this.#looks;
    this.#looks = [];
    for (const look of looks) look();
  }
}
