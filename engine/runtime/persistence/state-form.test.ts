import test from 'ava';
import fc from 'fast-check';
import type { EntityTypeEntry } from '../catalogue.ts';
import { StateForm } from './state-form.ts';

const TYPE = { stateVersion: 1, cls: class Hero {} } as unknown as EntityTypeEntry;
const KB = 1024;

test('what is kept is not written over, however large the states before and after it are', (t) => {
  const size = fc.oneof(
    { weight: 8, arbitrary: fc.nat(2 * KB) },
    { weight: 2, arbitrary: fc.nat(70 * KB) },
    { weight: 1, arbitrary: fc.nat(2000 * KB) },
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(size, fc.boolean()), { maxLength: 60, size: 'max' }), (states) => {
      const form = new StateForm([] as never);
      const kept: { fill: number; length: number; bytes: Uint8Array }[] = [];
      for (const [i, [length, isKept]] of states.entries()) {
        const bytes = form.encode(TYPE, new Uint8Array(length).fill(i), undefined);
        if (!isKept) continue;
        form.keep(bytes);
        kept.push({ fill: i, length, bytes });
      }
      return kept.every(({ fill, length, bytes }) => {
        const { state } = form.decode(TYPE, 'k', bytes);
        return state instanceof Uint8Array && state.length === length && state.every((byte) => byte === fill);
      });
    }),
    { numRuns: 30 },
  );
  t.pass();
});
