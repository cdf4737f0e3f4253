import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGame } from '../../codegen/build.ts';
import { bundleForBrowser } from '../../codegen/esbuild.ts';
import { SystemClock } from '../base/clock.ts';
import { notImplemented } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { type HashKey, Keyspace } from '../cluster/keyspace.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import { admit } from '../contract/check.ts';
import { Gateway } from '../gateway/gateway.ts';
import { StaticFiles } from '../gateway/static.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { MAIN_THREAD_WAITS } from '../runtime/duty-cycle.ts';
import { END_HOST } from '../runtime/frame.ts';
import type { RootLog } from '../runtime/log.ts';
import { Node } from '../runtime/node.ts';
import { NodeView } from '../runtime/node-view.ts';
import { Admin, ApiError, type Readiness } from './admin.ts';
import { ClientCalls } from './client-calls.ts';
import { inlineWholeRoutes } from './compiler-flags.ts';
import { computeFunctions } from './compute-functions.ts';
import { ComputePool } from './compute-pool.ts';
import type { HostConfig } from './config.ts';
import { HeapFigures } from './heap-figures.ts';
import type { Host } from './host-options.ts';
import type { Launch } from './launcher-port.ts';
import { loadGame } from './load-game.ts';
import { Mesh, MeshEnds } from './mesh.ts';
import { allGauges, type Gauges, nodeCounters, nodeGauges, processGauges } from './metrics.ts';
import { NO_QUARANTINE } from './quarantine.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import { engineVersion } from './shell.ts';
import { Supervision } from './supervision.ts';
import { flagsOf } from './thread-flags.ts';
import type { Figures, ThreadStart } from './thread-messages.ts';
import { Threads } from './threads.ts';
import { watchLimits } from './watchdog.ts';

const QUIET_MS_MAX = 5_000;
const DRAIN_MS_MAX = 5_000;
/** Over what time clients are asked to come back, when the host stops. */
const RECONNECT_SPREAD_MS = 2_000;

/** Like `startHost`, with everything decided. */
export async function runHost(
  config: HostConfig,
  gameArgs: readonly string[],
  log: RootLog,
  launch?: Launch,
): Promise<RunningHost> {
  if (config.nats !== undefined) throw notImplemented('--nats');
  if (config.store !== 'lmdb' && config.store !== 'memory') throw notImplemented(`--store=${config.store}`);
  inlineWholeRoutes();
  const gameFile = resolve(config.game);
  const built = await buildGame(gameFile);
  if (built.manifestChanged)
    log.info({ manifest: built.manifest }, 'the wire of the game has changed: commit its manifest');
  const catalogue = await loadGame(built.game, built.generated);
  if (catalogue.hasPersistent) throw notImplemented('persistent: true on a host');
  const host = new RunningHost(
    new HostParts(
      config,
      catalogue,
      log,
      pagesOf(catalogue, gameFile, log),
      new ComputePool({
        functions: computeFunctions(catalogue.game, gameFile, built.modules),
        threadsMax: config.computeThreads,
        log,
        argv: gameArgs.length > 0 ? ['--', ...gameArgs] : [],
        ...flagsOf(process.execArgv),
      }),
      launch,
    ),
  );
  try {
    await host.listen();
    await host.startNodes({ gameUrl: built.game, generatedUrl: built.generated }, gameArgs);
  } catch (error) {
    await host.stop().catch(() => {});
    throw error;
  }
  return host;
}

/** What one process is composed of: node threads, the gateway with a node of its own on this thread, the admin port. */
class HostParts {
  readonly config: HostConfig;
  readonly catalogue: Catalogue;
  readonly log: RootLog;
  readonly hostId: string;
  readonly seed = randomBytes(4).readUInt32LE();
  readonly hashKey: HashKey;
  readonly slots = new SlotTable();
  readonly mesh: Mesh;
  readonly gateway: Gateway;
  /** Owns no slots: what leaves the gateway and comes to clients. */
  readonly node: Node;
  readonly threads: Threads;
  readonly supervision: Supervision;
  readonly heap = new HeapFigures();
  readonly compute: ComputePool;

