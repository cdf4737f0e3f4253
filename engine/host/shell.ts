/** The process around a command: what it writes, reads and is told by signals. Tests put another one in its place. */
import { readFileSync } from 'node:fs';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a shell reports for a process that a signal ended. */
export const EXIT_CODE: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  stdout(text: string): void;
  stderr(text: string): void;
  onSignal(listener: (signal: StopSignal) => void): void;
  /** At once: nothing that is under way ends. */
  exit(code: number): void;
}

export function processShell(): Shell {
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever read our output may go away (`| head`); a server lives on.
    stream.on('error', () => {});
  }
  return {
    env: process.env,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    onSignal(listener) {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => listener(signal));
    },
    exit: (code) => process.exit(code),
  };
}

/** Of this package, from its package.json. */
export function engineVersion(): string {
  // Three up from build/engine/host/, where this file runs.
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return version;
}
