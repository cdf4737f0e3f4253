/*
 * Stands in for 'skerry/client' in a bundle of the page: the arenas run inside of the page, with bots, at the arenas' own
 * pace. What it does on request: lose the connection, close it, refuse to join. Only for looking at the page by itself.
 */
import { Brain } from '../bots/brain.ts';
import { botName } from '../bots/names.ts';
import type { ArenaEvent, ArenaId, ArenaView, RosterRow, Steering, Visit } from '../contracts.ts';
import type { Body } from '../rules/body.ts';
import { packFrame, unpackFrame } from '../rules/frame.ts';
import { ARENAS, MAPS } from '../rules/maps.ts';
import { TICK_MS } from '../rules/numbers.ts';
import { steeringOf } from '../rules/steering.ts';
import { World } from '../rules/world.ts';

const BOTS: Readonly<Record<ArenaId, number>> = { north: 7, ember: 2, grove: 2, tide: 1 };

interface Arena {
  id: ArenaId;
  world: World;
  brains: Map<string, Brain>;
}

const rowOf = ({ number, id, name, score, kills, deaths }: Body): RosterRow => ({
  number,
  id,
  name,
  score,
  kills,
  deaths,
});

/** Tests reach it as `window.fake`. */
class FakeServer {
  readonly arenas = new Map<ArenaId, Arena>();
  readonly #listeners = new Map<string, Set<(detail?: unknown) => void>>();
  view: Partial<ArenaView> = {};
  me: { id: string; arena: ArenaId; visit: number; name: string } | undefined;
  watched: ArenaId | undefined;
  refusal: string | undefined;
  away = false;
  #visits = 0;

  constructor() {
    let bot = 0;
    for (const id of ARENAS) {
      const arena = { id, world: new World(MAPS[id], Math.random), brains: new Map<string, Brain>() };
      for (let i = 0; i < BOTS[id]; i++, bot++) {
        arena.world.enter(`bot-${bot}`, botName(bot), 1);
        arena.brains.set(`bot-${bot}`, new Brain(Math.random));
      }
      // A past, so that there are scores from the start.
      for (let tick = 0; tick < 500; tick++) this.#tick(arena, false);
      this.arenas.set(id, arena);
    }
    setInterval(() => {
      for (const arena of this.arenas.values()) this.#tick(arena, true);
    }, TICK_MS);
  }

  #tick(arena: Arena, live: boolean): void {
    const { world, brains, id } = arena;
    if (world.tick % 2 === 0) this.#think(arena);
    const events: ArenaEvent[] = [];
    for (const happening of world.step()) {
      if (happening.kind === 'kill')
        events.push({
          kind: 'kill',
          killer: happening.killer.number,
          victim: happening.victim.number,
          streak: happening.streak,
        });
      else if (happening.kind === 'pickup')
        events.push({
          kind: 'pickup',
          player: happening.body.number,
          what: happening.what,
          x: Math.round(happening.x),
          y: Math.round(happening.y),
        });
      else if (happening.kind === 'portal' && live && happening.body.id === this.me?.id) this.#travel(happening.to);
      else if (brains.has(happening.body.id)) world.stay(happening.body.id, 1);
    }
    if (!live || this.away || (this.me?.arena ?? this.watched) !== id) return;
    this.view.snapshot?.(id, packFrame(world));
    if (events.length > 0) this.view.happened?.(id, events);
    if (world.tick % 20 === 0) this.view.roster?.(id, this.roster(id));
  }

  #think({ world, brains }: Arena): void {
    const frame = unpackFrame(packFrame(world));
    for (const [id, brain] of brains) {
      const number = world.bodies.get(id)!.number;
      const me = frame.bodies.find((body) => body.number === number)!;
      if (!me.present) continue;
      const others = frame.bodies.filter((body) => body !== me);
      const { x, y, aim, fire } = brain.think({ tick: world.tick, map: world.map, me, others, pickups: frame.pickups });
      world.steer(id, 1, steeringOf(0, x, y, aim, fire));
    }
  }

  roster(arena: ArenaId): RosterRow[] {
    return [...this.arenas.get(arena)!.world.bodies.values()].map(rowOf);
  }

  join(name: string, arena: ArenaId): Visit {
    if (this.refusal) throw Object.assign(new Error(this.refusal), { code: this.refusal });
    this.me = { id: 'me', arena, visit: ++this.#visits, name: name || 'Castaway' };
    return this.#enter(this.me);
  }

  #enter(me: { id: string; arena: ArenaId; visit: number; name: string }, from?: ArenaId): Visit {
    const body = this.arenas.get(me.arena)!.world.enter(me.id, me.name, me.visit, from)!;
    return { arena: me.arena, visit: me.visit, number: body.number, roster: this.roster(me.arena), runsOn: 'here/0' };
  }

  #travel(to: ArenaId): void {
    const from = this.me!;
    this.arenas.get(from.arena)!.world.leave(from.id, from.visit);
    this.me = { ...from, arena: to, visit: ++this.#visits };
    this.view.entered?.(this.#enter(this.me, from.arena));
  }

  steer(steering: Steering): void {
    if (this.me && !this.away) this.arenas.get(this.me.arena)!.world.steer(this.me.id, this.me.visit, steering);
  }

  leave(): void {
    if (!this.me) return;
    this.arenas.get(this.me.arena)!.world.leave(this.me.id, this.me.visit);
    this.me = undefined;
    this.view.left?.('left');
  }

  on(event: string, listener: (detail?: unknown) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit(event: 'lost' | 'resumed' | 'resync' | 'closed'): void {
    this.away = event === 'lost' || event === 'closed';
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }
}

const server = new FakeServer();
Object.assign(globalThis, { fake: server });

export async function connect(): Promise<unknown> {
  if (server.refusal === 'unreachable') throw new Error('unreachable');
  server.away = false;
  return {
    principalId: 'me',
    getProxy(contract: { name: string }) {
      return contract.name === 'Lobby' ? lobby : player;
    },
    implement(_contract: unknown, handlers: Partial<ArenaView>) {
      server.view = handlers;
      return () => {};
    },
    on: (event: string, listener: (detail?: unknown) => void) => server.on(event, listener),
    async close() {},
  };
}

const lobby = {
  overview: async () => ARENAS.map((arena) => ({ arena, players: server.roster(arena).length, capacity: 100 })),
};
const player = {
  join: async (name: string, wish?: ArenaId) => server.join(name, wish ?? 'north'),
  watch: async (arena: ArenaId) => {
    server.watched = arena;
    return server.roster(arena);
  },
  leave: async () => server.leave(),
  steer: (steering: Steering) => server.steer(steering),
};

/** These two stand in for 'skerry': the page needs a contract's name and nothing else of it. */
export const contract = (name: string, operations: unknown) => ({ name, operations });
export class EngineError extends Error {}
