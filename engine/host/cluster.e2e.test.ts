import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { ClusterProcess, hostIn, isOwnedBy } from '../testing/cluster-process.fixture.ts';
import { HostProcess } from '../testing/host-process.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

async function serverFor(t: ExecutionContext, options = {}): Promise<NatsServer> {
  t.timeout(180_000);
  const server = await NatsServer.start(options);
  t.teardown(() => server.dispose());
  return server;
}

/** Two hosts that know each other, the first one master and founder. */
async function pair(t: ExecutionContext, { url }: NatsServer, ...more: string[]) {
  const a = new ClusterProcess(t, url, 'a', ...more);
  await a.sees(({ master }) => master !== undefined);
  const b = new ClusterProcess(t, url, 'b', ...more);
  for (const host of [a, b]) {
    await host.sees((report) => hostIn(report, 'a')?.isMember === true && hostIn(report, 'b')?.isMember === true);
  }
  return { a, b };
}

test.serial('two hosts find each other; one of them starts the game, and both serve', async (t) => {
  const { a, b } = await pair(t, await serverFor(t));
  for (const host of [a, b]) {
    const report = await host.report();
    t.true(isOwnedBy(report, 'a', 'b'));
    t.is(report.master?.host, 'a');
    t.is(report.founder, 'a');
    t.is(report.self.phase, 'up');
    t.true(report.self.leaseMs > 0);
    t.is((await host.readiness()).status, 200);
  }
  await a.prints(/ping 1 went through 10 entities/);
  const { port } = new URL(await b.address('admin'));
  const status = new HostProcess(t, ['status', `--admin-port=${port}`]);
  t.is(await status.exited(), 0);
  t.regex(
    status.stdout,
    /^ready\n {2}cluster {2}skerry, profile default, epoch \d+\n {2}host {5}b, up, lease for \d+ ms\n/,
  );
  t.regex(status.stdout, /^ {2}b \* +up +2 +0 +\d+ +\d+ +\d+ +\d\.\d s ago$/m);
  const forScripts = new HostProcess(t, ['status', '--json', `--admin-port=${port}`]);
  t.is(await forScripts.exited(), 0);
  t.is(JSON.parse(forScripts.stdout).cluster.self.host, 'b');
  const nobody = new HostProcess(t, ['status', '--admin-port=1']);
  t.is(await nobody.exited(), 1);
  t.is(nobody.stderr, 'skerry: no host answers at http://127.0.0.1:1: name its admin port with --admin-port=P\n');
  t.notRegex(b.output, /went through/);
});

test.serial('a host that is killed loses its slots to the other one, and a killed master its seat', async (t) => {
  const server = await serverFor(t);
  const { a, b } = await pair(t, server);
  a.signal('SIGKILL');
  const report = await b.sees((now) => now.master?.host === 'b' && isOwnedBy(now, 'b'));
  t.is(report.master?.term, 2);
  t.is(hostIn(report, 'a')?.state, 'dead');
  // Its next run is another one: it joins over that death, and does not start the game again.
  const again = new ClusterProcess(t, server.url, 'a');
  await again.sees((now) => hostIn(now, 'a')?.isMember === true);
  t.is(again.output.match(/went through/), null);
});

test.serial('a host that is asked to leave gives its slots up and exits with 0', async (t) => {
  const { a, b } = await pair(t, await serverFor(t));
  t.is(await a.stop(), 0);
  const report = await b.sees((now) => now.master?.host === 'b' && isOwnedBy(now, 'b'));
  t.is(hostIn(report, 'a')?.state, 'left');
  t.is(await b.stop(), 0);
});

