/** Finds the browser that end-to-end tests drive, and installs it where that is one command. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of a Chromium, or of the program that CHROMIUM_PATH names; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (folder !== '' && isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** Finds it or, as root on Debian, installs it; otherwise undefined, and one line said what to do. Takes a minute or two. */
export function ensureChromium(say: (line: string) => void): string | undefined {
  const found = findChromium();
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    say('installing Chromium for the browser tests (apt-get install chromium) …');
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
      const { status } = spawnSync('apt-get', args, {
        stdio: 'ignore',
        timeout: 300_000,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      });
      if (status !== 0) say(`apt-get ${args[0]} left with ${status}`);
    }
    const installed = findChromium();
    if (installed) return installed;
  }
  say('browser tests are skipped: install Chromium (Debian: apt-get install chromium) or set CHROMIUM_PATH to one');
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
