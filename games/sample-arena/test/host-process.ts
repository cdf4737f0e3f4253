import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** This file runs as build/games/sample-arena/test/host-process.js. */
const ROOT = new URL('../../../../', import.meta.url);

/** `node engine/main.js` in a process of its own, on free ports. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  output = '';

  constructor(args: readonly string[]) {
    const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
    const main = fileURLToPath(new URL('engine/main.js', ROOT));
    this.#child = spawn(process.execPath, [main, '--port=0', '--admin-port=0', '--store=memory', ...args], {
      cwd: fileURLToPath(ROOT),
      env,
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    this.#exited = once(this.#child, 'exit').then(([code]) => code);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first match in what it prints; rejects, with all of it, when the process ends before. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.output);
        if (match) resolve(match);
      };
      for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', look);
      this.#exited.then((code) =>
        reject(new Error(`The host ended with ${code} before it printed ${pattern}:\n${this.output}`)),
      );
      look();
    });
  }

  /** The address of the game's page. */
  async page(): Promise<string> {
    const [, url] = await this.prints(/page\s+(http:\/\/\S+)/);
    return url!;
  }

  /** Drains. Resolves to the exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#exited;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
