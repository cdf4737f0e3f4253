import test from 'ava';
import { Collector, linkConformance, sampleFrame, send } from '../../transport/link.conformance.ts';
import { linkEnds, roundsOf } from './host-link.fixture.ts';
import type { Publish } from './publish.ts';

linkConformance(test, 'between hosts', (options = {}) => {
  const { ends } = linkEnds(
    (deliver) => {
      deliver();
      return true;
    },
    { windowBytes: 4096, ...options },
  );
  return { writer: ends[0], reader: roundsOf(ends[1]) };
});

function direct(tuning = {}) {
  const published: Publish[] = [];
  let lost = false;
  const { ends, clock } = linkEnds((deliver, _to, publish) => {
    published.push(publish);
    if (!lost) deliver();
    return !lost;
  }, tuning);
  const lose = (losing: boolean): void => {
    lost = losing;
  };
  return { ends, clock, published, lose };
}

test('the frames of one flush leave in one message, all lanes together', (t) => {
  const { ends, published } = direct();
  const [a, b] = ends;
  a.flush();
  b.flush();
  a.flush();
  published.length = 0;
  for (let i = 0; i < 300; i++) t.true(send(a, (i % 3) as 0 | 1 | 2, sampleFrame(i, 40)));
  a.pass(1, sampleFrame(1, 10), '', '');
  a.flush();
  t.is(published.length, 1);
  t.is(published[0]!.sections.length, 4);
  const seen = new Collector();
  while (b.drain(seen, 1000) > 0);
  t.is(seen.frames.length, 301);
});

test('each end hears the greeting of the other before its first frame, and it is said until it was heard', (t) => {
  const { ends, published, lose } = direct();
  const [a, b] = ends;
  lose(true);
  t.true(send(a, 1, sampleFrame(1, 8)));
  a.flush();
  t.is(b.greeting, undefined);
  lose(false);
  t.true(send(a, 1, sampleFrame(2, 8)));
  a.flush();
  t.is(new TextDecoder().decode(b.greeting), 'from a-0');
  b.flush();
  t.is(new TextDecoder().decode(a.greeting), 'from b-1');
  a.flush();
  b.flush();
  published.length = 0;
  send(a, 1, sampleFrame(3, 8));
  a.flush();
  t.false(published.some(({ sections }) => sections.some(({ kind }) => kind === 'greeting')));
  a.flush();
  b.flush();
  a.flush();
  t.is(published.length, 2, 'one message and its answer, and then it is quiet');
});

test('a peer that takes nothing: what is in flight, waits and arrives stays within its bounds', (t) => {
  const { ends, clock } = direct({ windowBytes: 8192, backlogFramesMax: 10 });
  const [a, b] = ends;
  let taken = 0;
  for (let i = 0; i < 5000; i++) {
    if (send(a, 1, sampleFrame(i, 100)) || a.spill(1, sampleFrame(i, 100))) taken++;
    a.flush();
    b.flush();
    clock.move(60);
  }
  t.true(taken <= 8192 / 112 + 10);
  t.is(a.backlog, 10);
  t.is(a.waiting(1), taken);
  const seen = new Collector();
  while (b.drain(seen, 10) > 0) {
    b.flush();
    a.flush();
  }
  t.is(seen.frames.length, taken);
  t.true(send(a, 1, sampleFrame(1, 100)));
});

test('what is lost is sent again after a time-out, and what is doubled is taken once', (t) => {
  const { ends, clock, lose } = direct();
  const [a, b] = ends;
  lose(true);
  send(a, 1, sampleFrame(1, 20));
  a.flush();
  a.flush();
  lose(false);
  t.false(b.pending());
  clock.move(100);
  t.true(a.wakeAt <= clock.now());
  a.flush();
  const seen = new Collector();
  t.is(b.drain(seen, 10), 1);
  t.is(a.resent, 1);
  t.false(a.isSettled);
  // The acknowledgement is lost: the frame comes again.
  lose(true);
  b.flush();
  lose(false);
  clock.move(200);
  a.flush();
  t.is(b.duplicates, 1);
  t.is(b.drain(seen, 10), 0);
  b.flush();
  t.true(a.isSettled);
  t.is(a.wakeAt, Number.POSITIVE_INFINITY);
});

test('unreliable frames are sent once, the newest of a key, and none that a newer one of its stream has overtaken', (t) => {
  const held: (() => void)[] = [];
  const { ends } = linkEnds((deliver) => {
    held.push(deliver);
    return true;
  });
  const [a, b] = ends;
  for (let i = 0; i < 5; i++) a.pass(1, sampleFrame(i, 8), 'place', 'hero');
  a.flush();
  a.pass(0, sampleFrame(9, 8), '', 'hero');
  a.flush();
  for (const deliver of held.reverse()) deliver();
  const seen = new Collector();
  t.is(b.drain(seen, 10), 1, 'the older message came later');
  t.deepEqual(seen.frames, [sampleFrame(9, 8)]);
  t.is(a.unreliable.dropped, 4);
  t.is(b.unreliableIn.dropped, 1);
});

test('a link that ends tells what never left from what may have arrived', (t) => {
  const { ends, lose } = direct({ windowBytes: 4096, frameBytesMax: 10_000 });
  const [a, b] = ends;
  send(a, 1, sampleFrame(1, 16));
  a.flush();
  b.flush();
  lose(true);
  send(a, 1, sampleFrame(2, 16));
  a.flush();
  send(a, 1, sampleFrame(3, 16));
  send(a, 0, sampleFrame(4, 16));
  t.true(a.spill(2, sampleFrame(5, 9000)));
  t.true(a.spill(2, sampleFrame(6, 16)));
  const { unsent, unknown } = a.close();
  t.deepEqual(
    unknown.map(({ lane, frame }) => [lane, new Uint8Array(frame)]),
    [[1, sampleFrame(2, 16)]],
  );
  t.deepEqual(
    unsent.map(({ lane, frame }) => [lane, new Uint8Array(frame)]),
    [
      [0, sampleFrame(4, 16)],
      [1, sampleFrame(3, 16)],
      [2, sampleFrame(5, 9000)],
      [2, sampleFrame(6, 16)],
    ],
  );
  const { ends: more, lose: loseMore } = direct({ windowBytes: 4096, frameBytesMax: 10_000 });
  loseMore(true);
  t.true(more[0].spill(2, sampleFrame(5, 9000)));
  more[0].flush();
  t.deepEqual(
    more[0].close().unknown.map(({ frame }) => frame.length),
    [9000],
    'a part of it has left',
  );
});

test('messages of other runs are none of ours', (t) => {
  const { ends, published } = direct();
  const [a, b] = ends;
  send(a, 1, sampleFrame(1, 16));
  a.flush();
  const { ends: later } = direct();
  for (const publish of published) {
    later[1].onPublish({ ...publish, from: 99 });
    later[1].onPublish({ ...publish, to: 99 });
  }
  t.false(later[1].pending());
  t.true(b.pending());
});
