/** Which test files there are, and which of them a run is about. */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const KINDS = ['unit', 'fuzz', 'threads', 'sim', 'e2e'] as const;
export type Kind = (typeof KINDS)[number];

/** `x.fuzz.test.ts` is of kind fuzz; a plain `x.test.ts` is a unit test. */
export function kindOf(file: string): Kind {
  const suffix = /\.([a-z0-9]+)\.test\.[jt]s$/.exec(file)?.[1];
  return KINDS.find((kind) => kind === suffix) ?? 'unit';
}

/** Paths of the built test files, from `root`, sorted. */
export function builtTests(root: string): string[] {
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.test.js')) files.push(relative(root, path).split(sep).join('/'));
    }
  };
  walk(join(root, 'build'));
  return files.sort();
}

export interface Selection {
  readonly only: string | undefined;
  readonly kinds: readonly Kind[];
  readonly checks: boolean;
}

/** Throws Error with one line for a flag or a kind that does not exist. */
export function parseSelection(args: readonly string[]): Selection {
  let only: string | undefined;
  let kinds: readonly Kind[] = KINDS;
  let checks = true;
  for (const arg of args) {
    const [flag, value] = split(arg);
    if (flag === '--only' && value) only = value;
    else if (flag === '--kind' && value) kinds = value.split(',').map(kindNamed);
    else if (arg === '--no-checks') checks = false;
    else
      throw new Error(
        `${arg}: the flags are --only=PATTERN (a list is fine), --kind=${KINDS.join('|')} (a list is fine), --no-checks`,
      );
  }
  return { only, kinds, checks };
}

function split(arg: string): [string, string | undefined] {
  const equals = arg.indexOf('=');
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function kindNamed(name: string): Kind {
  const kind = KINDS.find((one) => one === name);
  if (kind) return kind;
  throw new Error(`--kind=${name}: there is ${KINDS.join(', ')}`);
}

/**
 * The files of a selection. `only` is a part of a path, or a list of such with commas; or a part of titles when no path contains it: then
 * `title` is set.
 */
export function selectTests(
  files: readonly string[],
  { only, kinds }: Selection,
): { files: readonly string[]; title: string | undefined } {
  const ofKind = files.filter((file) => kinds.includes(kindOf(file)));
  if (only === undefined) return { files: ofKind, title: undefined };
  const wanted = only.split(',').map((part) => part.replace(/^build\//, '').replace(/\.[jt]s$/, ''));
  const named = ofKind.filter((file) => wanted.some((part) => file.includes(part)));
  return named.length > 0 ? { files: named, title: undefined } : { files: ofKind, title: only };
}
