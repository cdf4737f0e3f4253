import test from 'ava';
import { Doorbell } from './doorbell.ts';

const BELL = 32;

/** The same bell as two threads would see it. */
function bell() {
  const node = new Doorbell();
  return { node, other: new Doorbell(node.memory), words: new Int32Array(node.memory) };
}

test('a ring while the node is awake does nothing', async (t) => {
  const { node, other } = bell();
  other.ring();
  t.is(other.wakeUps, 0);
  t.true(node.arm());
});

test('a ring ends the sleep of an armed node, once', async (t) => {
  const { node, other } = bell();
  t.true(node.arm());
  const sleep = node.sleep();
  other.ring();
  other.ring();
  t.is(other.wakeUps, 1);
  await sleep;
  node.disarm();
  t.true(node.arm(), 'nothing is left over');
});

test('a ring between arming and sleeping ends the sleep before it begins', async (t) => {
  const { node, other } = bell();
  node.arm();
  other.ring();
  await node.sleep();
  node.disarm();
  node.arm();
  other.ring();
  const began = performance.now();
  node.nap(60_000);
  t.true(performance.now() - began < 30_000);
});

test('a wake while the node is awake is kept for its next arm', async (t) => {
  const { node, other } = bell();
  other.wake();
  t.is(other.wakeUps, 0);
  t.false(node.arm());
  // Whoever sleeps all the same is not held.
  await node.sleep();
  node.nap(60_000);
  node.disarm();
  t.true(node.arm());
});

test('a wake between arm and disarm is kept, too', (t) => {
  const { node, other } = bell();
  t.true(node.arm());
  other.wake();
  t.is(other.wakeUps, 1);
  node.disarm();
  t.false(node.arm());
  t.true(node.arm());
});

test('a ring does not take a wake away', (t) => {
  const { node, other } = bell();
  other.wake();
  other.ring();
  t.false(node.arm());
});

test('a node that wakes for another reason shares its old wait when it sleeps again', async (t) => {
  const { node, other, words } = bell();
  const waits: Promise<void>[] = [];
  for (let i = 0; i < 100; i++) {
    t.true(node.arm());
    waits.push(node.sleep());
    node.disarm();
  }
  t.is(new Set(waits).size, 1);
  node.arm();
  const last = node.sleep();
  t.is(last, waits[0]!);
  other.ring();
  await last;
  t.is(Atomics.notify(words, BELL), 0, 'no waiter is left behind');
});

test('a ring that came while an old wait was pending is not missed', async (t) => {
  const { node, other } = bell();
  node.arm();
  const old = node.sleep();
  node.disarm();
  node.arm();
  other.ring();
  await node.sleep();
  node.disarm();
  await old;
  t.pass();
});

test('a nap ends by itself', (t) => {
  const { node } = bell();
  node.arm();
  const began = performance.now();
  node.nap(5);
  t.true(performance.now() - began >= 4);
  node.disarm();
  t.true(node.arm());
});

test('a wait on the bell of another node does not end', async (t) => {
  const one = bell();
  const two = bell();
  one.node.arm();
  two.node.arm();
  let ended = false;
  const sleep = one.node.sleep().then(() => {
    ended = true;
  });
  two.other.ring();
  await two.node.sleep();
  await new Promise(setImmediate);
  t.false(ended);
  one.other.wake();
  await sleep;
});
