import type { NodeRef } from 'skerry';
import { Receiver, type Step } from './contracts.fixture.ts';

/** Activations of a receiver that fail at most. */
export const FAILURES = 2;

/**
 * Sends the messages of a script in its order; some are awaited, the others only at the end. Resolves once all have arrived or were
 * refused, with how many failed.
 */
export async function send(node: NodeRef, from: string, script: readonly Step[]): Promise<number> {
  const sequences = new Map<string, { receiver: string; priority: Step['priority']; count: number }>();
  const open: Promise<unknown>[] = [];
  let failed = 0;
  for (const { receiver, priority, operation, awaited, padding } of script) {
    if (operation === 'destroy') {
      const destroyed = node.destroy(Receiver, receiver).catch(() => {
        failed++;
      });
      if (awaited) await destroyed;
      else open.push(destroyed);
      continue;
    }
    const ordered = operation !== 'reliable';
    const key = `${receiver} ${priority} ${ordered}`;
    const count = (sequences.get(key)?.count ?? 0) + 1;
    sequences.set(key, { receiver, priority, count });
    const message = { from, ordered, priority, sequence: count, padding: 'x'.repeat(padding) };
    const answer: unknown = node.getProxy(Receiver, receiver, { priority })[operation](message);
    const settled = Promise.resolve(answer).catch(() => {
      failed++;
    });
    if (awaited) await settled;
    else open.push(settled);
  }
  for (const { receiver, priority } of sequences.values()) open.push(mark(node, receiver, priority));
  await Promise.all(open);
  return failed;
}

async function mark(node: NodeRef, receiver: string, priority: Step['priority']): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      return await node.getProxy(Receiver, receiver, { priority }).mark();
    } catch (error) {
      if (failures === FAILURES) throw error;
    }
  }
}
