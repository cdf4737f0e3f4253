import test from 'ava';
import { nearest } from './nearest.ts';

const names = ['workers', 'port', 'admin-port', 'nats', 'store', 'status', 'start'];

test('what was probably meant', (t) => {
  t.is(nearest('worker', names), 'workers');
  t.is(nearest('prot', names), 'port');
  t.is(nearest('adminport', names), 'admin-port');
  t.is(nearest('strat', names), 'start');
});

test('nothing, when nothing is close', (t) => {
  t.is(nearest('bots', names), undefined);
  t.is(nearest('', names), undefined);
  t.is(nearest('x'.repeat(1000), names), undefined);
});
