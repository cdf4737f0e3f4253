import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGame } from '../../codegen/build.ts';
import { bundleForBrowser } from '../../codegen/esbuild.ts';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import type { Keyspace } from '../cluster/keyspace.ts';
import { admit } from '../contract/check.ts';
import { Gateway } from '../gateway/gateway.ts';
import { StaticFiles } from '../gateway/static.ts';
import { BlackBox } from '../runtime/black-box.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { MAIN_THREAD_WAITS } from '../runtime/duty-cycle.ts';
import { END_HOST } from '../runtime/frame.ts';
import type { RootLog } from '../runtime/log.ts';
import { Node } from '../runtime/node.ts';
import { NodeView } from '../runtime/node-view.ts';
import { Admin, ApiError, type Readiness } from './admin.ts';
import { ClientCalls } from './client-calls.ts';
import { ClusterNode } from './cluster-node.ts';
import type { ClusterReport } from './cluster-report.ts';
import { inlineWholeRoutes } from './compiler-flags.ts';
import { computeFunctions } from './compute-functions.ts';
import { ComputePool } from './compute-pool.ts';
import type { HostConfig } from './config.ts';
import type { ControlPlane } from './control-plane.ts';
import { HeapFigures } from './heap-figures.ts';
import type { Host } from './host-options.ts';
import { HostThreads, newIncarnation } from './host-threads.ts';
import type { Launch } from './launcher-port.ts';
import { loadGame } from './load-game.ts';
import { MeshEnds, type PeerLinks } from './mesh.ts';
import { allGauges, type Gauges, nodeCounters, nodeGauges, processGauges } from './metrics.ts';
import { quarantineRoutes } from './quarantine-routes.ts';
import { engineVersion } from './shell.ts';
import { flagsOf } from './thread-flags.ts';
import type { Figures } from './thread-messages.ts';

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
  inlineWholeRoutes();
  const gameFile = resolve(config.game);
  const built = await buildGame(gameFile);
  if (built.manifestChanged)
    log.info({ manifest: built.manifest }, 'the wire of the game has changed: commit its manifest');
  const catalogue = await loadGame(built.game, built.generated);
  const game = { gameUrl: built.game, generatedUrl: built.generated };
  let parts: HostParts | undefined;
  let host: RunningHost | undefined;
  const threads = new HostThreads(
    { config, catalogue, log, launch, game, gameArgs },
    (links) => parts!.peerReplaced(links),
    (isFenced) => host?.fence(isFenced),
  );
  try {
    const keyspace = await threads.open();
    const compute = new ComputePool({
      functions: computeFunctions(catalogue.game, gameFile, built.modules),
      threadsMax: config.computeThreads,
      log,
      argv: gameArgs.length > 0 ? ['--', ...gameArgs] : [],
      ...flagsOf(process.execArgv),
    });
    parts = new HostParts({ config, catalogue, log, compute, threads, keyspace }, pagesOf(catalogue, gameFile, log));
  } catch (error) {
    await threads.stop(0);
    throw error;
  }
  host = new RunningHost(parts);
  try {
    await host.listen();
    await host.startNodes();
  } catch (error) {
    await host.stop().catch(() => {});
    throw error;
  }
  return host;
}

interface Given {
  readonly config: HostConfig;
  readonly catalogue: Catalogue;
  readonly log: RootLog;
  readonly compute: ComputePool;
  readonly threads: HostThreads;
  readonly keyspace: Keyspace;
}

/** What one process is composed of: node threads, the gateway with a node of its own on this thread, the admin port. */
class HostParts {
  readonly config: HostConfig;
  readonly catalogue: Catalogue;
  readonly log: RootLog;
  readonly gateway: Gateway;
  /** Owns no slots: what leaves the gateway and comes to clients. */
  readonly node: Node;
  readonly threads: HostThreads;
  readonly heap = new HeapFigures();
  readonly compute: ComputePool;
  private readonly ends: MeshEnds;
  private readonly cluster: ClusterNode | undefined;

  constructor({ config, catalogue, log, compute, threads, keyspace }: Given, pages: StaticFiles | undefined) {
    this.config = config;
    this.catalogue = catalogue;
    this.log = log;
    this.compute = compute;
    this.threads = threads;
    const clock = new SystemClock();
    const { mesh, slots, hostId, seed } = threads;
    this.ends = new MeshEnds(mesh, config.workers, (...about) => threads.threads.corrupt(...about));
    let calls: ClientCalls | undefined;
    const incarnation = newIncarnation();
    this.gateway = new Gateway({
      entities: { call: (...call) => calls!.call(...call) },
      contracts: catalogue,
      admit,
      authenticate: catalogue.game.gateway?.authenticate,
      others: {
        links: { tell: (gateway, rows) => this.node.view.tellGateway(gateway, rows) },
        writer: incarnation,
      },
      pages: pages && ((request, response) => void pages.serve(request, response)),
      clock,
      log,
    });
    const control = threads.control?.startOf(config.workers);
    const { workers } = config;
    const prng = new Prng(seed, 'gateway');
    const shared = { keyspace, slotTable: slots.memory, host: hostId, workers, clock, catalogue, log };
    this.cluster =
      control && new ClusterNode({ ...shared, start: control, index: workers, life: 0, random: prng.fork('links') });
    this.node = new Node({
      index: config.workers,
      incarnation,
      catalogue,
      router: this.cluster?.router ?? new HostRouter(keyspace, slots, hostId, config.workers),
      clock,
      prng,
      log,
      writers: this.ends.writers,
      readers: this.ends.readers,
      bell: this.ends.bell,
      onCorrupt: this.ends.onCorrupt,
      waits: MAIN_THREAD_WAITS,
      clients: this.gateway,
      compute,
      box: new BlackBox(mesh.boxes[config.workers]!),
      ...(this.cluster !== undefined && { cluster: this.cluster.ports }),
    });
    this.cluster?.listen(this.node, this.gateway);
    calls = new ClientCalls(this.node.state);
  }

