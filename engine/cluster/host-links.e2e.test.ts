import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { Collector, sampleFrame, send } from '../../transport/link.conformance.ts';
import { NatsConnection, UNCONFIRMED_BYTES_MAX } from '../../transport/nats/connection.ts';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import { FaultProxy } from '../testing/fault-proxy.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import type { HostLink } from './host-link.ts';
import { HostLinks, type HostLinksOptions } from './host-links.ts';
import { encodePublish } from './publish.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

const A = { name: 'a-0', inc: 2 ** 50 + 1 };
const B = { name: 'b-0', inc: 2 ** 50 + 2 };

interface End {
  readonly connection: NatsConnection;
  readonly links: HostLinks;
  readonly link: HostLink;
  readonly seen: Collector;
  readonly warnings: string[];
  /** Drains what there is, until `frames` have come in all. */
  until(frames: number): Promise<void>;
}

async function serverFor(t: ExecutionContext): Promise<NatsServer> {
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  return server;
}

async function endAt(
  t: ExecutionContext,
  url: string,
  [self, peer]: readonly [typeof A, typeof A],
  tuning: Partial<HostLinksOptions> = {},
): Promise<End> {
  const connection = await NatsConnection.open({ url, name: self.name, warn: () => {} });
  t.teardown(() => connection.close());
  const seen = new Collector();
  const warnings: string[] = [];
  const sleepers: (() => void)[] = [];
  const links = new HostLinks({
    connection,
    cluster: 'test',
    self,
    clock: new SystemClock(),
    random: new Prng(1, self.name),
    greeting: new TextEncoder().encode(self.name),
    wake: () => {
      for (const wake of sleepers.splice(0)) wake();
    },
    warn: (line) => warnings.push(line),
    ...tuning,
  });
  t.teardown(() => links.close());
  const { link } = links.meet(peer);
  await connection.settled();
  const until = async (frames: number): Promise<void> => {
    for (;;) {
      let news = false;
      while (link.drain(seen, 1000) > 0) {
        news = true;
        links.flushAll();
      }
      // Others may wait for fewer.
      if (news) for (const wake of sleepers.splice(0)) wake();
      if (seen.frames.length >= frames) return;
      await new Promise<void>((resolve) => sleepers.push(resolve));
    }
  };
  return { connection, links, link, seen, warnings, until };
}

/** Sends numbered frames as fast as there is room, some of them large. */
async function pour({ links, link }: End, count: number, bytesOf: (at: number) => number): Promise<void> {
  for (let at = 0; at < count; ) {
    const frame = sampleFrame(at, bytesOf(at));
    if (send(link, 1, frame) || link.spill(1, frame)) at++;
    else await new Promise((resolve) => setTimeout(resolve, 1));
    if (at % 64 === 0) {
      links.flushAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  links.flushAll();
}

function checkAll(t: ExecutionContext, seen: Collector, count: number, bytesOf: (at: number) => number): void {
  t.is(seen.frames.length, count);
  const wrong = seen.frames.findIndex((frame, at) => Buffer.compare(frame, sampleFrame(at, bytesOf(at))) !== 0);
  t.is(wrong, -1, 'in order, and each as it was sent');
}

const mixed = (at: number): number => (at % 500 === 499 ? 2_000_000 : at % 50 === 49 ? 30_000 : 60 + (at % 90));

test('frames of all sizes arrive in order, both ways at once', async (t) => {
  const { url } = await serverFor(t);
  const a = await endAt(t, url, [A, B]);
  const b = await endAt(t, url, [B, A]);
  const count = 2000;
  await Promise.all([pour(a, count, mixed), pour(b, count, mixed), a.until(count), b.until(count)]);
  checkAll(t, a.seen, count, mixed);
  checkAll(t, b.seen, count, mixed);
  t.is(new TextDecoder().decode(b.link.greeting), 'a-0');
  t.is(a.link.malformed + a.links.malformed + a.links.forged, 0);
});

test('the server is killed and started again: nothing is lost, nothing comes twice', async (t) => {
  const server = await serverFor(t);
  const a = await endAt(t, server.url, [A, B]);
  const b = await endAt(t, server.url, [B, A]);
  const count = 30_000;
  const small = (at: number): number => 40 + (at % 60);
  const poured = pour(a, count, small);
  const arrived = b.until(count);
  for (let kills = 0; kills < 2; kills++) {
    await b.until(2000 * (kills + 1));
    await server.kill();
    await server.start();
  }
  await Promise.all([poured, arrived, b.until(count)]);
  checkAll(t, b.seen, count, small);
  t.true(a.connection.losses >= 1);
});

test('cut, held and half-open connections: nothing is lost, nothing comes twice', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const a = await endAt(t, proxy.url, [A, B]);
  const b = await endAt(t, server.url, [B, A]);
  const count = 20_000;
  const small = (at: number): number => 40 + (at % 60);
  const poured = pour(a, count, small);
  const arrived = b.until(count);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  proxy.cut();
  await pause(200);
  proxy.hold('up');
  await pause(200);
  proxy.release();
  proxy.swallow('down');
  await pause(300);
  proxy.release();
  await Promise.all([poured, arrived]);
  checkAll(t, b.seen, count, small);
});

test('a slow NATS: its length is learnt, and then nothing is sent twice', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const a = await endAt(t, proxy.url, [A, B]);
  const b = await endAt(t, server.url, [B, A]);
  proxy.delay(100);
  let sent = 0;
  const exchange = async (frames: number): Promise<void> => {
    for (const end = sent + frames; sent < end; ) {
      t.true(send(a.link, 1, sampleFrame(sent++, 50)));
      a.links.flushAll();
      await b.until(sent);
    }
  };
  await exchange(10);
  const { resent } = a.link;
  await exchange(20);
  // A loaded machine may be late now and then.
  t.true(a.link.resent - resent <= 5, `${a.link.resent - resent} of 20`);
  checkAll(t, b.seen, sent, () => 50);
});

