import test from 'ava';
import fc from 'fast-check';
import { CALL, CANCEL, GOODBYE, HELLO, PING, PONG, REPLY, REPLY_ERROR, SEND } from '../../transport/client/frames.ts';
import { contextOf, encode, sessionOf } from './session.fixture.ts';

const CODES = [1000, 1007, 1008];
const hello = encode([[HELLO, { protocol: 1, ticket: { id: 1, roles: ['admin'] } }]]);

const scalar = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 8 }),
);
const anything = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('x', 'y', 'constructor'), scalar),
);
const name = fc.constantFrom(
  'Hero',
  'HeroView',
  'move',
  'poke',
  'settle',
  'own',
  'echo',
  'secret',
  'say',
  '__proto__',
  '',
);
const seq = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(1, 2, 3) }, fc.integer(), fc.constant(null));
const frame = fc.oneof(
  fc.tuple(
    fc.constantFrom(CALL, SEND),
    seq,
    name,
    name,
    fc.oneof(fc.constant(1), anything),
    fc.oneof(fc.array(anything, { maxLength: 4 }), anything),
  ),
  fc.tuple(fc.constantFrom(CANCEL, REPLY, REPLY_ERROR), seq, seq, anything),
  fc.tuple(fc.constantFrom(PING, PONG, GOODBYE, HELLO, 0, 18, 255), anything),
  fc.array(anything, { maxLength: 4 }),
  anything,
);

test('whatever a client says, it is answered, or closed with a code; nothing is thrown', async (t) => {
  const logged: object[] = [];
  const context = contextOf(logged);
  const codes = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.array(frame, { maxLength: 3 }), { maxLength: 3 }),
      async (greet, messages) => {
        const { session, ended } = sessionOf(context);
        if (greet) {
          session.onMessage(hello);
          await Promise.resolve().then(() => {});
        }
        for (const frames of messages) session.onMessage(encode(frames));
        t.true(ended.length <= 1);
        for (const code of ended) {
          t.true(CODES.includes(code), `${code}`);
          codes.set(code, (codes.get(code) ?? 0) + 1);
        }
        session.terminate();
      },
    ),
    { numRuns: 1500 },
  );
  t.true((codes.get(1008) ?? 0) > 100, JSON.stringify([...codes]));
  t.deepEqual(logged, []);
});

test('random and mutated bytes end in 1007 or 1008, or are understood', async (t) => {
  const logged: object[] = [];
  const context = contextOf(logged);
  const codes = new Map<number, number>();
  const valid = fc.array(frame, { minLength: 1, maxLength: 3 }).map((frames) => encode(frames));
  const mutated = fc
    .tuple(
      fc.oneof(valid, fc.constant(hello)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.nat(2),
    )
    .map(([bytes, changes, cut]) => {
      const copy = bytes.slice();
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy.subarray(0, copy.length - cut);
    });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), async (greet, bytes) => {
      const { session, ended } = sessionOf(context);
      if (greet) {
        session.onMessage(hello);
        await Promise.resolve().then(() => {});
      }
      session.onMessage(bytes);
      for (const code of ended) {
        t.true(CODES.includes(code), `${code}`);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      session.terminate();
    }),
    { numRuns: 4000 },
  );
  t.true((codes.get(1007) ?? 0) > 500, JSON.stringify([...codes]));
  t.deepEqual(logged, []);
  t.is(Object.getPrototypeOf({}), Object.prototype);
  t.is(({} as { x?: unknown }).x, undefined);
});
