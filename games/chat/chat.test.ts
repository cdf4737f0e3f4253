import { fileURLToPath } from 'node:url';
import test from 'ava';
import { GameError } from 'skerry';
import type { Client } from 'skerry/client';
import { startCluster, type TestCluster } from 'skerry/testing';
import { Room, RoomView } from './contracts.ts';

/** This file runs as build/games/chat/chat.test.js. */
const game = fileURLToPath(new URL('../../../games/chat/game.ts', import.meta.url));

let cluster: TestCluster;

test.before(async () => {
  cluster = await startCluster({ game });
});
test.after.always(() => cluster?.stop());

/** Somebody who listens. */
async function talker(name: string): Promise<{ client: Client; room: (name: string) => Room; heard: string[] }> {
  const client = await cluster.connect({ ticket: { name } });
  const heard: string[] = [];
  client.implement(RoomView, { said: ({ from, text }) => void heard.push(`${from}: ${text}`) });
  return { client, room: (room) => client.getProxy(Room, room), heard };
}

test.serial('what one says, all in the room hear, and whoever enters later reads', async (t) => {
  const [ann, bob] = await Promise.all([talker('ann'), talker('bob')]);
  t.deepEqual(await ann.room('lobby').enter(), []);
  await bob.room('lobby').enter();
  ann.room('lobby').say('hello');
  await cluster.settled();
  t.deepEqual(bob.heard, ['ann: hello']);
  bob.room('lobby').say('x'.repeat(500));
  await cluster.settled();
  t.deepEqual(ann.heard, ['ann: hello', `bob: ${'x'.repeat(200)}`]);
  const eve = await talker('eve');
  t.is((await eve.room('lobby').enter()).length, 2);
  t.deepEqual(await eve.room('attic').enter(), []);
});

test.serial('whoever talks too much is not heard until some time has passed', async (t) => {
  const [ann, bob] = await Promise.all([talker('ann2'), talker('bob2')]);
  await bob.room('hall').enter();
  for (let i = 0; i < 8; i++) ann.room('hall').say(`${i}`);
  await cluster.settled();
  t.is(bob.heard.length, 5);
  await cluster.advance('1s');
  ann.room('hall').say('again');
  await cluster.settled();
  t.is(bob.heard.at(-1), 'ann2: again');
});

test('a name that is none is refused', async (t) => {
  const error = await t.throwsAsync(cluster.connect({ ticket: { name: 'no name' } }), { instanceOf: GameError });
  t.is(error?.code, 'name');
});
