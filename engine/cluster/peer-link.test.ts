import test from 'ava';
import { Writer } from '../../transport/codec/writer.ts';
import {
  BOUNCED,
  deadlineOf,
  END_HOST,
  KIND_CANCEL,
  KIND_ERROR,
  KIND_ONE_WAY,
  KIND_REPLY,
  KIND_REQUEST,
  kindOf,
  operationOf,
  REPLY_HEADER_BYTES,
  requestIdOf,
  sourceTypeOf,
  writeReply,
} from '../runtime/frame.ts';
import { decodeError } from '../runtime/remote-error.ts';
import type { HostLinks } from './host-links.ts';
import { ARENA, frameOf, game, send, sides as sidesOf } from './peer-link.fixture.ts';

const opened: HostLinks[] = [];
test.after(() => {
  for (const links of opened) links.close();
});

const sides = (
  ...args: Parameters<typeof sidesOf> extends [unknown, ...infer Rest] ? Rest : never
): ReturnType<typeof sidesOf> => sidesOf((links) => opened.push(links), ...args);

const viewOf = (frame: Uint8Array): DataView => new DataView(frame.buffer, frame.byteOffset, frame.byteLength);

test('a deadline means the same moment on the clock of the other host, however long the frame waited before it left', (t) => {
  const { a, b } = sides();
  a.clock.move(1000);
  b.clock.move(5_000_000);
  send(a.link, frameOf({ deadline: a.clock.now() + 500 }));
  send(a.link, frameOf({ deadline: 0, kind: KIND_CANCEL }));
  a.clock.move(200);
  a.flush();
  b.round();
  const [request, cancel] = b.seen.frames;
  t.is(deadlineOf(viewOf(request!), 0) - b.clock.now(), 500 - 200, 'less what it waited here and there');
  t.is(deadlineOf(viewOf(cancel!), 0), 0, 'none stays none');
});

test('clocks wrap, and no deadline becomes none by that', (t) => {
  const { a, b } = sides();
  a.clock.move(2 ** 32 - a.clock.now() - 100);
  b.clock.move(2 ** 32 - b.clock.now() - 300);
  const deadlines = [50, 100, 300, 400].map((after) => (a.clock.now() + after) | 0 || 1);
  for (const deadline of deadlines) send(a.link, frameOf({ deadline }));
  a.flush();
  b.round();
  t.deepEqual(
    b.seen.frames.map((frame) => (deadlineOf(viewOf(frame), 0) - (b.clock.now() | 0)) | 0),
    // What would be 0 is a millisecond later, here as there.
    [50, 101, 301, 400],
  );
});

test('what comes back unexecuted reads as it was sent, and its deadline is still the same moment', (t) => {
  const newer = game(['Cheer', 'Player', 'Arena'], 'Aim.at=9', 'Arena.enter=1', 'Arena.leave=2');
  const { a, b } = sides([newer, ARENA]);
  a.clock.move(70_000);
  const sent = frameOf({ code: 2, type: 0, deadline: a.clock.now() + 500 });
  send(a.link, sent);
  a.flush();
  b.round();
  const [taken] = b.seen.frames;
  t.not(operationOf(viewOf(taken!), 0), 2);
  taken![0]! |= BOUNCED;
  send(b.link, taken!);
  b.flush();
  a.round();
  sent[0]! |= BOUNCED;
  t.deepEqual(a.seen.frames, [sent]);
});

test('replies come back as they are', (t) => {
  const { a, b } = sides([ARENA, game(['Player'], 'Arena.enter=1', 'Arena.other=1')]);
  const out = new Writer(new Uint8Array(16));
  writeReply(out, KIND_REPLY, 1, 9);
  a.clock.move(1000);
  send(a.link, out.bytes);
  a.flush();
  b.round();
  t.deepEqual(b.seen.frames, [out.bytes]);
});

