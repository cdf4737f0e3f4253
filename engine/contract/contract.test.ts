import test from 'ava';
import { contract, type OperationOptions } from './contract.ts';

interface Purse {
  take(coins: number): void;
}
const withOptions = (options: OperationOptions) => () => contract<Purse>('Purse', { take: options });

test('exactlyOnce is part of the traits', (t) => {
  t.true(withOptions({ exactlyOnce: true, lock: 'entity' })().operations[0]!.exactlyOnce);
  t.true(withOptions({ exactlyOnce: true, reliability: 'reliableOrdered' })().operations[0]!.exactlyOnce);
  t.false(withOptions({ reliability: 'unreliable' })().operations[0]!.exactlyOnce);
});

for (const options of [
  { reliability: 'unreliable' },
  { reliability: 'reliable' },
  { priority: 'high' },
  { readOnly: true },
  { access: 'client' },
  { access: { role: 'admin' } },
] satisfies OperationOptions[]) {
  test(`exactlyOnce does not go together with ${JSON.stringify(options)}`, (t) => {
    const message = /^Purse\.take: exactlyOnce does not go together with/;
    t.throws(withOptions({ ...options, exactlyOnce: true }), { instanceOf: TypeError, message });
  });
}
