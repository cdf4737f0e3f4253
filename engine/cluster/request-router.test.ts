import test from 'ava';
import type { Assignment, NodeRef, SlotRow } from './control-record.ts';
import { PARKED_MAX, type Request, RequestRouter, type RouterEffect } from './request-router.ts';

const A: NodeRef = { host: 'a', inc: 1, node: 0 };
const B: NodeRef = { host: 'b', inc: 2, node: 0 };

function assignment(owner: NodeRef | undefined, epoch: number, members: readonly NodeRef[] = [A, B]): Assignment {
  const row: SlotRow = { owner, epoch, planned: false, wish: undefined, home: '' };
  const hosts = members.map(({ host, inc }) => ({ host, inc, nodes: 1, since: 1 }));
  return { epoch, term: 1, nonce: '', members: hosts, founder: undefined, slots: [row] };
}

class Bench {
  readonly router = new RequestRouter<Request>();
  now = 0;
  private out: RouterEffect<Request>[] = [];

  do(step: (router: RequestRouter<Request>, out: RouterEffect<Request>[]) => void): string[] {
    this.out = [];
    step(this.router, this.out);
    return this.out.map((effect) => {
      if (effect.kind === 'sync') return `sync ${effect.to.host}`;
      if (effect.kind === 'send') return `${effect.request.id} to ${effect.to.host}@${effect.epoch}`;
      return `${effect.request.id} ${effect.failure.outcome} ${effect.failure.cause}`;
    });
  }

  call(id: number, deadline = 1000): string[] {
    return this.do((router, out) => router.call({ id, slot: 0, deadline }, this.now, out));
  }

  view(next: Assignment): string[] {
    return this.do((router, out) => router.install(next, this.now, out));
  }

  bounce(id: number, from: NodeRef): string[] {
    return this.do((router, out) => router.bounced(id, 0, from, this.now, out));
  }

  synced(from: NodeRef): string[] {
    return this.do((router, out) => router.synced(0, from, this.now, out));
  }

  tick(now: number): string[] {
    this.now = now;
    return this.do((router, out) => router.tick(now, out));
  }
}

test('requests wait for an owner and leave in order', (t) => {
  const bench = new Bench();
  t.deepEqual([...bench.call(1), ...bench.call(2)], []);
  t.deepEqual(bench.view(assignment(A, 1)), ['1 to a@1', '2 to a@1']);
  t.deepEqual(bench.call(3), ['3 to a@1']);
});

test('what was bounced goes to the new owner, in its old order and before what has waited, once the old one has answered', (t) => {
  const bench = new Bench();
  bench.view(assignment(A, 1));
  for (const id of [1, 2, 3]) bench.call(id);
  t.deepEqual(bench.bounce(2, A), ['sync a']);
  t.deepEqual(bench.call(4), []);
  t.deepEqual(bench.view(assignment(B, 2)), [], 'not before the old owner has answered');
  t.deepEqual(bench.bounce(3, A), []);
  t.deepEqual(bench.synced(A), ['2 to b@2', '3 to b@2', '4 to b@2']);
  t.is(bench.router.reply(1)?.id, 1);
});

test('an owner that has changed is asked first, even when nothing was bounced', (t) => {
  const bench = new Bench();
  bench.view(assignment(A, 1));
  bench.call(1);
  t.deepEqual(bench.view(assignment(B, 2)), ['sync a']);
  t.deepEqual(bench.call(2), []);
  t.deepEqual(bench.synced(A), ['2 to b@2']);
});

test('an owner that does not run the slot yet is tried again, later every time', (t) => {
  const bench = new Bench();
  bench.view(assignment(A, 1));
  bench.call(1);
  bench.bounce(1, A);
  t.deepEqual(bench.synced(A), []);
  t.deepEqual(bench.tick(3), []);
  t.deepEqual(bench.tick(4), ['1 to a@1']);
  bench.bounce(1, A);
  bench.synced(A);
  t.deepEqual(bench.tick(11), []);
  t.deepEqual(bench.tick(12), ['1 to a@1']);
});

test('what was sent to a host that is gone may have run: it is not sent again', (t) => {
  const bench = new Bench();
  bench.view(assignment(A, 1));
  bench.call(1);
  bench.call(2);
  bench.router.unsent(2);
  t.deepEqual(bench.view(assignment(B, 2, [B])), ['1 unknown node-lost', '2 to b@2']);
  t.is(bench.router.reply(1), undefined);
  t.is(bench.router.late, 1);
});

test('deadlines: unknown when it was sent, not executed when it never left', (t) => {
  const bench = new Bench();
  bench.call(1, 10);
  t.deepEqual(bench.tick(10), ['1 notExecuted no-owner']);
  bench.view(assignment(A, 1));
  bench.call(2, 20);
  t.is(bench.router.wakeAt, 20);
  t.deepEqual(bench.tick(20), ['2 unknown timeout']);
  t.is(bench.router.size, 0);
});

test('what waits is bounded', (t) => {
  const bench = new Bench();
  for (let id = 1; id <= PARKED_MAX; id++) bench.call(id);
  t.deepEqual(bench.call(PARKED_MAX + 1), [`${PARKED_MAX + 1} notExecuted link-full`]);
});
