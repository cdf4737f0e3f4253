import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import type { Client } from '../client/client.ts';
import { connect } from '../client/index.ts';
import { ClusterProcess, isOwnedBy } from '../testing/cluster-process.fixture.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Inbox, Postman } from '../testing/games/postmen/contracts.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

/** A client of one host, what it was told, and whoever waits for that. */
class Reader {
  readonly client: Client;
  readonly letters: string[] = [];
  private look: () => void = () => {};

  constructor(client: Client, host: string) {
    this.client = client;
    client.implement(Inbox, {
      letter: (text) => {
        this.letters.push(text);
        this.look();
      },
      sight() {},
      question: async (text) => `${client.principalId} at ${host}: ${text}`,
    });
  }

  static async connect(t: ExecutionContext, host: ClusterProcess, name: string): Promise<Reader> {
    const url = (await host.address('page')).replace('http', 'ws');
    const client = await connect(url, { ticket: { name } });
    t.teardown(() => client.close());
    return new Reader(client, host.id);
  }

  postman(id: number, options = {}): Postman {
    return this.client.getProxy(Postman, id, options);
  }

  /** Resolves when so many letters have come. */
  async has(count: number): Promise<readonly string[]> {
    while (this.letters.length < count) {
      await new Promise<void>((resolve) => {
        this.look = resolve;
      });
    }
    return this.letters;
  }
}

/** Two hosts, a client at each, and postmen on both: `on.a` are ids of those on host a. */
async function twoHosts(t: ExecutionContext) {
  t.timeout(180_000);
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  // The profile that stands a machine which is busy with other tests.
  const flags = [`--game=${gameFile('postmen')}`, '--lease-profile=default'];
  const a = new ClusterProcess(t, server.url, 'a', ...flags);
  await a.sees(({ master }) => master !== undefined);
  const b = new ClusterProcess(t, server.url, 'b', ...flags);
  for (const host of [a, b]) await host.sees((report) => isOwnedBy(report, 'a', 'b') && report.hosts.length === 2);
  await a.sees((report) => report.hosts.every(({ slots }) => slots > 0));
  const ann = await Reader.connect(t, a, 'ann');
  const bob = await Reader.connect(t, b, 'bob');
  const on: Record<string, number[]> = { a: [], b: [] };
  for (let id = 1; on.a!.length < 3 || on.b!.length < 3; id++) on[await ann.postman(id).where()]!.push(id);
  return { server, flags, a, b, ann, bob, on: on as { a: number[]; b: number[] } };
}

test.serial('clients of two hosts are reached from both, one by one and in groups', async (t) => {
  const { b, ann, bob, on } = await twoHosts(t);
  for (const [reader, name, host] of [
    [ann, 'ann', 'a'],
    [bob, 'bob', 'b'],
  ] as const) {
    for (const id of [on.a[0]!, on.b[0]!]) {
      t.is(await ann.postman(id).ask(name, 'well?'), `${name} at ${host}: well?`);
      t.is(await reader.postman(id).askBack('you?'), `${name} at ${host}: you?`);
    }
  }
  for (const id of [on.a[0]!, on.b[0]!]) {
    await t.throwsAsync(ann.postman(id).ask('nobody', 'there?'), { code: 'no-session' } as any);
  }

  await ann.postman(on.a[0]!).enlist('all', 'ann');
  await ann.postman(on.b[0]!).enlist('all', 'bob');
  for (const [i, id] of [on.a[0]!, on.b[0]!].entries()) {
    ann.postman(id).shout('all', `${i}`);
    for (const reader of [ann, bob]) t.is((await reader.has(i + 1))[i], `${i}`);
  }
  for (let i = 0; i < 200; i++) bob.postman(on.a[1]!).tell('bob', `n${i}`);
  t.deepEqual(
    (await bob.has(202)).slice(2),
    Array.from({ length: 200 }, (_, i) => `n${i}`),
  );
  // From its very first call on.
  for (let i = 0; i < 20; i++) {
    const visitor = await Reader.connect(t, b, `v${i}`);
    t.is(await visitor.postman(on.a[0]!).ask(`v${i}`, 'there?'), `v${i} at b: there?`);
  }
  const everybody = await ann.postman(on.a[0]!).everybody();
  for (const id of [...on.a, ...on.b]) t.true(everybody.includes(id));
});

test.serial('aborts, locks and circles cross hosts; a host that dies takes its clients with it', async (t) => {
  const { server, flags, a, b, ann, bob, on } = await twoHosts(t);
  await ann.postman(on.a[0]!).enlist('all', 'bob');
  const giveUp = new AbortController();
  const waiting = ann.postman(on.b[0]!, { signal: giveUp.signal }).waitForEver();
  t.is(await ann.postman(on.b[0]!).givenUp(), 0);
  giveUp.abort();
  await t.throwsAsync(waiting, { any: true });
  while ((await ann.postman(on.b[0]!).givenUp()) === 0);

  t.is(await ann.postman(on.a[0]!).around(on.b[0]!), `touched ${on.a[0]}`);

  const began = performance.now();
  const outcomes = await Promise.allSettled([
    ann.postman(on.a[0]!).grasp(on.b[0]!, on.a[1]!, 2),
    bob.postman(on.b[0]!).grasp(on.a[0]!, on.a[1]!, 2),
  ]);
  const took = performance.now() - began;
  const refused = outcomes.filter((one) => one.status === 'rejected');
  t.is(refused.length, 1);
  t.like(refused[0]!.reason, { code: 'deadlock' });
  t.log(`the circle was found within ${took.toFixed(0)} ms`);
  t.true(took < 20_000);

  t.is(await ann.postman(on.a[0]!).ask('bob', 'still?'), 'bob at b: still?');
  b.signal('SIGKILL');
  // Until its death is certain, nobody can know.
  for (;;) {
    const error = await ann
      .postman(on.a[0]!)
      .ask('bob', 'now?')
      .then(
        () => undefined,
        (reason) => reason as { code: string },
      );
    if (error?.code === 'no-session') break;
    t.true(error !== undefined && ['node-lost', 'timeout'].includes(error.code), JSON.stringify(error));
  }
  t.is(await ann.postman(on.a[0]!).ask('ann', 'here?'), 'ann at a: here?');

  // Its next run hears who is in which group.
  const again = new ClusterProcess(t, server.url, 'b', ...flags);
  for (const host of [a, again]) await host.sees((report) => isOwnedBy(report, 'a', 'b') && report.hosts.length === 2);
  const back = await Reader.connect(t, again, 'bob');
  ann.postman(on.a[0]!).shout('all', 'welcome back');
  t.deepEqual(await back.has(1), ['welcome back']);
  t.is(await back.postman(on.a[0]!).ask('ann', 'and you?'), 'ann at a: and you?');
});