test('operations and source types have the numbers of the version that takes them', (t) => {
  const newer = game(['Cheer', 'Player', 'Arena'], 'Aim.at=9', 'Arena.enter=1', 'Arena.leave=2');
  const { a, b } = sides([newer, ARENA]);
  send(a.link, frameOf({ code: 1, type: 1 }));
  send(a.link, frameOf({ code: 2, type: 2 }));
  send(a.link, frameOf({ code: 2, type: 0 }));
  send(a.link, frameOf({ code: 2, type: 0xffff, end: END_HOST }));
  send(a.link, frameOf({ code: 0xff00, type: 1 }));
  a.flush();
  b.round();
  t.deepEqual(
    b.seen.frames.map((frame) => [operationOf(viewOf(frame), 0), sourceTypeOf(viewOf(frame), 0)]),
    [
      [0, 1],
      [1, 0],
      [1, 0x8000],
      [1, 0xffff],
      [0xff00, 1],
    ],
  );
  t.is(b.warnings.length, 1);
  t.regex(b.warnings[0]!, /^host a runs another version of the game: Aim\.at does not exist at host b/);
});

test('what the versions do not share is answered, or counted and said once when nobody waits', (t) => {
  const other = game(['Arena', 'Player'], 'Arena.enter=other', 'Arena.leave=2');
  const { a, b } = sides([other, ARENA]);
  send(a.link, frameOf({ code: 0, request: 41 }), 0);
  send(a.link, frameOf({ code: 0, request: 0, kind: KIND_ONE_WAY }));
  send(a.link, frameOf({ code: 0, request: 0, kind: KIND_ONE_WAY }));
  send(a.link, frameOf({ code: 1, request: 42 }));
  a.flush();
  t.is(b.round(), 4);
  t.is(b.seen.frames.length, 1);
  t.is(b.link.mismatched, 3);
  t.is(b.warnings.filter((line) => /is lost/.test(line)).length, 1);
  a.round();
  t.is(a.seen.frames.length, 1);
  const [answer] = a.seen.frames;
  t.is(kindOf(viewOf(answer!), 0), KIND_ERROR);
  t.is(a.seen.lanes[0], 0);
  t.is(requestIdOf(viewOf(answer!), 0), 41);
  const error = decodeError(answer!.slice(REPLY_HEADER_BYTES)) as Error & { code: string; outcome: string };
  t.is(error.name, 'ContractMismatchError');
  t.is(error.code, 'incompatible');
  t.is(error.outcome, 'notExecuted');
  t.is(
    error.message,
    'Arena.enter has other parameters or another result at host b, which runs another version of the game than host a.',
  );
});

test('a greeting that cannot be understood: everything that is asked is refused', (t) => {
  const { a, b } = sides(undefined, { greeting: new TextEncoder().encode('[99]') });
  send(a.link, frameOf({ request: 1 }));
  send(a.link, frameOf({ request: 2, code: 0xff00 }));
  a.flush();
  b.round();
  t.is(b.seen.frames.length, 0);
  t.deepEqual(b.warnings, ['host a runs another version of the engine: what it calls here is refused']);
  a.round();
  t.deepEqual(
    a.seen.frames.map((frame) => requestIdOf(viewOf(frame), 0)),
    [1, 2],
  );
});

test('frames before the greeting wait for it', (t) => {
  const { a, b, wire } = sides();
  wire.isHeld = true;
  // More than one message holds: only the first says the greeting.
  send(a.link, frameOf({}), 0);
  for (let i = 0; i < 1000; i++) send(a.link, frameOf({ source: i }), 1);
  a.flush();
  wire.deliver((messages) => {
    t.true(messages.length > 1);
    return messages.slice(1);
  });
  t.false(b.link.pending());
  t.is(b.round(), 0);
  a.clock.move(100);
  a.flush();
  wire.isHeld = false;
  wire.deliver();
  for (let i = 0; i < 10; i++) {
    a.round();
    b.round();
    a.clock.move(100);
  }
  t.is(b.seen.frames.length, 1001);
});

