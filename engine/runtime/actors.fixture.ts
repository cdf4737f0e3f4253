import type { ExecutionContext } from 'ava';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Actor, Door, type Lock, type Step } from '../testing/games/locks/contracts.fixture.ts';
import { LocalHost, type LocalHostOptions } from '../testing/local-host.ts';

const { catalogue, module } = await loadFixtureGame<{
  journals: { of(id: unknown): string[] };
  births: Map<unknown, Step[]>;
}>('locks');

/** Journals outlive their host, so every test has ids of its own. */
const tests = { begun: 0 };

/** The game of locks on nodes of this thread, gone after the test; three nodes unless told otherwise. */
export function startActors(t: ExecutionContext, options: LocalHostOptions = {}) {
  const from = ++tests.begun * 10_000;
  const host = new LocalHost(catalogue, { nodes: 3, ...options });
  t.teardown(() => host.stop());
  const view = host.view(0);
  const ids = new Map<string, number>();
  /** Actors have names, of which the last letter may tell the node: `a`, `b1`. */
  const id = (name: string): number => {
    let found = ids.get(name);
    if (found === undefined) {
      const node = Number(/\d$/.exec(name)?.[0] ?? 0);
      const taken = new Set(ids.values());
      for (let at = from; found === undefined || taken.has(found); at = found + 1) found = host.idOn(node, Actor, at);
      ids.set(name, found);
    }
    return found;
  };
  const door = view.getProxy(Door, 0);
  return {
    host,
    view,
    door,
    id,
    /** What an actor did. */
    journal: (name: string): string[] => [...module.journals.of(id(name))],
    /** What an actor does when it is activated. */
    born: (name: string, ...steps: Step[]): void => void module.births.set(id(name), steps),
    /** Calls an actor as nobody's entity. */
    run: (name: string, lock: Lock, run: string, steps: Step[] = []): Promise<void> =>
      view.getProxy(Actor, id(name))[lock](run, [], steps),
    call: (name: string, lock: Lock, ...steps: Step[]): Step => ({ what: 'call', id: id(name), lock, name, steps }),
    relay: (name: string, lock: Lock, ...steps: Step[]): Step => ({ what: 'relay', id: id(name), lock, name, steps }),
    step: (what: Step['what'], name: string, lock: Lock, ...steps: Step[]): Step => ({
      what,
      id: id(name),
      lock,
      name,
      steps,
    }),
    all: (...steps: Step[]): Step => ({ what: 'all', steps }),
    gate: (name: string): Step => ({ what: 'gate', name: `${from} ${name}` }),
    open: (name: string): Promise<void> => door.open(`${from} ${name}`),
    reached: (name: string): Promise<void> => door.reached(`${from} ${name}`),
  };
}