  constructor(
    config: HostConfig,
    catalogue: Catalogue,
    log: RootLog,
    pages: StaticFiles | undefined,
    compute: ComputePool,
    launch: Launch | undefined,
  ) {
    this.config = config;
    this.catalogue = catalogue;
    this.log = log;
    this.compute = compute;
    const clock = new SystemClock();
    const key = randomBytes(8);
    this.hostId = config.hostId ?? `host-${randomBytes(4).toString('hex')}`;
    this.hashKey = [key.readUInt32LE(0), key.readUInt32LE(4)];
    this.slots.spread(config.workers);
    this.mesh = new Mesh(config.workers + 1);
    const ends = new MeshEnds(this.mesh, config.workers, (...about) => this.threads.corrupt(...about));
    let calls: ClientCalls | undefined;
    this.gateway = new Gateway({
      entities: { call: (...call) => calls!.call(...call) },
      contracts: catalogue,
      admit,
      authenticate: catalogue.game.gateway?.authenticate,
      pages: pages && ((request, response) => void pages.serve(request, response)),
      clock,
      log,
    });
    this.node = new Node({
      index: config.workers,
      incarnation: newIncarnation(),
      catalogue,
      router: new HostRouter(new Keyspace(this.hashKey), this.slots, this.hostId, config.workers),
      clock,
      prng: new Prng(this.seed, 'gateway'),
      log,
      writers: ends.writers,
      readers: ends.readers,
      bell: ends.bell,
      onCorrupt: ends.onCorrupt,
      waits: MAIN_THREAD_WAITS,
      clients: this.gateway,
      compute,
    });
    calls = new ClientCalls(this.node.state);
    this.supervision = new Supervision({
      catalogue,
      log,
      limits: watchLimits(config.hangMs),
      launcher: launch?.port,
      quarantine: launch?.quarantine ?? NO_QUARANTINE,
    });
    this.threads = new Threads({
      mesh: this.mesh,
      supervision: this.supervision,
      newIncarnation,
      peerReplaced: (links) => this.node.replacePeer(ends.replacement(links)),
    });
  }
}

/** A host from `listen` to `stop`. */
export class RunningHost extends NodeView implements Host {
  readonly gameName: string;
  /** Resolves when the host cannot go on. */
  readonly failed: Promise<Error>;
  private readonly parts: HostParts;
  private readonly admin: Admin;
  private readiness: Readiness = { ready: false, reason: 'starting' };
  private gatewayPort = 0;
  private adminServerPort = 0;
  private stopped: Promise<void> | undefined;

  constructor(parts: HostParts) {
    super(parts.node.state, END_HOST, 0xffff, 0, 0);
    this.parts = parts;
    this.gameName = parts.catalogue.game.name;
    this.failed = parts.threads.failed;
    this.admin = new Admin({
      gauges: allGauges(processGauges(engineVersion()), this.nodeFigures()),
      readiness: () => this.readiness,
      routes: [
        { method: 'GET', path: '/api/nodes', run: () => this.nodes() },
        { method: 'GET', path: '/api/locks', run: ({ query }) => this.parts.threads.locks(pageFrom(query)) },
        ...quarantineRoutes(parts.supervision, () => parts.threads.quarantine()),
      ],
      log: parts.log,
    });
  }

  get port(): number {
    return this.gatewayPort;
  }

  get adminPort(): number {
    return this.adminServerPort;
  }

  /** Takes the ports, so that one that is in use is known before anything else starts. */
  async listen(): Promise<void> {
    const { config, gateway } = this.parts;
    this.gatewayPort = await gateway.listen(config.port, config.address);
    this.adminServerPort = await this.admin.listen(config.adminPort, config.adminAddress);
  }

