import test from 'ava';
import fc from 'fast-check';
import { MessagePack } from './msgpack.ts';
import { prepare } from './prepare.ts';
import { MalformedError, vet } from './vet.ts';

const references = { addressOf: () => undefined, reference: (contract: string, id: unknown) => ({ contract, id }) };
const messagePack = new MessagePack(references);
const rules = { depthMax: 32, finite: false, isReference: () => false };

/** The gateway's way in: whatever the bytes are, it is a value or a MalformedError. */
function take(bytes: Uint8Array): unknown {
  try {
    vet(bytes, 36);
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  return messagePack.decode(bytes);
}

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value')),
    fc
      .dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('value'),
      )
      .map((record) => ({ ...record })),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((entries) => new Map(entries)),
    fc.array(fc.integer()).map((items) => new Set(items)),
  ),
})).value;

test('what was encoded passes and comes back', (t) => {
  fc.assert(
    fc.property(value, (original) => {
      const bytes = messagePack.encodeCopy(prepare(original, rules, 'test'));
      t.deepEqual(take(bytes), original);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('random and mutated bytes are a value or a MalformedError, and Object.prototype stays as it is', (t) => {
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  let accepted = 0;
  let refused = 0;
  const look = (bytes: Uint8Array) => (take(bytes) instanceof MalformedError ? refused++ : accepted++);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void look(bytes)),
    { numRuns: 5000 },
  );
  const mutation = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(value, mutation, fc.nat(3), (original, mutations, cut) => {
      const bytes = messagePack.encodeCopy(prepare(original, rules, 'test'));
      for (const [at, byte] of mutations) bytes[at % bytes.length] = byte;
      look(bytes.subarray(0, bytes.length - cut));
    }),
    { numRuns: 5000 },
  );
  t.true(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`);
  t.is(Object.getOwnPropertyNames(Object.prototype).join(), before);
});