  /** The node on this thread ends. */
  async stopNode(): Promise<void> {
    this.node.stop();
    await this.cluster?.close();
  }

  figures(): Figures {
    const figures = this.heap.beside(this.node.figures());
    return this.cluster?.beside(figures) ?? figures;
  }

  peerReplaced(links: PeerLinks): void {
    this.node.replacePeer(this.ends.replacement(links));
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
    const { threads, control } = parts.threads;
    this.failed = control === undefined ? threads.failed : Promise.race([threads.failed, control.lost]);
    this.admin = new Admin({
      gauges: allGauges(processGauges(engineVersion()), this.nodeFigures()),
      readiness: () => this.readiness,
      routes: [
        { method: 'GET', path: '/api/nodes', run: () => this.nodes() },
        { method: 'GET', path: '/api/cluster', run: () => this.cluster() },
        { method: 'GET', path: '/api/locks', run: ({ query }) => this.parts.threads.threads.locks(pageFrom(query)) },
        ...quarantineRoutes(parts.threads.supervision, () => parts.threads.threads.quarantine()),
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

  async startNodes(): Promise<void> {
    const { threads, node } = this.parts;
    node.start();
    await threads.start({ ...process.env, SKERRY_PORT: String(this.gatewayPort) });
    const founds = threads.control === undefined || (await this.joined(threads.control));
    this.readiness = { ready: true };
    if (founds) threads.threads.startGame();
  }

  /** Calls are served once the others know this host. Whether it is the one that starts the game. */
  private async joined({ serving, lost }: ControlPlane): Promise<boolean> {
    const first = await Promise.race([serving, lost]);
    if (first instanceof Error) throw first;
    return first.founds;
  }

  /** The lease ended, or goes on. */
  fence(isFenced: boolean): void {
    // Who is not ready yet, or is leaving, says that.
    if (this.readiness.ready !== isFenced) return;
    this.readiness = isFenced ? { ready: false, reason: 'fenced' } : { ready: true };
  }

  /** Where persistent state lives, for people. */
  get store(): string {
    return this.parts.threads.store;
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
    if (hasServed) await threads.threads.quiet(QUIET_MS_MAX, () => node.state.pending.size > 0);
    if (hasServed) await threads.leave(DRAIN_MS_MAX);
    await threads.stop(DRAIN_MS_MAX);
    await this.parts.stopNode();
    await compute.stop();
    await this.admin.close();
  }

  /** A node stands in native code: leaving the process in order would wait for it. */
  get isStuck(): boolean {
    return this.parts.threads.threads.areStuck;
  }

  private async cluster(): Promise<ClusterReport> {
    const { control } = this.parts.threads;
    if (control === undefined)
      throw new ApiError(404, 'not-found', 'This host is alone: it was started without --nats.');
    const report = await control.report();
    if (report === undefined) throw new ApiError(503, 'unavailable', 'The control thread does not answer.');
    return report;
  }

  private async nodes(): Promise<unknown> {
    const { threads, config } = this.parts;
    const { supervision, storeNode } = threads;
    const all = await this.figures();
    return Array.from({ length: (storeNode ?? config.workers) + 1 }, (_, node) => {
      const found = all.find((one) => one.node === node);
      const supervised = node === config.workers ? {} : supervision.record(node);
      return { node, answers: found !== undefined, ...supervised, ...found?.figures };
    });
  }

  private async figures(): Promise<{ node: number; figures: Figures }[]> {
    const { threads, config } = this.parts;
    return [...(await threads.threads.figures()), { node: config.workers, figures: this.parts.figures() }];
  }

  private nodeFigures(): Gauges {
    return {
      read: async () => {
        const all = await this.figures();
        const { gateway, config, threads, compute } = this.parts;
        const { supervision } = threads;
        const computing = compute.figures();
        return [
          ...nodeCounters([{ node: config.workers, counters: computing.counters }]),
          ...nodeGauges([{ node: config.workers, counters: computing.gauges }]),
          ...nodeCounters([{ node: config.workers, counters: prefixed('gateway', { ...gateway.counters }) }]),
          ...nodeGauges([
            {
              node: config.workers,
              counters: {
                gatewayConnections: gateway.connections,
                gatewayPrincipalsElsewhere: gateway.principalsElsewhere,
              },
            },
          ]),
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
