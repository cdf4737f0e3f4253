import { buildGame } from '../../codegen/build.ts';
import { SystemClock } from '../base/clock.ts';
import { admit } from '../contract/check.ts';
import { Gateway } from '../gateway/gateway.ts';
import { ClientCalls } from '../host/client-calls.ts';
import { computeFunctions, loadFunction } from '../host/compute-functions.ts';
import { withGameArguments } from '../host/game-arguments.ts';
import { loadGame } from '../host/load-game.ts';
import type { Game } from '../runtime/game.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { CapturedLog, LOG_LEVELS, type LogLine } from './captured-log.ts';
import { type ClusterConfig, type ClusterOptions, clusterConfig } from './cluster-options.ts';
import { InProcessCluster } from './in-process-cluster.ts';
import { InlineCompute } from './inline-compute.ts';
import { LocalHost } from './local-host.ts';
import { ManualClock } from './manual-clock.ts';
import { ObservedTurns } from './observed-turns.ts';
import type { TestCluster } from './test-cluster.ts';

/** Where a manual clock begins; deadlines and timers count from there. */
const MONOTONIC_MS = 1_000;
/** The longest `setInterval`: clients of the same thread need no heartbeat. */
const NEVER_MS = 0x7fff_ffff;

/**
 * Starts a game as a cluster inside of this process: nodes, gateway, clients and clock on one thread. Resolves when calls are served and the
 * game's `onStart` has come as far as it can without time. Rejects with one clear line for options or a game that do not work.
 */
export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const config = clusterConfig(options);
  const built = await buildGame(config.game);
  const turns = new ObservedTurns();
  const catalogue = await loadGame(built.game, built.generated, (game) => turns.observe(game));
  const log = new CapturedLog(config.print && printFrom(config.print));
  const clock = config.isManual ? new ManualClock(MONOTONIC_MS, config.startsAtMs - MONOTONIC_MS) : new SystemClock();
  let calls: ClientCalls | undefined;
  const gateway = new Gateway({
    entities: { call: (...call) => calls!.call(...call) },
    contracts: catalogue,
    admit,
    authenticate: catalogue.game.gateway?.authenticate,
    clock,
    log,
    limits: { heartbeatMs: NEVER_MS },
  });
  const functions = [...computeFunctions(catalogue.game, config.game, built.modules)];
  const compute = new InlineCompute(
    new Map(functions.map(([name, url]) => [name, () => loadFunction(name, url)])),
    log,
  );
  const { nodes, seed } = config;
  const kept = catalogue.hasPersistent && { store: catalogue.game.store ?? new MemoryStore() };
  const host = new LocalHost(catalogue, { nodes, seed, clients: gateway, compute, clock, log, ...kept });
  calls = new ClientCalls(host.nodes[config.nodes]!.state);
  const { manifestChanged } = built;
  const cluster = new InProcessCluster({ host, gateway, functions: compute, turns, ...config, manifestChanged });
  for (const warning of built.warnings) log.warn({}, warning);
  if (config.onStart) await startGame(catalogue.game, cluster, config, log);
  return cluster;
}

/** As far as it comes without time; what it throws later is logged. */
async function startGame(
  game: Game,
  cluster: InProcessCluster,
  config: ClusterConfig,
  log: CapturedLog,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  const failed = (error: unknown): void => {
    failure ??= { error };
    log.error({ err: error }, 'onStart failed');
  };
  try {
    const started = withGameArguments(config.args, () => game.onStart?.(cluster.node(0)));
    void Promise.resolve(started).catch(failed);
  } catch (error) {
    failed(error);
  }
  await cluster.settled();
  if (failure === undefined) return;
  await cluster.stop();
  const { error } = failure;
  throw new Error(`onStart failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

function printFrom(level: ClusterOptions['print'] & string): (line: LogLine) => void {
  const least = LOG_LEVELS.indexOf(level);
  return (line) => {
    if (LOG_LEVELS.indexOf(line.level) >= least) console.error(`${line.level} ${line.message}`, line.fields);
  };
}
