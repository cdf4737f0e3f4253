/** `skerry start`: runs a host until a signal, or a failure, ends it. */

import type { RootLog } from '../runtime/log.ts';
import type { CommandLine } from './command-line.ts';
import type { HostConfig } from './config.ts';
import { HostLost } from './host-lost.ts';
import { createLog } from './log.ts';
import { EXIT_CODE, engineVersion, type Shell, type StopSignal } from './shell.ts';
import { explainFailure, requireGameFile, withoutStack } from './start-failure.ts';

/** What the command needs of a host that serves. */
export interface StartedHost {
  /** The name in `defineGame`. */
  readonly gameName: string;
  /** Undefined when the host has no gateway. */
  readonly port: number | undefined;
  readonly adminPort: number;
  /** Where persistent state lives. */
  readonly store: string;
  /** Resolves when the host cannot go on (its game's onStart threw, a node is lost for good); otherwise never settles. */
  readonly failed: Promise<Error>;
  /** A thread stands in native code and cannot be ended; leaving the process in order would wait for it. */
  readonly isStuck?: boolean;
  /** Drains: no new calls, what is under way ends, state is saved, threads end. */
  stop(): Promise<void>;
}

/** Resolves once calls are served; rejects with an error whose message the operator can act on. */
export type StartHost = (config: HostConfig, gameArgs: readonly string[], log: RootLog) => Promise<StartedHost>;

/** How long a host that failed may take to stop. */
const FAILED_STOP_MS_MAX = 10_000;
/** How long a signal waits for a host that is still starting: one that waits for something would never end. */
const STARTING_MS_MAX = 5000;

/** Resolves to the exit code. */
export async function start(
  line: CommandLine,
  shell: Shell,
  startHost: StartHost,
  startingMsMax = STARTING_MS_MAX,
): Promise<number> {
  const { config, gameArgs, warnings } = line;
  requireGameFile(config.game);
  const log = createLog(config, {});
  for (const warning of warnings) log.warn({}, warning);

  const signalled = firstSignal(shell);
  const starting = startHost(config, gameArgs, log);
  let host: StartedHost;
  try {
    // A signal while it starts is kept for a while, until there is something to stop; a second one exits at once as ever.
    const first = await Promise.race([starting, signalled]);
    const started = typeof first === 'string' ? await withinMs(starting, startingMsMax) : first;
    if (started === undefined) return EXIT_CODE[first as StopSignal];
    host = started;
  } catch (error) {
    log.debug({ err: error }, 'the host did not start');
    shell.stderr(`skerry: ${explainFailure(error, config)}\n`);
    return 1;
  }
  shell.stdout(banner(config, host));

  const end = await Promise.race([signalled, host.failed]);
  if (end instanceof Error) return fail(end, host, log, shell);
  log.info({ signal: end }, 'draining; a second signal exits at once');
  try {
    await host.stop();
  } catch (error) {
    log.error({ err: error }, 'the host did not stop in order');
    return 1;
  }
  if (host.isStuck) killAtOnce(log, shell);
  log.info({}, 'stopped');
  return 0;
}

/** Undefined: not in time. */
async function withinMs<T>(done: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([done, impatience]);
  } finally {
    clearTimeout(timer);
  }
}

function firstSignal(shell: Shell): Promise<StopSignal> {
  return new Promise((resolve) => {
    let seen = false;
    shell.onSignal((signal) => {
      if (seen) shell.exit(EXIT_CODE[signal]);
      seen = true;
      resolve(signal);
    });
  });
}

async function fail(error: Error, host: StartedHost, log: RootLog, shell: Shell): Promise<number> {
  // Not in order: nothing of this run may go on, and the others know of its end.
  if (error instanceof HostLost) {
    shell.stderr(`skerry: ${error.message}\n`);
    return error.exitCode;
  }
  // The log has the stack, for whoever wrote the game; the last line is for the operator, whatever the level.
  log.error({ err: error }, 'the host failed');
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FAILED_STOP_MS_MAX);
  });
  await Promise.race([host.stop().catch((err) => log.error({ err }, 'stopping')), patience]);
  clearTimeout(timer);
  shell.stderr(`skerry: ${withoutStack(error.message)}\n`);
  if (host.isStuck) killAtOnce(log, shell);
  return 1;
}

function killAtOnce(log: RootLog, shell: Shell): void {
  log.error({}, 'a node stands in native code and does not end: the process kills itself');
  shell.kill();
}

function banner(config: HostConfig, host: StartedHost): string {
  const nodes = config.workers === 1 ? '1 node' : `${config.workers} nodes`;
  const rows = [
    ...(host.port === undefined ? [] : [['page', urlOf(config.address, host.port)]]),
    ['admin', urlOf(config.adminAddress, host.adminPort)],
    ['store', host.store],
    ['stop', 'Ctrl+C or SIGTERM drains; a second one exits at once'],
  ];
  const lines = rows.map(([name, value]) => `  ${name!.padEnd(7)}${value}`);
  return `skerry ${engineVersion()}: ${host.gameName} on ${nodes}\n${lines.join('\n')}\n`;
}

function urlOf(address: string | undefined, port: number): string {
  const isEverywhere = address === undefined || address === '0.0.0.0' || address === '::';
  const name = isEverywhere ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address;
  return `http://${name}:${port}/`;
}
