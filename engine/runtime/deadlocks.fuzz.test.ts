import test from 'ava';
import * as fc from 'fast-check';
import { DeadlockError } from '../base/errors.ts';
import type { Lock, Step } from '../testing/games/locks/contracts.fixture.ts';
import { startActors } from './actors.fixture.ts';
import { failureOf } from './probe-host.fixture.ts';

/** Calls over a few actors, as a tree: each may call others, some side by side. */
interface Plan {
  actor: number;
  lock: Lock;
  isRelayed: boolean;
  isParallel: boolean;
  pauses: boolean;
  calls: Plan[];
}

const ACTORS = 5;

const plans = (depthMax: number, locks: readonly Lock[]): fc.Arbitrary<Plan> =>
  fc.letrec<{ plan: Plan }>((tie) => ({
    plan: fc.record({
      actor: fc.nat(ACTORS - 1),
      lock: fc.constantFrom(...locks),
      isRelayed: fc.boolean(),
      isParallel: fc.boolean(),
      pauses: fc.boolean(),
      calls: fc.oneof(
        { depthSize: 'small', maxDepth: depthMax },
        fc.constant<Plan[]>([]),
        fc.array(tie('plan'), { maxLength: 3 }),
      ),
    }),
  })).plan;

const NAMES = ['a0', 'b1', 'c2', 'd0', 'e1'];

function stepsOf(actors: ReturnType<typeof startActors>, plan: Plan): Step[] {
  const calls = plan.calls.map((one, i): Step => {
    const name = NAMES[one.actor]!;
    const make = one.isRelayed ? actors.relay : actors.call;
    return { ...make(name, one.lock, ...stepsOf(actors, one)), name: `${name}${i}` };
  });
  const steps: Step[] = plan.isParallel ? [actors.all(...calls)] : calls;
  return plan.pauses ? [{ what: 'pause' }, ...steps] : steps;
}

const LOCKS = ['free', 'peek', 'single', 'glance', 'whole', 'look', 'urgent', 'later'] as const;

test('whatever calls whom under whichever lock: every call ends, no lock is broken, only deadlocks are refused', async (t) => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(plans(3, LOCKS), { minLength: 2, maxLength: 6 }), async (roots) => {
      const actors = startActors(t, { nodes: 3 });
      const errors = await Promise.all(
        roots.map((root, i) => failureOf(actors.run(NAMES[root.actor]!, root.lock, `r${i}`, stepsOf(actors, root)))),
      );
      for (const error of errors) {
        if (error !== undefined && !(error instanceof DeadlockError)) throw error;
      }
      const count = actors.host.count('deadlocks');
      if (errors.some((error) => error !== undefined) && count === 0) throw new Error('refused without a deadlock');
      found += count;
      if (actors.host.count('callsTimedOut') > 0) throw new Error('timed out');
      await actors.host.settled();
      for (const node of actors.host.nodes) {
        const { turnsOpen } = node.figures().gauges;
        // A branch whose sibling was refused may still be under way; it ends, too.
        for (let i = 0; turnsOpen! > 0 && node.figures().gauges.turnsOpen! > 0; i++) {
          if (i > 10_000) throw new Error('a turn does not end');
          await actors.host.settled();
        }
      }
      actors.host.stop();
    }),
    { numRuns: 60 },
  );
  t.log(`${found} deadlocks`);
  t.true(found > 0);
});

/** Each call goes to an actor with a higher number than all that its chain is at: nobody can wait in a circle. */
function ordered(plan: Plan, from: number): Plan | undefined {
  if (from >= ACTORS) return undefined;
  const actor = from + (plan.actor % (ACTORS - from));
  return { ...plan, actor, isParallel: false, calls: plan.calls.flatMap((one) => ordered(one, actor + 1) ?? []) };
}

test('calls that take locks in one order are never refused', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(plans(4, LOCKS), { minLength: 2, maxLength: 12 }), async (roots) => {
      const actors = startActors(t, { nodes: 3 });
      await Promise.all(
        roots.map((root, i) => {
          const plan = ordered(root, 0)!;
          return actors.run(NAMES[plan.actor]!, plan.lock, `r${i}`, stepsOf(actors, plan));
        }),
      );
      if (actors.host.count('deadlocks') > 0) throw new Error('a deadlock where there is none');
      actors.host.stop();
    }),
    { numRuns: 40 },
  );
  t.pass();
});
