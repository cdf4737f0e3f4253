/** The process around a command: what it writes, reads and is told by signals. Tests put another one in its place. */
import { readFileSync } from 'node:fs';
import { LAUNCHED_VARIABLE, type ParentChannel } from './launcher-port.ts';

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
  /** Harder: also when a thread cannot be ended, for which `exit` would wait. */
  kill(): void;
  /** The launcher that started this process. */
  readonly launcher: ParentChannel | undefined;
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
      // A host does not outlive its launcher: nobody would be left to stop it.
      if (isLaunched()) process.once('disconnect', () => listener('SIGTERM'));
    },
    exit: (code) => process.exit(code),
    kill,
    launcher: launcherOf(process),
  };
}

const isLaunched = (): boolean => process.env[LAUNCHED_VARIABLE] === '1' && process.send !== undefined;

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

function launcherOf(self: NodeJS.Process): ParentChannel | undefined {
  if (!isLaunched()) return undefined;
  return {
    // A launcher that is gone is noticed by its 'disconnect'.
    send: (message, sent) => void self.send!(message, undefined, undefined, () => sent?.()),
    onMessage: (listener) => self.on('message', listener),
    die: kill,
  };
}

/** Of this package, from its package.json. */
export function engineVersion(): string {
  // Three up from build/engine/host/, where this file runs.
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return version;
}
