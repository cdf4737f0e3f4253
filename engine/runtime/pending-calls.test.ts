import test from 'ava';
import { OverloadedError } from '../base/errors.ts';
import { PendingCalls } from './pending-calls.ts';

const operation = { name: 'op', contract: { name: 'C' } };
const timeout = (): Error => new Error('timeout');

const outcome = (call: Promise<unknown>): Promise<unknown> => call.catch((error: Error) => error.message);

test('a reply settles its call once; ids are never 0', async (t) => {
  const pending = new PendingCalls(4);
  const call = pending.add(operation, 'caller', 100, 0);
  const id = pending.lastId;
  t.not(id, 0);
  t.is(pending.operationOf(id), operation);
  t.is(pending.callerOf(id), 'caller');
  t.is(pending.size, 1);
  pending.resolveCall(id, 7);
  t.is(await call, 7);
  t.is(pending.size, 0);
  t.is(pending.operationOf(id), undefined);
});

test('a late reply finds nothing, however often its index was used again', async (t) => {
  const pending = new PendingCalls(1);
  const given: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    const call = pending.add(operation, undefined, 100, 0);
    const id = pending.lastId;
    for (const old of given.slice(-3)) t.is(pending.operationOf(old), undefined);
    given.push(id);
    pending.resolveCall(id, i);
    if (i % 1000 === 0) t.is(await call, i);
  }
  t.is(new Set(given).size, 10_000);
});

test('the index of a call that ended without its reply rests while there are others', async (t) => {
  const pending = new PendingCalls(3);
  const calls = [pending.add(operation, undefined, 10, 0)];
  const lost = pending.lastId;
  t.true(pending.giveUp(lost, new Error('given up')));
  t.false(pending.giveUp(lost, new Error('again')));
  t.is(await outcome(calls[0]!), 'given up');
  // As often as there are generations: the id of the lost call never comes up.
  for (let i = 0; i < 40_000; i++) {
    void pending.add(operation, undefined, 10, 0);
    t.not(pending.lastId & 0x1ffff, lost & 0x1ffff);
    pending.resolveCall(pending.lastId, undefined);
  }
  // All three have their use when they are needed.
  const three = [1, 2, 3].map(() => outcome(pending.add(operation, undefined, 10, 0)));
  t.is(pending.size, 3);
  t.throws(() => pending.add(operation, undefined, 10, 0), { instanceOf: OverloadedError, code: 'calls-exhausted' });
  pending.rejectAll(() => new Error('over'));
  t.deepEqual(await Promise.all(three), ['over', 'over', 'over']);
  t.is(pending.size, 0);
});

test('what is due ends, what is not stays, and the next deadline is known', async (t) => {
  const pending = new PendingCalls(8);
  t.is(pending.nextDeadline, Number.POSITIVE_INFINITY);
  const calls = [30, 10, 20, 10].map((deadline) => outcome(pending.add(operation, undefined, deadline, 0)));
  t.is(pending.nextDeadline, 10);
  t.is(pending.expire(9, timeout), 0);
  t.is(pending.expire(10, timeout), 2);
  t.is(pending.nextDeadline, 20);
  t.is(pending.expire(100, timeout), 2);
  t.is(pending.nextDeadline, Number.POSITIVE_INFINITY);
  t.deepEqual(await Promise.all(calls), ['timeout', 'timeout', 'timeout', 'timeout']);
});

test('whoever wants to know hears of the end, and of every failure with its caller', async (t) => {
  const failures: unknown[] = [];
  const pending = new PendingCalls(8, (error, one, caller) => failures.push([(error as Error).message, one, caller]));
  const ends: string[] = [];
  const add = (name: string, deadline: number): [Promise<unknown>, number] => {
    const call = outcome(pending.add(operation, name, deadline, 0));
    const id = pending.lastId;
    pending.whenEnded(id, () => ends.push(name));
    return [call, id];
  };
  const [answered, answeredId] = add('answered', 100);
  const [failed, failedId] = add('failed', 100);
  const [expired] = add('expired', 5);
  const [dropped, droppedId] = add('dropped', 100);
  pending.resolveCall(answeredId, 1);
  pending.failCall(failedId, new Error('no'));
  pending.expire(5, timeout);
  pending.giveUp(droppedId, new Error('enough'));
  t.deepEqual(ends, ['answered', 'failed', 'expired', 'dropped']);
  pending.whenEnded(answeredId, () => ends.push('at once'));
  t.is(ends.at(-1), 'at once');
  t.deepEqual(await Promise.all([answered, failed, expired, dropped]), [1, 'no', 'timeout', 'enough']);
  t.deepEqual(failures, [
    ['no', operation, 'failed'],
    ['timeout', operation, 'expired'],
    ['enough', operation, 'dropped'],
  ]);
});
