import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { connect } from '../client/index.ts';
import { LEASE_PROFILES } from '../cluster/lease-profile.ts';
import { ClusterHistory } from '../testing/cluster-history.fixture.ts';
import { ClusterProcess, hostIn, isOwnedBy } from '../testing/cluster-process.fixture.ts';
import { FaultProxy } from '../testing/fault-proxy.fixture.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { TallyCaller } from '../testing/tally-caller.fixture.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

const PROFILE = LEASE_PROFILES.lan;
const TALLIES = Array.from({ length: 24 }, (_, index) => index + 1);
/** Ten in a long run. */
const MASTERS = Number(process.env.SKERRY_KILL_ROUNDS ?? 2);

/** Processes of a cluster under load from clients of one of them, all of it recorded. */
class Stage {
  readonly history: ClusterHistory;
  readonly hosts = new Map<string, ClusterProcess>();
  callers: TallyCaller[] = [];
  private readonly t: ExecutionContext;
  private readonly server: NatsServer;

  private constructor(t: ExecutionContext, server: NatsServer) {
    this.t = t;
    this.server = server;
    this.history = new ClusterHistory(t);
  }

  /** Hosts of these names share the slots; clients are at the last one. `urls`: how a host reaches NATS, where not directly. */
  static async open(
    t: ExecutionContext,
    server: NatsServer,
    ids: string[],
    urls: Record<string, string> = {},
  ): Promise<Stage> {
    t.timeout(300_000);
    const stage = new Stage(t, server);
    await stage.history.watch(t, server.url);
    for (const id of ids) await stage.start(id, urls[id]);
    const last = stage.host(ids.at(-1)!);
    await stage.balanced(ids);
    const client = await connect((await last.address('page')).replace('http', 'ws'), { ticket: {} });
    t.teardown(() => client.close());
    stage.callers = TALLIES.map((id) => new TallyCaller(client, id, stage.history));
    await last.sees(() => stage.callers.every(({ done }) => done.some(({ end }) => end === 'done')));
    return stage;
  }

  async start(id: string, url = this.server.url): Promise<ClusterProcess> {
    const game = `--game=${gameFile('tallies')}`;
    const flags = [game, '--workers=1', '--lease-profile=lan', '--log-level=debug', '--', this.history.journalFlag];
    const host = new ClusterProcess(this.t, url, id, ...flags);
    this.hosts.set(id, host);
    await host.sees((report) => hostIn(report, id)?.isMember === true);
    await this.history.follow(host);
    return host;
  }

  host(id: string): ClusterProcess {
    return this.hosts.get(id)!;
  }

  /** Each of them has a share. */
  async balanced(ids: readonly string[]): Promise<void> {
    await this.host(ids.at(-1)!).sees((report) => {
      return (
        isOwnedBy(report, ...ids) && ids.every((id) => hostIn(report, id)!.slots >= report.slots.total / ids.length / 2)
      );
    });
  }

  kill(id: string): void {
    const host = this.host(id);
    host.signal('SIGKILL');
    this.history.stopped(host, 'killed');
  }

  /** Every caller is served again from now on. */
  async served(at: ClusterProcess): Promise<void> {
    const since = performance.now();
    await at.sees(() => this.callers.every(({ done }) => done.at(-1)!.end === 'done' && done.at(-1)!.at > since));
  }

  /** The callers end; nothing that happened may contradict what is promised. */
  async judge(...without: string[]): Promise<void> {
    await Promise.all(this.callers.map((caller) => caller.stop()));
    const { t, callers } = this;
    for (const caller of callers) t.is(caller.fault(), undefined);
    const { violations, notes } = this.history.verdict(PROFILE.execMs, ...without);
    t.deepEqual(violations, []);
    t.log(
      `${notes} notes, ${callers.reduce((sum, { done }) => sum + done.filter(({ end }) => end !== 'done').length, 0)} calls failed`,
    );
    t.true(notes > callers.length);
  }

  get failures(): string[] {
    return this.callers.flatMap(({ id, done }) =>
      done.filter(({ end }) => end !== 'done').map(({ end }) => `${id}: ${end}`),
    );
  }
}

