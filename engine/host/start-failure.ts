import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type HostConfig, UsageError } from './config.ts';

/** Throws UsageError for a game that is not there, before anything is started. */
export function requireGameFile(game: string): void {
  const found = statSync(game, { throwIfNoEntry: false });
  if (found?.isFile()) return;
  const inside = join(game, 'game.ts');
  if (found?.isDirectory()) {
    const meant = existsSync(inside) ? `did you mean --game=${inside}?` : 'name its game file with --game=FILE';
    throw new UsageError(`${game} is a folder; ${meant}`);
  }
  throw new UsageError(`game file ${resolve(game)} does not exist; name one with --game=FILE`);
}

/** Why the host did not start, for the operator: what to do about it, and no stack. */
export function explainFailure(error: unknown, config: HostConfig): string {
  if (!(error instanceof Error)) return withoutStack(String(error));
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  const isAdmin = port === config.adminPort;
  const flag = isAdmin ? '--admin-port' : '--port';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use: stop the other program or choose another with ${flag}=P (0 is any free port)`;
    case 'EACCES':
      if (port === undefined) break;
      return `port ${port} is not for this user: choose one above 1023 with ${flag}=P`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no address '${(error as { address?: string }).address ?? ''}': choose one with ${isAdmin ? '--admin-address' : '--address'}=ADDR`;
  }
  return withoutStack(error.message) || error.name;
}

/** Messages that travelled between threads, or come from tools, can have a stack in their text. */
export function withoutStack(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*(?::\d+:\d+\)?|<anonymous>\)?|\(native\))$/.test(line))
    .join('\n')
    .trimEnd();
}
