import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { type Stamped, UNRELIABLE_MAX, UnreliableReceiver, UnreliableSender } from './unreliable-lane.ts';

const message = fc.record({
  key: fc.constantFrom('', 'x', 'y'),
  stream: fc.constantFrom('', 's', 't'),
  flush: fc.boolean(),
});

test('every message is delivered or counted, and no stream goes backward', (t) => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), fc.nat(), (messages, shuffle) => {
      const sender = new UnreliableSender<number>();
      const receiver = new UnreliableReceiver<number>();
      const onTheWay: Stamped<number>[] = [];
      for (const [id, { key, stream, flush }] of messages.entries()) {
        sender.send(id, key, stream);
        if (flush) onTheWay.push(...sender.flush());
      }
      onTheWay.push(...sender.flush());
      onTheWay.sort((a, b) => ((a.stamp * 7919 + shuffle) % 31) - ((b.stamp * 7919 + shuffle) % 31));
      const last = new Map<string, number>();
      for (const stamped of onTheWay) {
        const got = receiver.receive(stamped);
        if (got === undefined || stamped.stream === '') continue;
        assert.ok(got > (last.get(stamped.stream) ?? -1));
        last.set(stamped.stream, got);
      }
      assert.equal(sender.dropped + receiver.dropped + receiver.delivered, sender.sent);
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('what nobody flushes is bounded: the oldest makes room', (t) => {
  const sender = new UnreliableSender<number>();
  for (let i = 0; i < UNRELIABLE_MAX + 10; i++) sender.send(i, '', '');
  t.is(sender.dropped, 10);
  const left = sender.flush();
  t.is(left.length, UNRELIABLE_MAX);
  t.is(left[0]!.frame, 10);
});
