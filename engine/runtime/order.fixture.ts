import * as fc from 'fast-check';
import type { NodeRef } from '../runtime/node-ref.ts';
import { type Message, Receiver, Sender, type Step } from '../testing/games/order/contracts.fixture.ts';
import { FAILURES } from '../testing/games/order/script.fixture.ts';

/** Scripts for a few senders; the last one is the host's own. Receivers are numbered, and named by the run. */
export function scripts(stepsMax: number): fc.Arbitrary<Step[][]> {
  const step = fc.record({
    receiver: fc.constantFrom('plain', 'other', 'slow', 'fails', 'slow fails'),
    priority: fc.constantFrom('low' as const, 'medium' as const, 'medium' as const, 'high' as const),
    operation: fc.constantFrom(
      'oneWay' as const,
      'oneWay' as const,
      'request' as const,
      'locked' as const,
      'single' as const,
      'reliable' as const,
      'destroy' as const,
    ),
    awaited: fc.boolean(),
    padding: fc.oneof({ weight: 20, arbitrary: fc.nat(50) }, { weight: 1, arbitrary: fc.constantFrom(2000, 20_000) }),
  });
  return fc.array(fc.array(step, { maxLength: stepsMax, size: 'max' }), { minLength: 2, maxLength: 5 });
}

/** Runs the scripts on a host and throws when anything arrived out of order, twice, or not at all without a reason. */
export async function expectOrder(
  node: NodeRef,
  run: number,
  all: Step[][],
  sendAsHost: (script: Step[]) => Promise<number>,
): Promise<void> {
  const named = all.map((script) => script.map((step) => ({ ...step, receiver: `${step.receiver} ${run}` })));
  await Promise.all(
    named.map((script, i) =>
      i === named.length - 1 ? sendAsHost(script) : node.getProxy(Sender, `sender ${run} ${i}`).run(script),
    ),
  );
  for (const name of new Set(named.flat().map(({ receiver }) => receiver))) {
    const sent = named.flat().filter(({ receiver, operation }) => receiver === name && operation !== 'destroy').length;
    const received = await receivedBy(node, name);
    const fails = name.includes('fails');
    if (!fails && received.length !== sent) throw new Error(`${name} got ${received.length} of ${sent} messages`);
    checkSequences(name, received, fails);
  }
}

/** Whoever got nothing but `destroy` is activated by this, which may fail. */
async function receivedBy(node: NodeRef, name: string): Promise<Message[]> {
  for (let failures = 0; ; failures++) {
    try {
      return await node.getProxy(Receiver, name).received();
    } catch (error) {
      if (failures === FAILURES) throw error;
    }
  }
}

function checkSequences(name: string, received: readonly Message[], mayMiss: boolean): void {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  for (const { from, ordered, priority, sequence } of received) {
    const key = `${from} → ${name}, ${priority}`;
    // Nothing comes twice, whatever its reliability.
    const message = `${key}, ${ordered}: ${sequence}`;
    if (seen.has(message)) throw new Error(`${message} came twice`);
    seen.add(message);
    if (!ordered) continue;
    const before = last.get(key) ?? 0;
    if (sequence <= before || (!mayMiss && sequence !== before + 1)) {
      throw new Error(`${key}: ${sequence} came behind ${before}`);
    }
    last.set(key, sequence);
  }
}
