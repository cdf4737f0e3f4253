import test from 'ava';
import { DrainRate } from './drain-rate.ts';

/** Looks every 5 ms at a reader that takes `perMs` frames while `waiting` wait. */
function looked(rate: DrainRate, from: number, looks: number, perMs: number, waiting: number, taken = 0): number {
  for (let i = 0; i < looks; i++) rate.look(from + i * 5, taken + Math.floor(i * 5 * perMs), waiting);
  return taken + Math.floor((looks - 1) * 5 * perMs);
}

test('a busy reader is as fast as what it takes', (t) => {
  const rate = new DrainRate();
  t.is(rate.msFor(1000), 0, 'nothing is known at first');
  const taken = looked(rate, 1000, 40, 2, 5000);
  t.true(Math.abs(rate.msFor(1000) - 500) < 5);
  // It becomes slower, and soon that is what counts.
  looked(rate, 1200, 300, 0.5, 5000, taken);
  t.true(Math.abs(rate.msFor(1000) - 2000) < 50);
});

test('a reader that runs dry is not slow', (t) => {
  const rate = new DrainRate();
  // Each time it had taken all there was, and who knows when.
  for (let i = 0; i < 100; i++) rate.look(i * 5, i * 3, 3);
  t.is(rate.msFor(1000), 0);
  rate.look(600, 300, 0);
  t.is(rate.msFor(1000), 0);
});

test('what was learnt is forgotten', (t) => {
  const rate = new DrainRate();
  const taken = looked(rate, 0, 40, 1, 5000);
  t.true(rate.msFor(1000) > 0);
  for (let i = 0; i < 200; i++) rate.look(200 + i * 5, taken + 5000, 0);
  t.is(rate.msFor(1000), 0);
});

test('slow operations take several looks, and a pause does not make a reader slow', (t) => {
  const slow = new DrainRate();
  // One frame in 10 ms, looked at every 5.
  for (let at = 0; at <= 1000; at += 5) slow.look(at, Math.floor(at / 10), 5);
  t.true(Math.abs(slow.msFor(10) - 100) < 5);

  const paused = new DrainRate();
  const taken = looked(paused, 0, 40, 10, 5000);
  for (let at = 200; at < 3000; at += 5) paused.look(at, taken, 5000);
  // A round's worth, then it goes on as before.
  paused.look(3000, taken + 64, 5000);
  looked(paused, 3005, 200, 10, 5000, taken + 64);
  t.true(paused.msFor(5000) < 1000);
});

test('frames that were thrown away do not make the next ones wait less', (t) => {
  const rate = new DrainRate();
  let taken = 0;
  for (let at = 0; at <= 400; at += 5) rate.look(at, taken, 5000);
  t.true(Math.abs(rate.msFor(100) - 400) <= 10);
  // All the time so much comes as is thrown away, and what is at the front has waited as long.
  for (let at = 405; at <= 600; at += 5) {
    taken += 100;
    rate.look(at, taken, 5000);
  }
  t.true(rate.msFor(100) > 500);
  rate.look(605, taken + 5000, 0);
  t.true(rate.msFor(100) < 50);
});

test('a look after a long time does not take the time for a wait', (t) => {
  const rate = new DrainRate();
  rate.look(0, 0, 100);
  rate.look(10_000, 100, 100);
  t.is(rate.msFor(100), 0);
});

test('counts wrap', (t) => {
  const rate = new DrainRate();
  rate.look(0, 0x7fff_ffc0, 0);
  for (let i = 0; i < 40; i++) rate.look(i * 5, (0x7fff_ffc0 + i * 10) | 0, 5000);
  t.true(Math.abs(rate.msFor(1000) - 500) < 5);
});
