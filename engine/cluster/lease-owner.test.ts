import test from 'ava';
import { Prng } from '../base/prng.ts';
import type { ControlValue, HostRecord } from './control-record.ts';
import { LEASE_PROFILES } from './lease-profile.ts';
import { Member, type MemberEffect, type MemberEvent } from './member.ts';

/** One host alone with a control store that answers at once: what an in-process store is. */
class Alone {
  readonly member: Member;
  readonly effects: MemberEffect[] = [];
  readonly unanswered: number[] = [];
  mono = 1000;
  wall = 5000;
  answers = true;
  private readonly values = new Map<string, { revision: number; value: ControlValue }>();
  private revision = 0;

  constructor(inc = 1) {
    const self = { host: 'a', inc };
    this.member = new Member({ self, nodes: 2, slots: 8, profile: LEASE_PROFILES.ci, eligible: true });
    this.step({ kind: 'tick' });
  }

  step(event: MemberEvent): void {
    const now = { mono: this.mono, wall: this.wall };
    for (const effect of this.member.step(event, { now, random: new Prng(1) })) {
      this.effects.push(effect);
      if (this.answers) this.answer(effect);
      else if (effect.kind === 'cas') this.unanswered.push(effect.request);
    }
  }

  pass(ms: number, wallMs = ms): void {
    this.mono += ms;
    this.wall += wallMs;
    this.step({ kind: 'tick' });
  }

  kinds(): string[] {
    return this.effects.splice(0).map((effect) => (effect.kind === 'exit' ? `exit ${effect.reason}` : effect.kind));
  }

  record(): HostRecord {
    return this.values.get('host.a')!.value as HostRecord;
  }

  write(value: HostRecord): void {
    this.values.set('host.a', { revision: ++this.revision, value });
  }

  private answer(effect: MemberEffect): void {
    if (effect.kind === 'poll') {
      const entries = [...this.values].map(([key, entry]) => ({ key: key as 'master', ...entry }));
      this.step({ kind: 'polled', entries });
    } else if (effect.kind === 'read') {
      const entry = this.values.get(effect.key);
      this.step({ kind: 'read-done', request: effect.request, entry: entry && { key: effect.key, ...entry } });
    } else if (effect.kind === 'cas') {
      const { request, key, expected, value } = effect;
      if ((this.values.get(key)?.revision ?? 0) !== expected) {
        this.step({ kind: 'cas-conflict', request });
        return;
      }
      this.values.set(key, { revision: ++this.revision, value });
      this.step({ kind: 'cas-done', request, revision: this.revision });
    }
  }
}

test('a host alone joins, becomes master, and gets every slot', (t) => {
  const alone = new Alone();
  for (let i = 0; i < 10; i++) alone.pass(20);
  const kinds = alone.kinds();
  t.is(kinds.filter((kind) => kind === 'open').length, 8);
  t.true(alone.member.master.rules);
  t.is(alone.record().viewEpoch, 1);
  t.is(alone.member.view.hold, undefined);
});

test('a lease that is not renewed ends; a renewal that gets through lets everything go on', (t) => {
  const alone = new Alone();
  alone.pass(100);
  alone.kinds();
  alone.answers = false;
  alone.pass(100);
  alone.pass(499);
  t.false(alone.kinds().includes('fence'));
  alone.pass(2);
  t.true(alone.kinds().includes('fence'));
  t.is(alone.member.owner.phase, 'fenced');
  t.is(alone.member.owner.wakeAt, Number.POSITIVE_INFINITY, 'it waits for the answer to its renewal');
  alone.answers = true;
  for (const request of alone.unanswered.splice(0)) alone.step({ kind: 'cas-unknown', request });
  alone.pass(30);
  t.true(alone.kinds().includes('resume'));
  t.is(alone.member.owner.phase, 'up');
});

test('a machine that was suspended finds its lease ended, though its monotonic clock stood still', (t) => {
  const alone = new Alone();
  alone.pass(100);
  alone.kinds();
  alone.answers = false;
  alone.pass(1, 60_000);
  t.true(alone.kinds().includes('fence'));
});

test('a wall that was set back hides no suspension that comes after it', (t) => {
  const alone = new Alone();
  alone.pass(100);
  alone.kinds();
  alone.answers = false;
  alone.pass(10, -36_000);
  t.true(alone.kinds().includes('lease'));
  alone.pass(1, LEASE_PROFILES.ci.execMs);
  t.true(alone.kinds().includes('fence'));
});

test('what still runs behind the lease is ended, and then the process', (t) => {
  const alone = new Alone();
  alone.pass(100);
  alone.kinds();
  alone.answers = false;
  alone.pass(700);
  alone.step({ kind: 'quiet', quiet: false });
  alone.kinds();
  alone.pass(149);
  t.deepEqual(
    alone.kinds().filter((kind) => kind.startsWith('e')),
    [],
  );
  alone.pass(1);
  t.deepEqual(
    alone.kinds().filter((kind) => kind.startsWith('e')),
    ['end-threads'],
  );
  alone.pass(100);
  t.deepEqual(
    alone.kinds().filter((kind) => kind.startsWith('e')),
    ['exit stop-overdue'],
  );
});

test('a host that was declared dead ends', (t) => {
  const alone = new Alone();
  alone.pass(100);
  alone.write({ ...alone.record(), state: 'dead', seq: alone.record().seq + 1, nonce: 'another' });
  alone.kinds();
  alone.pass(400);
  t.true(alone.kinds().includes('exit declared-dead'));
});

test('a host that leaves says so when nothing runs any more', (t) => {
  const alone = new Alone();
  for (let i = 0; i < 5; i++) alone.pass(20);
  alone.step({ kind: 'drain' });
  t.is(alone.record().state, 'draining');
  alone.kinds();
  alone.step({ kind: 'retired' });
  alone.pass(1);
  t.true(alone.kinds().includes('exit left'));
  t.is(alone.record().state, 'left');
});
