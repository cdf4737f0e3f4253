import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { Gatekeeper } from '../gatekeeper.fixture.ts';
import { Actor, Door, type Lock, Relay, type Step } from './contracts.fixture.ts';

/** Whether a run under one lock and a run under another one may be open at the same time. */
const together = (a: Lock, b: Lock): boolean => {
  const readOnly = ['peek', 'glance', 'look'];
  if (readOnly.includes(a) && readOnly.includes(b)) return a !== b || a !== 'glance';
  const wholes = ['whole', 'look', 'later'];
  if (wholes.includes(a) || wholes.includes(b)) return false;
  return a !== b || (a !== 'single' && a !== 'glance');
};

/** What actors did, by id: `name` when a run begins, `/name` when it ends. */
export const journals = {
  byId: new Map<unknown, string[]>(),
  of(id: unknown): string[] {
    let lines = this.byId.get(id);
    if (lines === undefined) {
      lines = [];
      this.byId.set(id, lines);
    }
    return lines;
  },
};

/** What actors do when they are activated, by id. */
export const births = new Map<unknown, Step[]>();

class ActorEntity extends NodeEntity implements Actor {
  private readonly open = new Map<string, Lock>();

  free = this.under('free');
  peek = this.under('peek');
  single = this.under('single');
  glance = this.under('glance');
  whole = this.under('whole');
  look = this.under('look');
  urgent = this.under('urgent');
  later = this.under('later');

  override onActivate(): Promise<void> | undefined {
    const steps = births.get(this.id);
    return steps && this.beBorn(steps);
  }

  private async beBorn(steps: Step[]): Promise<void> {
    for (const step of steps) await this.step(step, 'birth', []);
  }

  async dive(depth: int32): Promise<void> {
    if (depth > 0) await this.node.getProxy(Actor, this.id as number).dive(depth - 1);
  }

  async task(name: string, steps: Step[]): Promise<void> {
    await this.tasks.once(name, 0, 'whole', { args: [name, [], steps] });
  }

  private under(lock: Lock): (name: string, above: string[], steps: Step[]) => Promise<void> {
    return async (name, above, steps) => {
      this.check(name, lock, above);
      this.open.set(name, lock);
      journals.of(this.id).push(name);
      try {
        for (const step of steps) {
          await this.step(step, name, above);
          this.check(name, lock, above);
        }
      } finally {
        journals.of(this.id).push(`/${name}`);
        this.open.delete(name);
      }
    };
  }

  private check(name: string, lock: Lock, above: readonly string[]): void {
    for (const [other, its] of this.open) {
      // Those that wait for this run, and those that this run waits for, are let through.
      if (other === name || above.includes(other) || other.startsWith(`${name}.`) || together(lock, its)) continue;
      throw new Error(`${name} (${lock}) and ${other} (${its}) run at the same time on ${String(this.id)}`);
    }
  }

  private async step(step: Step, name: string, above: readonly string[]): Promise<void> {
    const { what, id = 0, lock = 'free', steps = [] } = step;
    const inner = `${name}.${step.name ?? '?'}`;
    switch (what) {
      case 'call':
        return this.node.getProxy(Actor, id)[lock](inner, [...above, name], steps);
      case 'forget':
        void this.node.getProxy(Actor, id)[lock](inner, [...above, name], steps);
        return undefined;
      case 'relay':
        return this.node.getProxy(Relay, id).pass(lock, id, inner, [...above, name], steps);
      case 'all':
        await Promise.all(steps.map((one) => this.step(one, name, above)));
        return undefined;
      case 'gate':
        return this.node.getProxy(Door, 0).pass(step.name!);
      case 'pause':
        return this.sleep(1);
      case 'timer':
        // Through a callback, out of reach of promises.
        return new Promise((resolve, reject) => {
          setTimeout(() => {
            this.node
              .getProxy(Actor, id)
              [lock](inner, [...above, name], steps)
              .then(resolve, reject);
          }, 1);
        });
      case 'destroy':
        await this.node.destroy(Actor, id);
        return undefined;
    }
  }
}

class RelayEntity extends NodeEntity implements Relay {
  async pass(lock: Lock, id: int32, name: string, above: string[], steps: Step[]): Promise<void> {
    await null;
    await this.node.getProxy(Actor, id)[lock](name, above, steps);
  }
}

class DoorEntity extends Gatekeeper implements Door {}

/** What the tests of locks and deadlocks are made with. */
export default defineGame({
  name: 'locks',
  entities: [
    entity(Actor, ActorEntity),
    entity(Relay, RelayEntity),
    entity(Door, DoorEntity, { idleTimeout: 'never' }),
  ],
});
