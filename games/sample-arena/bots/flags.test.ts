import test from 'ava';
import { botFlags } from './flags.ts';

test('twelve bots at the default gateway, unless told otherwise', (t) => {
  t.deepEqual(botFlags([], undefined), { bots: 12, gateway: 'ws://127.0.0.1:7070' });
  t.deepEqual(botFlags(['node', 'main.js', '--workers=2', '--', '--bots=50'], '9000'), {
    bots: 50,
    gateway: 'ws://127.0.0.1:9000',
  });
  t.is(botFlags(['--bots=50'], undefined).bots, 12, 'what stands before the -- is not ours');
  t.is(botFlags(['--', '--bots=0'], undefined).bots, 0);
  t.is(botFlags(['--', '--gateway=wss://arena.example/x=y'], '9000').gateway, 'wss://arena.example/x=y');
});

test('bad values say so', (t) => {
  t.throws(() => botFlags(['--', '--bots=many'], undefined), { message: /--bots=many: a number from 0/ });
  t.throws(() => botFlags(['--', '--bots=4000'], undefined), { message: /400/ });
  t.throws(() => botFlags(['--', '--bots='], undefined));
  t.throws(() => botFlags(['--', '--gateway=localhost'], undefined), { message: /an address like/ });
});
