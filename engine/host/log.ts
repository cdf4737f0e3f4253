/**
 * The log of a host: structured, on stderr, so that stdout carries the banner and what game code prints. Every thread makes its own
 * and writes whole lines to the same descriptor, at once: nothing is lost when the process or a thread ends.
 */
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { destination, type Logger, pino } from 'pino';
import type pinoPretty from 'pino-pretty';
import type { RootLog } from '../runtime/log.ts';
import type { HostConfig } from './config.ts';

const STDERR = 2;

/**
 * `bindings` stand in every line (`{ host, node }`). JSON lines have `level` by name, `time` in ISO form, `msg`, and errors under
 * `err` as type, message and stack. `descriptor` is an open file; stderr unless told otherwise.
 */
export function createLog(
  { logLevel, logFormat }: Pick<HostConfig, 'logLevel' | 'logFormat'>,
  bindings: Record<string, unknown>,
  descriptor: number = STDERR,
): RootLog {
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isatty(descriptor));
  return pino(
    {
      level: logLevel,
      // Instead of pid and hostname, which whoever collects the lines knows better.
      base: bindings,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    isPretty ? prettyStream(descriptor) : destination({ dest: descriptor, sync: true }),
  ) satisfies Logger;
}

/** `[12:00:00.000] INFO: activated {"node":1,"entity":"Hero/7"}`, and stacks below. */
function prettyStream(descriptor: number): pinoPretty.PrettyStream {
  // Loaded when needed: it is a seventh of the time in which a node thread starts.
  const pretty: typeof pinoPretty = createRequire(import.meta.url)('pino-pretty');
  return pretty({
    destination: descriptor,
    sync: true,
    colorize: isatty(descriptor) && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
}