  async startNodes(game: Pick<ThreadStart, 'gameUrl' | 'generatedUrl'>, gameArgs: readonly string[]): Promise<void> {
    const { config, hostId, hashKey, mesh, slots, seed, threads, supervision, node } = this.parts;
    const starts = Array.from(
      { length: config.workers },
      (_, index): ThreadStart => ({
        ...game,
        ...mesh.memory,
        quarantined: supervision.quarantined,
        index,
        workers: config.workers,
        hostId,
        incarnation: newIncarnation(),
        seed: (seed + index) >>> 0,
        hashKey,
        slotTable: slots.memory,
        log: config,
      }),
    );
    node.start();
    const env = { ...process.env, SKERRY_PORT: String(this.gatewayPort) };
    await threads.start(starts, { gameArgs, env, heapMb: config.heapMb });
    this.readiness = { ready: true };
    threads.startGame();
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async stopOnce(): Promise<void> {
    const { gateway, threads, node, compute } = this.parts;
    const hasServed = this.readiness.ready;
    this.readiness = { ready: false, reason: 'draining' };
    await gateway.close(RECONNECT_SPREAD_MS);
    // First nothing is under way any more on any node, then entities leave: a call never finds its target's node gone.
    if (hasServed) await threads.quiet(QUIET_MS_MAX, () => node.state.pending.size > 0);
    await threads.stop(DRAIN_MS_MAX);
    node.stop();
    await compute.stop();
    await this.admin.close();
  }

  /** A node stands in native code: leaving the process in order would wait for it. */
  get isStuck(): boolean {
    return this.parts.threads.areStuck;
  }

  private async nodes(): Promise<unknown> {
    const { supervision, config } = this.parts;
    const all = await this.figures();
    return Array.from({ length: config.workers + 1 }, (_, node) => {
      const found = all.find((one) => one.node === node);
      const supervised = node < config.workers ? supervision.record(node) : {};
      return { node, answers: found !== undefined, ...supervised, ...found?.figures };
    });
  }

  private async figures(): Promise<{ node: number; figures: Figures }[]> {
    const { threads, node, config, heap } = this.parts;
    return [...(await threads.figures()), { node: config.workers, figures: heap.beside(node.figures()) }];
  }

  private nodeFigures(): Gauges {
    return {
      read: async () => {
        const all = await this.figures();
        const { gateway, config, supervision, compute } = this.parts;
        const computing = compute.figures();
        return [
          ...nodeCounters([{ node: config.workers, counters: computing.counters }]),
          ...nodeGauges([{ node: config.workers, counters: computing.gauges }]),
          ...nodeCounters([{ node: config.workers, counters: prefixed('gateway', { ...gateway.counters }) }]),
          ...nodeGauges([{ node: config.workers, counters: { gatewayConnections: gateway.connections } }]),
          ...nodeCounters(
            Array.from({ length: config.workers }, (_, node) => {
              const { restarts, slowTurns } = supervision.record(node);
              return { node, counters: { nodeRestarts: restarts, slowTurns } };
            }),
          ),
          ...nodeGauges([{ node: config.workers, counters: { quarantined: supervision.quarantined.length } }]),
          ...nodeCounters(all.map(({ node, figures }) => ({ node, counters: figures.counters }))),
          ...nodeGauges(all.map(({ node, figures }) => ({ node, counters: figures.gauges }))),
        ];
      },
    };
  }
}

/** `{ framesSent }` as `{ gatewayFramesSent }`. */
/** Where a page begins, `?from=100`. */
function pageFrom(query: URLSearchParams): number {
  const from = Number(query.get('from') ?? 0);
  if (Number.isSafeInteger(from) && from >= 0) return from;
  throw new ApiError(400, 'invalid', `from is '${query.get('from')}'; it is a whole number.`);
}

function prefixed(prefix: string, figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [`${prefix}${name[0]!.toUpperCase()}${name.slice(1)}`, value]),
  );
}

/** The folder that the game shows to browsers. */
function pagesOf(catalogue: Catalogue, gameFile: string, log: RootLog): StaticFiles | undefined {
  const folder = catalogue.game.gateway?.static;
  if (folder === undefined) return undefined;
  const engine = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const aliases = {
    skerry: engine('../client/browser.js'),
    'skerry/client': engine('../client/index.browser.js'),
  };
  return new StaticFiles({
    folder: resolve(dirname(gameFile), folder),
    bundle: (file) => bundleForBrowser(file, aliases),
    log,
  });
}

const newIncarnation = (): number => randomBytes(4).readUInt32LE() & 0x7fff_ffff || 1;
