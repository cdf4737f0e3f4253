import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type Host, startHost } from 'skerry';
import { type Client, connect } from 'skerry/client';
import { type Line, Room, RoomView } from './contracts.ts';

/** This file runs as build/games/chat/chat.threads.test.js. */
const GAME = fileURLToPath(new URL('../../../games/chat/game.ts', import.meta.url));

/** On node threads and sockets what `chat.test.ts` plays in one thread. */
let host: Host;

test.before(async () => {
  host = await startHost({ game: GAME, workers: 2, port: 0, adminPort: 0, logLevel: 'error' });
});
test.after.always(() => host?.stop());

/** Somebody who listens; resolves `heard` with the first so many lines. */
class Talker {
  readonly client: Client;
  readonly lines: Line[] = [];
  private more: () => void = () => {};

  private constructor(client: Client) {
    this.client = client;
    client.implement(RoomView, {
      said: (line) => {
        this.lines.push(line);
        this.more();
      },
    });
  }

  static async attach(name: unknown): Promise<Talker> {
    return new Talker(await connect(`ws://127.0.0.1:${host.port}`, { ticket: { name } }));
  }

  async heard(count: number): Promise<string[]> {
    while (this.lines.length < count) {
      await new Promise<void>((resolve) => {
        this.more = resolve;
      });
    }
    return this.lines.map(({ from, text }) => `${from}: ${text}`);
  }
}

test('what one says, the other hears', async (t) => {
  const [ann, bob] = await Promise.all([Talker.attach('ann'), Talker.attach('bob')]);
  t.deepEqual(await ann.client.getProxy(Room, 'lobby').enter(), []);
  await bob.client.getProxy(Room, 'lobby').enter();
  ann.client.getProxy(Room, 'lobby').say('hello');
  t.deepEqual(await bob.heard(1), ['ann: hello']);
  await Promise.all([ann, bob].map(({ client }) => client.close()));
});

test('the page is served, its script bundled', async (t) => {
  const page = await fetch(`http://127.0.0.1:${host.port}/`);
  t.true((await page.text()).includes('main.js'));
  const script = await fetch(`http://127.0.0.1:${host.port}/main.js`);
  t.is(script.status, 200);
  t.is(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
});
