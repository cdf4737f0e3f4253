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

/** Two hosts, and a client at each. */
async function twoHosts(t: ExecutionContext) {
  t.timeout(180_000);
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  const game = `--game=${gameFile('postmen')}`;
  const a = new ClusterProcess(t, server.url, 'a', game);
  await a.sees(({ master }) => master !== undefined);
  const b = new ClusterProcess(t, server.url, 'b', game);
  for (const host of [a, b]) await host.sees((report) => isOwnedBy(report, 'a', 'b') && report.hosts.length === 2);
  const ann = await Reader.connect(t, a, 'ann');
  const bob = await Reader.connect(t, b, 'bob');
  return { ann, bob };
}

test.serial('clients of two hosts are reached from both, one by one and in groups', async (t) => {
  const { ann, bob } = await twoHosts(t);
  for (const [reader, name, host] of [
    [ann, 'ann', 'a'],
    [bob, 'bob', 'b'],
  ] as const) {
    for (const id of [1, 2, 3, 4]) {
      t.is(await ann.postman(id).ask(name, 'well?'), `${name} at ${host}: well?`);
      t.is(await reader.postman(id).askBack('you?'), `${name} at ${host}: you?`);
    }
  }
  for (const one of [ann, bob])
    await t.throwsAsync(one.postman(1).ask('nobody', 'there?'), { code: 'no-session' } as any);

  await ann.postman(1).enlist('all', 'ann');
  await bob.postman(2).enlist('all', 'bob');
  for (const id of [1, 2, 3, 4]) {
    ann.postman(id).shout('all', `${id}`);
    for (const reader of [ann, bob]) t.is((await reader.has(id))[id - 1], `${id}`);
  }
  for (let i = 0; i < 200; i++) bob.postman(1).tell('bob', `n${i}`);
  t.deepEqual(
    (await bob.has(204)).slice(4),
    Array.from({ length: 200 }, (_, i) => `n${i}`),
  );
  const everybody = await ann.postman(1).everybody();
  t.deepEqual(everybody.sort(), [1, 2, 3, 4]);
});
