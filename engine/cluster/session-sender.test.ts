import test from 'ava';
import { Prng } from '../base/prng.ts';
import { type Numbered, SessionSender } from './session-sender.ts';

const ack = (cumulative: number) => ({ cumulative, sackLow: 0, sackHigh: 0, frames: 100_000, bytes: 1e9 });

/** A frame every 10 ms over a way that takes `wayMs` there and back, for `ms` milliseconds; how many were sent more than once. */
function resentIn(sender: SessionSender<string>, random: Prng, from: number, ms: number, wayMs: number): number {
  const before = sender.resent;
  const answers: { at: number; seq: number }[] = [];
  for (let now = from; now < from + ms; now++) {
    if (now % 10 === 0) sender.offer('frame', 5);
    while (answers.length > 0 && answers[0]!.at <= now) sender.onAck(ack(answers.shift()!.seq), now, random);
    const out: Numbered<string>[] = [];
    sender.pump(now, random, out);
    sender.tick(now, random, out);
    const seq = Math.max(0, ...out.map((one) => one.seq));
    if (seq > 0) answers.push({ at: now + wayMs, seq });
  }
  return sender.resent - before;
}

test('a long way is learnt: what is not overdue there is not sent again', (t) => {
  const random = new Prng(1);
  const sender = new SessionSender<string>();
  t.is(resentIn(sender, random, 0, 1000, 5), 0);
  // Farther away than anything waits for at first.
  t.true(resentIn(sender, random, 1000, 2000, 200) > 0);
  t.is(resentIn(sender, random, 3000, 3000, 200), 0);
});

test('on a short way a loss is noticed early, and an outage does not change that', (t) => {
  const random = new Prng(2);
  const sender = new SessionSender<string>();
  resentIn(sender, random, 0, 1000, 2);
  const out: Numbered<string>[] = [];
  sender.offer('lost', 4);
  sender.pump(2000, random, out);
  const { seq } = out[0]!;
  // Five seconds without an answer, each time for longer.
  for (let now = 2000; now < 7000; now++) sender.tick(now, random, out);
  t.true(out.length > 5 && out.length < 20);
  sender.onAck(ack(seq), 7000, random);
  sender.offer('next', 4);
  sender.pump(7001, random, out);
  t.true(sender.wakeAt <= 7001 + 50 * 1.25);
});

test('what an outage has taken is sent again as fast as it is acknowledged, not as fast as it is missed', (t) => {
  const random = new Prng(3);
  const sender = new SessionSender<string>();
  resentIn(sender, random, 0, 1000, 2);
  const all: Numbered<string>[] = [];
  for (let i = 0; i < 1000; i++) sender.offer('lost', 4);
  sender.pump(2000, random, all);
  const last = all.at(-1)!.seq;
  // Now each thing that is sent arrives, and is acknowledged 2 ms later.
  let now = 2100;
  let arrived = all[0]!.seq - 1;
  for (; arrived < last && now < 3000; now += 2) {
    const out: Numbered<string>[] = [];
    sender.tick(now, random, out);
    for (const { seq } of out) if (seq === arrived + 1) arrived++;
    sender.onAck(ack(arrived), now + 2, random);
  }
  t.is(arrived, last);
  t.true(now < 2100 + (1000 / 64) * 2 + 100, `${now}`);
  t.is(sender.resent, 1000, 'each once');
});
