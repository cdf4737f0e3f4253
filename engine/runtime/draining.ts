import { ACTIVE } from './activation.ts';
import type { Activations } from './activations.ts';
import { Alarm } from './alarm.ts';
import type { NodeState } from './node-state.ts';

const POLL_MS = 5;
/** Entities that are looked at in one go. */
const BATCH = 4096;

/** What makes sure that the node has a round. */
interface Heartbeat {
  schedule(): void;
}

/** Lets what runs on a node end and deactivates every entity. Gives up on what still runs after `graceMs`. */
export async function drainNode(
  state: NodeState,
  activations: Activations,
  graceMs: number,
  cycle: Heartbeat,
): Promise<void> {
  const { clock, log, wheel } = state;
  const giveUpAt = clock.now() + graceMs;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wheel.add(new Alarm(resolve), state.freshNow() + ms);
      cycle.schedule();
    });
  /** Sends away whoever has nothing to do, some at a time: calls of the others go on. */
  const dismissAll = async (): Promise<void> => {
    let looked = 0;
    for (const activation of activations.roster.walk()) {
      if (activation.phase === ACTIVE && activation.openTurns === 0 && activation.waiting === 0) {
        void activations.deactivate(activation, 'shutdown');
      }
      if (++looked % BATCH !== 0) continue;
      await pause(1);
      if (clock.now() >= giveUpAt) return;
    }
  };
  state.draining = true;
  activations.stop();
  for (;;) {
    await dismissAll();
    const { size } = activations.roster;
    if (size === 0 && activations.persistence?.due.isDirty !== true) return;
    if (clock.now() >= giveUpAt) {
      if (size > 0) log.warn({ entities: size }, 'gave up waiting for entities that still work');
      activations.persistence?.tellUnsaved(activations.roster.walk());
      return;
    }
    await pause(POLL_MS);
  }
}