async function serverFor(t: ExecutionContext): Promise<NatsServer> {
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  return server;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test.serial(
  'masters that are killed, one after another: a line of epochs without a fork, and every call ends',
  async (t) => {
    const stage = await Stage.open(t, await serverFor(t), ['a', 'b', 'z']);
    const z = stage.host('z');
    for (let round = 0; round < MASTERS; round++) {
      // The seat goes to the first by name, so never to the one with the clients.
      const { master } = await z.sees((report) => report.master !== undefined && report.master.host !== 'z');
      const { host: id, term } = master!;
      stage.kill(id);
      await z.sees(
        (report) =>
          report.master!.term > term && hostIn(report, id)?.state === 'dead' && isOwnedBy(report, 'a', 'b', 'z'),
      );
      await stage.served(z);
      await stage.start(id);
      await stage.balanced(['a', 'b', 'z']);
    }
    await stage.judge();
  },
);

test.serial('a host that stands still beyond its death: what it was in the middle of reaches nobody', async (t) => {
  const stage = await Stage.open(t, await serverFor(t), ['b', 'z']);
  const [b, z] = [stage.host('b'), stage.host('z')];
  const from = stage.history.now();
  b.signal('SIGSTOP');
  await z.sees((report) => hostIn(report, 'b')?.state === 'dead' && isOwnedBy(report, 'z'));
  await stage.served(z);
  b.signal('SIGCONT');
  stage.history.stoodStill(b, from);
  t.is(await b.exited(), 75);
  stage.history.stopped(b, 'declared-dead');
  await stage.judge();
});

test.serial('a host that stands still for half of its lease: nobody notices but by the time it takes', async (t) => {
  const stage = await Stage.open(t, await serverFor(t), ['b', 'z']);
  const [b, z] = [stage.host('b'), stage.host('z')];
  const { epoch } = await z.report();
  const from = stage.history.now();
  b.signal('SIGSTOP');
  // Time itself is what is tested.
  await wait(PROFILE.execMs / 2);
  b.signal('SIGCONT');
  stage.history.stoodStill(b, from);
  await stage.served(z);
  t.is((await z.report()).epoch, epoch);
  t.deepEqual(stage.failures, []);
  await stage.judge();
});

test.serial(
  'NATS stands still for longer than leases last: so does everything, and goes on with its memory',
  async (t) => {
    const server = await serverFor(t);
    const stage = await Stage.open(t, server, ['b', 'z']);
    const [b, z] = [stage.host('b'), stage.host('z')];
    await server.freeze();
    await Promise.all([b, z].map((host) => host.prints(/"msg":"no lease: NATS has not answered in time/)));
    server.thaw();
    await Promise.all([b, z].map((host) => host.prints(/"msg":"the lease goes on/)));
    await stage.served(z);
    await stage.judge();
    // Nobody has begun anew.
    for (const { id, done } of stage.callers)
      t.is(new Set(done.map(({ noted }) => noted?.first)).size, 1, `tally ${id}`);
  },
);

test.serial('NATS is killed and comes back before leases end: no call fails', async (t) => {
  const server = await serverFor(t);
  const stage = await Stage.open(t, server, ['b', 'z']);
  await server.kill();
  await server.start();
  await stage.served(stage.host('z'));
  await stage.judge('I5');
});

const CUTS: [string, (proxy: FaultProxy) => void, (proxy: FaultProxy) => void][] = [
  [
    'cut off',
    (proxy) => {
      proxy.refuse(true);
      proxy.cut();
    },
    (proxy) => proxy.refuse(false),
  ],
  ['heard no more', (proxy) => proxy.hold('up'), (proxy) => proxy.release()],
  ['hears no more', (proxy) => proxy.hold('down'), (proxy) => proxy.release()],
  [
    'half open both ways',
    (proxy) => {
      proxy.swallow('up');
      proxy.swallow('down');
    },
    (proxy) => proxy.release(),
  ],
];
for (const [title, spoil, mend] of CUTS) {
  test.serial(`a host that is ${title} stops before others take its slots, and its run is over`, async (t) => {
    const server = await serverFor(t);
    const proxy = await FaultProxy.start(server.port);
    t.teardown(() => proxy.dispose());
    const stage = await Stage.open(t, server, ['b', 'z'], { b: proxy.url });
    const [b, z] = [stage.host('b'), stage.host('z')];
    spoil(proxy);
    await b.prints(/"msg":"no lease: NATS has not answered in time/);
    await z.sees((report) => hostIn(report, 'b')?.state === 'dead' && isOwnedBy(report, 'z'));
    await stage.served(z);
    mend(proxy);
    t.is(await b.exited(), 75);
    stage.history.stopped(b, 'declared-dead');
    await stage.judge();
  });
}

test.serial('a control store that was wiped: nobody goes back to an epoch that was', async (t) => {
  const server = await serverFor(t);
  const stage = await Stage.open(t, server, ['b', 'z']);
  const [b, z] = [stage.host('b'), stage.host('z')];
  await server.kill();
  server.wipe();
  await server.start();
  await Promise.all([b, z].map((host) => host.prints(/"msg":"no lease: NATS has not answered in time/)));
  for (const host of [b, z]) t.is((await host.report()).self.phase, 'fenced');
  for (const caller of stage.callers) caller.isStopped = true;
  await stage.judge('I5');
});
