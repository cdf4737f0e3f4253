import type { Invariant } from './checker.ts';

const run = ({ host, inc }: { host: string; inc: number }): string => `${host}/${inc}`;

/** I1: epoch and term never go down at any observer, and an epoch has one content. */
export function oneLineage(): Invariant {
  const seen = new Map<string, { epoch: number; term: number }>();
  const digests = new Map<number, string>();
  return {
    on(event, report) {
      if (event.kind !== 'view') return;
      const { epoch, term, digest } = event;
      const before = seen.get(run(event));
      if (before && (epoch < before.epoch || term < before.term)) {
        report(`${run(event)} went from epoch ${before.epoch}, term ${before.term} to ${epoch}, ${term}`);
      }
      seen.set(run(event), { epoch, term });
      const known = digests.get(epoch);
      if (known !== undefined && known !== digest) report(`epoch ${epoch} has two contents`);
      digests.set(epoch, digest);
    },
  };
}

/**
 * I2: turns of two epochs of one slot do not overlap. An owner that stood still may finish what it was in the middle of, one turn a thread;
 * the output gate takes care of what that would send.
 */
export function oneOwner(): Invariant {
  interface Turn {
    readonly host: string;
    readonly node: number;
    readonly epoch: number;
    readonly turn: number;
    readonly from: number;
  }
  const open = new Map<string, Turn>();
  /** Turns that another epoch has begun during, until they end. */
  const overtaken = new Map<string, { turn: Turn; slot: number }>();
  const stills: { host: string; node: number | undefined; from: number; to: number }[] = [];
  const highest = new Map<number, number>();
  const straddlers = new Set<string>();
  const idOf = (event: { host: string; inc: number; node: number; turn: number }): string =>
    `${run(event)}/${event.node}/${event.turn}`;
  return {
    on(event, report) {
      if (event.kind === 'stood-still') {
        stills.push({ host: run(event), node: event.node, from: event.from, to: event.at });
      } else if (event.kind === 'stopped') {
        for (const [id, turn] of open) if (turn.host === run(event)) open.delete(id);
        for (const [id, { turn }] of overtaken) if (turn.host === run(event)) overtaken.delete(id);
      } else if (event.kind === 'turn-start') {
        const { slot, epoch, node } = event;
        if (epoch < (highest.get(slot) ?? 0)) {
          report(`${run(event)} begins a turn of slot ${slot} in epoch ${epoch} after ${highest.get(slot)} has begun`);
        }
        highest.set(slot, Math.max(epoch, highest.get(slot) ?? 0));
        for (const [id, turn] of open) {
          if (id.endsWith(`@${slot}`) && turn.epoch !== epoch) overtaken.set(id, { turn, slot });
        }
        open.set(`${idOf(event)}@${slot}`, { host: run(event), node, epoch, turn: event.turn, from: event.at });
      } else if (event.kind === 'turn-end') {
        const id = `${idOf(event)}@${event.slot}`;
        open.delete(id);
        const late = overtaken.get(id);
        if (late === undefined) return;
        overtaken.delete(id);
        const { turn, slot } = late;
        const stood = stills.some(
          ({ host, node, from, to }) =>
            host === turn.host && (node === undefined || node === turn.node) && to >= turn.from && from <= event.at,
        );
        const thread = `${turn.host}/${turn.node}`;
        if (!stood) report(`${thread} ran slot ${slot} in epoch ${turn.epoch} while a later epoch ran`);
        else if (straddlers.has(thread)) report(`${thread} ran two turns over the end of their epoch`);
        straddlers.add(thread);
      }
    },
  };
}

/**
 * I3: nothing of an epoch is accepted after something of a later epoch of that slot was produced. Only what an owner sent unreliably before it
 * gave its slot away may still come late: it had stopped, and nobody waits for what may be lost anyway.
 */
export function noStaleEffect(): Invariant {
  const produced = new Map<number, number>();
  /** Epochs of each slot that began with the death of the owner before, in ascending order. */
  const failovers = new Map<number, number[]>();
  let owners: readonly string[] = [];
  return {
    on(event, report) {
      if (event.kind === 'assigned') {
        for (const [slot, owner] of event.owners.entries()) {
          if (owner === (owners[slot] ?? '') || event.given.includes(slot)) continue;
          failovers.set(slot, [...(failovers.get(slot) ?? []), event.epoch]);
        }
        owners = event.owners;
      } else if (event.kind === 'produced') {
        produced.set(event.slot, Math.max(event.epoch, produced.get(event.slot) ?? 0));
      } else if (event.kind === 'accepted') {
        const { host, sink, slot, epoch } = event;
        const latest = produced.get(slot) ?? 0;
        if (epoch >= latest) return;
        const died = failovers.get(slot)?.some((at) => at > epoch && at <= latest) ?? false;
        if (event.reliable || died)
          report(`${sink} of ${host} took slot ${slot} of epoch ${epoch}; ${latest} has acted`);
      }
    },
  };
}

/** I4: no turn starts, and no effect leaves, later than `execMs` after the last applied renewal was sent, on the owner's own clocks. */
export function leaseBoundsTurns(execMs: number): Invariant {
  const sent = new Map<string, { mono: number; wall: number }>();
  const applied = new Map<string, { mono: number; wall: number }>();
  return {
    on(event, report) {
      if (event.kind === 'lease-sent') sent.set(event.nonce, { mono: event.mono, wall: event.wall });
      else if (event.kind === 'record') {
        const renewal = sent.get(event.nonce);
        if (renewal !== undefined) applied.set(run(event), renewal);
        sent.delete(event.nonce);
      } else if (event.kind === 'turn-start' || event.kind === 'produced') {
        const lease = applied.get(run(event));
        if (lease === undefined) report(`${run(event)} runs without a lease`);
        else if (event.mono - lease.mono >= execMs || event.wall - lease.wall >= execMs) {
          const elapsedMs = Math.max(event.mono - lease.mono, event.wall - lease.wall).toFixed(0);
          report(`${run(event)}: ${event.kind} ${elapsedMs} ms after its last renewal`);
        }
      }
    },
  };
}

/** I5: a slot changes hands only when its owner is dead, has left, or has given it away; nobody returns from the dead. */
export function deathBeforeFailover(): Invariant {
  const gone = new Set<string>();
  let owners: readonly string[] = [];
  return {
    on(event, report) {
      if (event.kind === 'record') {
        if (event.state === 'dead' || event.state === 'left') gone.add(run(event));
        else if (gone.has(run(event))) report(`${run(event)} is ${event.state} again after its death`);
      } else if (event.kind === 'assigned') {
        for (const [slot, owner] of event.owners.entries()) {
          const before = owners[slot] ?? '';
          if (before === '' || before === owner || event.given.includes(slot)) continue;
          const host = before.slice(0, before.lastIndexOf('/'));
          if (!gone.has(host)) report(`slot ${slot} was taken from ${before}, which is alive`);
        }
        owners = event.owners;
      }
    },
  };
}