test('unreliable messages are never sent again, and of ordered ones only the newest waits', (t) => {
  const { a, b, wire } = sides();
  send(a.link, frameOf({}));
  a.flush();
  b.round();
  a.round();
  wire.isHeld = true;
  for (let i = 0; i < 3; i++) send(a.link, frameOf({ code: 2, kind: KIND_ONE_WAY, payload: i }));
  for (let i = 0; i < 3; i++) send(a.link, frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 10 + i, target: 'hero' }));
  t.is(a.link.conflate(1, 'k', frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 13, target: 'hero' })), 'queued');
  send(a.link, frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 20, target: 'villain' }));
  t.true(a.link.spill(1, frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 30, source: 99, target: 'hero' })));
  t.is(a.link.waiting(1), 0, 'nothing of it waits for the peer');
  a.flush();
  wire.deliver();
  b.round();
  const payloads = (): number[] => b.seen.frames.slice(1).map((frame) => frame.at(-1)!);
  t.deepEqual(payloads(), [0, 1, 2, 13, 20, 30]);
  // Lost: nobody sends it again.
  send(a.link, frameOf({ code: 2, kind: KIND_ONE_WAY, payload: 40 }));
  a.flush();
  wire.deliver(() => []);
  a.clock.move(1000);
  a.flush();
  wire.deliver();
  b.round();
  t.is(payloads().length, 6);
  // Older than what was taken.
  send(a.link, frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 50, target: 'hero' }));
  a.flush();
  send(a.link, frameOf({ code: 3, kind: KIND_ONE_WAY, payload: 51, target: 'hero' }));
  a.flush();
  wire.deliver((messages) => messages.toReversed());
  b.round();
  t.deepEqual(payloads().slice(6), [51]);
  t.is(a.links.figures.unreliableDropped, 3);
  t.is(b.links.figures.unreliableDropped, 1);
});

test('frames too short to be any are counted and taken by nobody', (t) => {
  const { a, b } = sides();
  for (const kind of [KIND_REQUEST, KIND_ONE_WAY, KIND_CANCEL, KIND_REPLY, KIND_ERROR]) {
    a.link.spill(1, Uint8Array.of(kind, 0, 0, 0));
    a.link.spill(1, Uint8Array.of(kind));
  }
  a.link.spill(1, new Uint8Array(0));
  send(a.link, frameOf({}));
  a.flush();
  t.is(b.round(), 12);
  t.is(b.seen.frames.length, 1);
  t.is(b.link.malformed, 11);
});

test('what a turn of the event loop writes leaves in one message', async (t) => {
  const { a, b } = sides();
  a.flush();
  b.flush();
  const before = a.links.figures.messagesSent;
  for (let i = 0; i < 5; i++) {
    send(a.link, frameOf({ source: i }));
    t.true(a.link.listens(a.clock.now()));
    a.link.flush();
  }
  t.is(a.links.figures.messagesSent, before);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(a.links.figures.messagesSent, before + 1);
  t.is(b.round(), 5);
  // The answer is expected for a while.
  a.flush();
  t.true(a.link.listens(a.clock.now() + 1));
  t.false(a.link.listens(a.clock.now() + 10));
});

test('while nothing may leave, nothing is numbered: what ends then was never sent', (t) => {
  let isOpen = true;
  const { a, b } = sides(undefined, { mayLeave: () => isOpen });
  send(a.link, frameOf({ source: 1 }));
  a.flush();
  b.round();
  isOpen = false;
  send(a.link, frameOf({ source: 2 }));
  a.flush();
  a.clock.move(1000);
  a.links.flushAll();
  t.is(b.round(), 0);
  const lost = a.links.part({ name: 'b-1', inc: 2 })!;
  t.is(lost.unsent.length, 1);
  t.is(a.links.part({ name: 'b-1', inc: 2 }), undefined);
});

test('a connection that comes back sends at once what waited', (t) => {
  const { a, b, wire } = sides();
  wire.isReady = false;
  send(a.link, frameOf({}));
  a.flush();
  t.is(b.round(), 0);
  wire.comeBack();
  t.is(b.round(), 1);
});

test('figures outlive the links that they are of', (t) => {
  const { a, b } = sides();
  send(a.link, frameOf({}));
  a.flush();
  b.round();
  const before = a.links.figures;
  t.true(before.messagesSent > 0 && before.bytesSent > 0 && before.messagesReceived > 0);
  a.links.part({ name: 'b-1', inc: 2 });
  t.deepEqual(a.links.figures, before);
});
