import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { RootLog } from '../runtime/log.ts';
import type { LogFormat, LogLevel } from './config.ts';
import { createLog } from './log.ts';

/** What `write` logs, line by line. */
function logged(format: LogFormat, level: LogLevel, write: (log: RootLog) => void): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-log-'));
  const file = join(folder, 'log');
  const descriptor = openSync(file, 'a');
  try {
    write(createLog({ logFormat: format, logLevel: level }, { host: 'h1', node: 3 }, descriptor));
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

const parsed = (lines: string[]): Record<string, any>[] => lines.map((line) => JSON.parse(line));

test('json: one object a line, levels by name, ISO time, bindings, no pid', (t) => {
  const [line] = parsed(logged('json', 'info', (log) => log.info({ entity: 'Hero/7' }, 'activated')));
  t.like(line, { level: 'info', msg: 'activated', host: 'h1', node: 3, entity: 'Hero/7' });
  t.is(new Date(line!.time).toISOString(), line!.time);
  t.false('pid' in line!);
});

test('auto is json when it is not a terminal', (t) => {
  t.is(parsed(logged('auto', 'info', (log) => log.warn({}, 'x')))[0]!.level, 'warn');
});

test('less than the level is not written', (t) => {
  const all = (log: RootLog) => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, level);
  };
  const levels = (level: LogLevel) => parsed(logged('json', level, all)).map(({ msg }) => msg);
  t.deepEqual(levels('debug'), ['debug', 'info', 'warn', 'error']);
  t.deepEqual(levels('warn'), ['warn', 'error']);
  t.deepEqual(levels('silent'), []);
});

test('errors have type, message, stack and their cause', (t) => {
  const cause = new RangeError('inner');
  const [first, second] = parsed(
    logged('json', 'info', (log) => {
      log.error({ err: new TypeError('outer', { cause }) }, 'failed');
      log.error(new Error('alone'));
    }),
  );
  t.like(first!.err, { type: 'TypeError', message: 'outer: inner' });
  t.regex(first!.err.stack, /log\.test.*caused by: RangeError: inner/s);
  t.is(second!.err.message, 'alone');
});

test('children add their bindings', (t) => {
  const [line] = parsed(logged('json', 'info', (log) => log.child({ entity: 'Hero/7' }).info({ hp: 1 }, 'hit')));
  t.like(line, { node: 3, entity: 'Hero/7', hp: 1 });
});

test('values that JSON does not know stop nothing', (t) => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const [line] = parsed(logged('json', 'info', (log) => log.info({ id: 7n, circle, f() {} }, 'x')));
  t.is(line!.id, 7);
  t.is(line!.circle.self, '[Circular]');
});

test('pretty: a readable line, the fields behind the message, stacks below', (t) => {
  const lines = logged('pretty', 'info', (log) => {
    log.info({ entity: 'Hero/7' }, 'activated');
    log.error({ err: new TypeError('outer') }, 'failed');
  });
  t.regex(lines[0]!, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: activated \{.*"entity":"Hero\/7".*\}$/);
  t.true(lines[1]!.includes('ERROR: failed'));
  t.true(lines.some((line) => /^\s+at .*log\.test/.test(line)));
});
