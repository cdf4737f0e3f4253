import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ENGINE_ERRORS } from '../engine/base/errors.ts';
import { COMMANDS } from '../engine/host/command-line.ts';
import { flagOf, OPTION_KEYS, variableOf } from '../engine/host/config.ts';
import { Counters } from '../engine/runtime/counters.ts';
import { CLUSTER_OPTION_KEYS } from '../engine/testing/cluster-options.ts';

/** This file runs as build/scripts/documents.test.js. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SKIPPED = new Set(['node_modules', 'build', '.git', '.skerry', 'data']);

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function pages(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pages(join(folder, entry.name));
    return entry.name.endsWith('.md') ? [relative(ROOT, join(folder, entry.name))] : [];
  });
}

/** A page without its code, where brackets and backticks mean something else. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** What a heading is reached by, as GitHub has it. */
const anchors = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('every link of every page leads somewhere', (t) => {
  const broken: string[] = [];
  for (const page of pages()) {
    for (const [, target] of prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, anchor] = target!.split('#') as [string, string?];
      const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
      if (!existsSync(join(ROOT, file))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchors(read(file)).includes(anchor)) broken.push(`${page}: ${target}`);
    }
  }
  t.deepEqual(broken, []);
});

test('files that the pages of this folder and the decisions name are there', (t) => {
  const missing: string[] = [];
  for (const page of ['README.md', 'ARCHITECTURE.md', ...pages(join(ROOT, 'docs'))]) {
    for (const [, path] of prose(read(page)).matchAll(
      /`((?:engine|transport|codegen|games|benchmarks|scripts|docs)\/[\w./-]+)`/g,
    )) {
      if (!existsSync(join(ROOT, path!))) missing.push(`${page}: ${path}`);
    }
  }
  t.deepEqual(missing, []);
});

test("the README's game is what lies in games/chat", (t) => {
  const text = read('README.md');
  const section = /\n## A small game, complete\n([\s\S]*?)\n## /.exec(text)![1]!;
  const files = [...section.matchAll(/`(games\/chat\/[\w./-]+)`/g)]
    .map(([, path]) => path!)
    .filter((path) => statSync(join(ROOT, path)).isFile());
  const blocks = [...section.matchAll(/^```(?:ts|html)\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
  t.is(files.length, 5);
  t.deepEqual(
    blocks,
    files.map((path) => read(path)),
  );
});

test('Running has every option, its variable, and every command', (t) => {
  const running = read('docs/running.md');
  for (const key of OPTION_KEYS) {
    t.regex(running, new RegExp(`\`--${flagOf(key)}[=\`]`), `--${flagOf(key)}`);
    t.true(running.includes(`\`${variableOf(key)}\``), variableOf(key));
  }
  for (const command of COMMANDS) t.true(running.includes(`\`${command}\``), command);
});

test('Running names no counter of nodes that is not there', (t) => {
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const known = new Set(
    [...Object.keys(new Counters()), 'rounds', 'nodeRestarts', 'slowTurns'].map(
      (name) => `skerry_${snake(name)}_total`,
    ),
  );
  const named = [...read('docs/running.md').matchAll(/`(skerry_(?!gateway_|compute_|link_|nats_)\w+_total)`/g)].map(
    ([, name]) => name!,
  );
  t.true(named.length > 15);
  t.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test('Calling has every class of errors', (t) => {
  const calling = read('docs/calling.md');
  for (const name of [...Object.keys(ENGINE_ERRORS), 'GameError', 'RemoteError']) {
    t.true(new RegExp(`\`(?:new )?${name}[(\`]`).test(calling), name);
  }
});

test('Testing has every option of startCluster, and what a cluster can be asked', (t) => {
  const testing = read('docs/testing.md');
  for (const key of CLUSTER_OPTION_KEYS) t.regex(testing, new RegExp(`^\\| \`${key}\` `, 'm'), key);
  const members = [...read('engine/testing/test-cluster.ts').matchAll(/^ {2}(?:readonly )?(\w+)[(<:]/gm)].map(
    ([, name]) => name!,
  );
  t.true(members.length > 20);
  for (const name of members) t.regex(testing, new RegExp(`\\b${name}\\b`), name);
});