test.serial(
  'a NATS that comes back in time is not noticed; later everything stands still, and goes on where it was',
  async (t) => {
    const server = await serverFor(t);
    const { a, b } = await pair(t, server);
    const { inc } = (await a.report()).self;
    await server.kill();
    await Promise.all([a, b].map((host) => host.prints(/"msg":"no lease: NATS has not answered in time/)));
    t.deepEqual(await a.readiness(), { status: 503, text: 'fenced' });
    t.is((await a.report()).nats.rttMs, undefined);
    await server.start();
    await Promise.all([a, b].map((host) => host.prints(/"msg":"the lease goes on/)));
    const report = await a.sees((now) => now.self.phase === 'up' && isOwnedBy(now, 'a', 'b'));
    t.is(report.self.inc, inc);
    t.true(report.nats.reconnects > 0);
    t.is((await a.readiness()).status, 200);
  },
);

test.serial('a host that stood still for too long is dead to the others, and ends with 75 and one line', async (t) => {
  const { a, b } = await pair(t, await serverFor(t));
  b.signal('SIGSTOP');
  await a.sees((now) => hostIn(now, 'b')?.state === 'dead' && isOwnedBy(now, 'a'));
  b.signal('SIGCONT');
  const code = await b.exited();
  // With a core for itself it is the first; on a busy machine a thread may take longer to wake than a slice may run behind the lease.
  const said =
    code === 75 ? /^skerry: host b was declared dead by the others of cluster skerry/m : /the process kills itself$/m;
  t.regex(b.stderr, said);
});

test.serial(
  'a host of another profile, of another game or without a NATS that serves does not start, and says so in one line',
  async (t) => {
    const server = await serverFor(t);
    const a = new ClusterProcess(t, server.url, 'a');
    await a.sees(({ master }) => master !== undefined);
    const plain = await NatsServer.start({ jetStream: false });
    t.teardown(() => plain.dispose());
    const cases: [string, string[], RegExp][] = [
      [
        server.url,
        ['--lease-profile=ci'],
        /this cluster goes by profile = default, and this host by ci: start it with the same$/,
      ],
      [
        server.url,
        ['--host-id=a'],
        /host id 'a' is in use: another host of cluster skerry runs under it\. Choose one with --host-id$/,
      ],
      [
        'nats://127.0.0.1:1',
        [],
        /no NATS at .*127\.0\.0\.1:1: start nats-server -js there and run the same command again$/,
      ],
      [plain.url, [], /runs without JetStream: start nats-server with -js/],
    ];
    for (const [url, flags, said] of cases) {
      const host = new ClusterProcess(t, url, 'b', ...flags);
      t.is(await host.exited(), 1);
      t.regex(host.stderr.trimEnd(), said);
      // Beside lines of the log there is nothing else, no stack.
      t.is(host.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{')).length, 1, host.stderr);
    }
  },
);

test.serial(
  'a launcher writes the death of its host down at once: nobody waits for the lease; and starts it again',
  async (t) => {
    const server = await serverFor(t);
    const b = new ClusterProcess(t, server.url, 'b');
    await b.sees(({ master }) => master !== undefined);
    const a = new ClusterProcess(t, server.url, 'a', '--supervise');
    const [, pid] = await a.prints(/"pid":(\d+),"msg":"the host runs"/);
    await b.sees((report) => hostIn(report, 'a')?.isMember === true);
    const { inc } = hostIn(await b.report(), 'a')!;
    const since = performance.now();
    process.kill(Number(pid), 'SIGKILL');
    await b.sees((report) => hostIn(report, 'a')?.state === 'dead' && isOwnedBy(report, 'b'));
    const tookMs = performance.now() - since;
    t.log(`${Math.round(tookMs)} ms from the kill until everything had an owner again`);
    // Its lease goes on for four seconds, and the others would wait for six.
    t.true(tookMs < 4000);
    const report = await b.sees((now) => hostIn(now, 'a')?.isMember === true);
    t.not(hostIn(report, 'a')!.inc, inc);
  },
);

test.serial('under a launcher a host waits for a NATS that is not there yet', async (t) => {
  const server = await serverFor(t);
  await server.kill();
  const a = new ClusterProcess(t, server.url, 'a', '--supervise');
  await a.prints(/no NATS at .*; waiting for it/);
  await server.start();
  await a.sees(({ self }) => self.phase === 'up');
  t.pass();
});
