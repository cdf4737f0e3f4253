import test from 'ava';
import type { Lane, LinkWriter } from '../../transport/link.ts';
import { Congestion } from './congestion.ts';

/** A link of which only the counts are asked. */
class CountedLink {
  readonly taken = (lane: Lane): number => this.takenOf[lane]!;
  readonly waiting = (lane: Lane): number => this.waitingOf[lane]!;
  readonly takenOf = [0, 0, 0];
  readonly waitingOf = [0, 0, 0];

  asWriter(): LinkWriter {
    return this as unknown as LinkWriter;
  }
}

test('a lane that is worked off slowly makes its own frames wait, and no others', (t) => {
  const slow = new CountedLink();
  const idle = new CountedLink();
  const congestion = new Congestion([undefined, slow.asWriter(), idle.asWriter()]);
  slow.waitingOf[2] = 1000;
  for (let now = 0; now <= 200; now += 5) {
    slow.takenOf[2] = now;
    congestion.look(now);
  }
  t.true(congestion.isAny);
  t.true(Math.abs(congestion.waitMs(1, 2, 200) - 1000) < 20);
  t.is(congestion.waitMs(1, 0, 200), 0);
  t.is(congestion.waitMs(2, 2, 200), 0);
  t.is(congestion.waitMs(0, 2, 200), 0);
  // More has come since the last look.
  slow.waitingOf[2] = 2000;
  t.true(Math.abs(congestion.waitMs(1, 2, 202) - 2000) < 40);
  // A long time without a look: it has gone on as before, or has long been done.
  slow.takenOf[2] = 290;
  t.true(Math.abs(congestion.waitMs(1, 2, 290) - 2000) < 100);
  slow.takenOf[2] = 10_000;
  t.is(congestion.waitMs(1, 2, 10_000), 0);
});

test('few frames are never too many', (t) => {
  const link = new CountedLink();
  const congestion = new Congestion([link.asWriter()]);
  link.waitingOf[1] = 64;
  for (let now = 0; now <= 1000; now += 5) {
    link.takenOf[1] = Math.floor(now / 100);
    congestion.look(now);
  }
  t.false(congestion.isAny);
  t.is(congestion.waitMs(0, 1, 1000), 0);
});

test('the next life of a node is judged by what it does itself', (t) => {
  const link = new CountedLink();
  const congestion = new Congestion([link.asWriter()]);
  link.waitingOf[1] = 1000;
  for (let now = 0; now <= 200; now += 5) {
    link.takenOf[1] = Math.floor(now / 2);
    congestion.look(now);
  }
  t.true(congestion.waitMs(0, 1, 200) > 0);
  const next = new CountedLink();
  next.waitingOf[1] = 1000;
  congestion.replace(0, next.asWriter());
  congestion.look(205);
  t.false(congestion.isAny);
  t.is(congestion.waitMs(0, 1, 205), 0);
});
