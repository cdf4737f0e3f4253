/** The programs of the system that tests drive: finds them, and installs them where that is one command. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Program {
  readonly title: string;
  /** Names that it goes by. */
  readonly names: readonly string[];
  readonly debianPackage: string;
  /** The environment variable that names another one. */
  readonly variable: string;
}

const PROGRAMS = {
  chromium: {
    title: 'Chromium',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debianPackage: 'chromium',
    variable: 'CHROMIUM_PATH',
  },
  redis: {
    title: 'redis-server',
    names: ['redis-server'],
    debianPackage: 'redis-server',
    variable: 'REDIS_SERVER_PATH',
  },
  nats: {
    title: 'nats-server',
    names: ['nats-server'],
    debianPackage: 'nats-server',
    variable: 'NATS_SERVER_PATH',
  },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[];

/** Servers stand where only root looks by itself. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Its path, or what its environment variable names; undefined when there is none. */
export function findProgram(name: ProgramName): string | undefined {
  const { names, variable } = PROGRAMS[name];
  const named = process.env[variable];
  if (named) return named;
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS]) {
    for (const one of names) {
      const path = join(folder, one);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** For tests: `const test = needsProgram('redis') ? anyTest : anyTest.skip`. `npm test` installs what test files ask for so. */
export const needsProgram = (name: ProgramName): boolean => findProgram(name) !== undefined;

/** Finds it or, as root on Debian, installs it; otherwise undefined, and one line said what to do. Takes a minute or two. */
export function ensureProgram(name: ProgramName, say: (line: string) => void): string | undefined {
  const found = findProgram(name);
  if (found) return found;
  const { title, debianPackage, variable } = PROGRAMS[name];
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say(`installing ${title} for the tests (apt-get install ${debianPackage}) …`);
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', debianPackage]]) {
      const { status } = spawnSync('apt-get', args, {
        stdio: 'ignore',
        timeout: 300_000,
        // With a run level of 1 the package does not start a server of its own.
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      });
      if (status !== 0) say(`apt-get ${args[0]} left with ${status}`);
    }
    const installed = findProgram(name);
    if (installed) return installed;
  }
  say(`tests with ${title} are skipped: install it (Debian: apt-get install ${debianPackage}) or set ${variable}`);
  return undefined;
}

export const variableOf = (name: ProgramName): string => PROGRAMS[name].variable;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