test('a server that reads nothing: what is published is bounded, and arrives when it reads again', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const a = await endAt(t, proxy.url, [A, B], { windowBytes: 128 << 20, windowFrames: 1 << 20 });
  const b = await endAt(t, server.url, [B, A], { windowBytes: 128 << 20, windowFrames: 1 << 20 });
  const size = 1 << 20;
  t.true(send(a.link, 1, sampleFrame(0, 100)));
  a.links.flushAll();
  await b.until(1);
  // Long enough to fill what may be unconfirmed, too short for the connection to be given up.
  proxy.hold('up');
  let sent = 1;
  while (a.connection.isReady) {
    t.true(a.link.spill(1, sampleFrame(sent++, size)));
    a.links.flushAll();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(a.link.bytes <= UNCONFIRMED_BYTES_MAX + 2 * size);
  const { bytes } = a.link;
  for (let i = 0; i < 10; i++) t.true(a.link.spill(1, sampleFrame(sent++, size)));
  a.links.flushAll();
  t.is(a.link.bytes, bytes, 'nothing more is published');
  proxy.release();
  await b.until(sent);
  checkAll(t, b.seen, sent, (at) => (at === 0 ? 100 : size));
});

test('a peer that takes nothing: senders are told, and memory is bounded', async (t) => {
  const { url } = await serverFor(t);
  const a = await endAt(t, url, [A, B], { windowBytes: 1 << 16, backlogFramesMax: 100 });
  const b = await endAt(t, url, [B, A], { windowBytes: 1 << 16 });
  let taken = 0;
  while (send(a.link, 1, sampleFrame(taken, 100)) || a.link.spill(1, sampleFrame(taken, 100))) {
    taken++;
    a.links.flushAll();
  }
  t.true(taken <= (1 << 16) / 112 + 101);
  await b.until(taken);
  checkAll(t, b.seen, taken, () => 100);
});

test('a new run of a peer is a new session; strays of the old one are nobody’s', async (t) => {
  const { url } = await serverFor(t);
  const a = await endAt(t, url, [A, B]);
  const b = await endAt(t, url, [B, A]);
  send(a.link, 1, sampleFrame(0, 50));
  a.links.flushAll();
  await b.until(1);
  const again = { ...B, inc: B.inc + 1 };
  b.links.close();
  const b2 = await endAt(t, url, [again, A]);
  send(a.link, 1, sampleFrame(1, 50));
  a.links.flushAll();
  while (b2.links.strangers === 0) await new Promise((resolve) => setImmediate(resolve));
  const { link, ended } = a.links.meet(again);
  t.is(ended!.unknown.length, 1);
  send(link, 1, sampleFrame(2, 50));
  a.links.flushAll();
  await b2.until(1);
  t.deepEqual(b2.seen.frames, [sampleFrame(2, 50)]);
});

test('forged, damaged and foreign messages are refused and counted', async (t) => {
  const { url } = await serverFor(t);
  const b = await endAt(t, url, [B, A]);
  const raw = await NatsConnection.open({ url, name: 'raw', warn: () => {} });
  t.teardown(() => raw.close());
  const batch = new Uint8Array(16);
  const ack = { cumulative: 0, frames: 1, bytes: 1, sackLow: 0, sackHigh: 0 };
  const lane = { kind: 'lane', lane: 1, asks: false, seq: 1, taken: 0, ack } as const;
  const message = (source: string, from: number, sections = [{ ...lane, batch }]): Uint8Array =>
    encodePublish({ source, from, to: B.inc, greeted: true, clock: 0, sections });
  const subject = (source: string): string => `eng.test.n.${B.name}.${source}`;
  raw.publish(subject('a-0'), new Uint8Array(100));
  const damaged = message('a-0', A.inc);
  damaged[40]! ^= 1;
  raw.publish(subject('a-0'), damaged);
  raw.publish(subject('evil'), message('a-0', A.inc));
  raw.publish(subject('evil'), message('evil', 5));
  raw.publish(subject('a-0'), message('a-0', 5));
  // The checksum is right, what it says is not: a record that is longer than its batch.
  raw.publish(subject('a-0'), message('a-0', A.inc, [{ ...lane, batch: new Uint8Array(16).fill(255) }]));
  await raw.settled();
  await b.connection.settled();
  t.is(b.links.malformed, 2);
  t.is(b.links.forged, 1);
  t.is(b.links.strangers, 2);
  t.is(b.link.malformed, 1);
  t.false(b.link.pending());
  t.is(b.warnings.length, 2, 'each kind once');
});
