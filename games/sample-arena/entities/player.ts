import { NodeEntity, type uint32 } from 'skerry';
import {
  Arena,
  type ArenaId,
  ArenaView,
  type Baggage,
  EVERYONE,
  type LeaveReason,
  Lobby,
  type Player,
  type RosterRow,
  type Steering,
  type Visit,
} from '../contracts.ts';
import { cleanName } from '../rules/name.ts';

/** Where a player is, as one value: replaced, never changed, so that what an await interrupts sees the old or the new. */
interface Stay {
  readonly arena: ArenaId;
  readonly visit: number;
}

/** What a restart of the host does not take from a player. */
interface PlayerState {
  name: string;
  /** Counts on for ever: a stay of another life must not be taken for one of this. */
  visits: number;
  stay?: Stay | undefined;
  baggage?: Baggage | undefined;
}

/**
 * A player. Arenas come and go around it: it alone decides which stay counts, and `visit` tells messages of older stays
 * apart. Moving is: enter the new arena, then leave the old one. Until the new one said yes the old one keeps the body,
 * out of play, so a failure on the way costs nothing but the walk.
 */
export class PlayerEntity extends NodeEntity<PlayerState> implements Player {
  #watching: ArenaId | undefined;

  override initialState(): PlayerState {
    return { name: '', visits: 0 };
  }

  async watch(arena: ArenaId): Promise<RosterRow[]> {
    if (this.state.stay) await this.#out('left');
    if (this.#watching !== arena) await this.#unwatch();
    this.#watching = arena;
    await this.node.group(ArenaView, EVERYONE).add(this.id);
    return this.node.getProxy(Arena, arena).watch(String(this.id));
  }

  async join(name: string, wish?: ArenaId): Promise<Visit> {
    this.state.name = cleanName(name);
    await this.#unwatch();
    await this.node.group(ArenaView, EVERYONE).add(this.id);
    // Back after a reload: the body may still be there.
    const arena = this.state.stay?.arena ?? (await this.node.getProxy(Lobby).place(wish));
    return this.#enter(arena);
  }

  async leave(): Promise<void> {
    await this.#out('left');
  }

  steer(input: Steering): void {
    const stay = this.state.stay;
    if (stay) this.node.getProxy(Arena, stay.arena).steer(String(this.id), stay.visit, input);
    // The client believes that it plays: this entity was forgotten meanwhile. It joins again.
    else this.#view().left('lost');
  }

  async travel(visit: uint32, to: ArenaId, baggage: Baggage): Promise<void> {
    const from = this.state.stay;
    if (from?.visit !== visit) return;
    this.state.baggage = baggage;
    const arena = this.node.getProxy(Arena, from.arena);
    try {
      const entered = await this.#enter(to, from.arena);
      this.#view().entered(entered);
    } catch (error) {
      this.log.info({ from: from.arena, to, error }, 'the way through a portal failed');
      arena.stay(String(this.id), visit);
      return;
    }
    // Whether it hears this or not, it may no longer act for this player: its visit is an old one.
    await arena.leave(String(this.id), visit, to).catch((error) => this.log.warn({ error }, 'leaving failed'));
  }

  tally(visit: uint32, baggage: Baggage): void {
    if (this.state.stay?.visit === visit) this.state.baggage = baggage;
  }

  async evicted(visit: uint32, reason: 'idle' | 'unknown'): Promise<void> {
    const stay = this.state.stay;
    if (stay?.visit !== visit) return;
    if (reason === 'idle') return this.#out('idle');
    // The arena restarted, on another node perhaps. The score is here; the rest is a spawn.
    try {
      this.#view().entered(await this.#enter(stay.arena));
    } catch (error) {
      this.log.warn({ arena: stay.arena, error }, 'lost the arena');
      await this.#out('lost');
    }
  }

  async confirm(visit: uint32): Promise<boolean> {
    if (this.state.stay?.visit !== visit) return false;
    try {
      await this.node.getClientProxy(ArenaView, this.id).ping();
      return true;
    } catch {
      // Nobody there (a reload is quicker than this question). The stay ends with the answer.
      if (this.state.stay?.visit === visit) await this.#out('lost');
      return false;
    }
  }

  override async onDeactivate(reason: string): Promise<void> {
    // Nobody to tell when everything ends.
    if (reason === 'shutdown') return;
    if (this.state.stay) return this.#out('lost');
    if (this.#watching === undefined) return;
    await this.#unwatch();
    await this.node.group(ArenaView, EVERYONE).remove(this.id);
  }

  async #unwatch(): Promise<void> {
    const arena = this.#watching;
    this.#watching = undefined;
    if (arena !== undefined) await this.node.getProxy(Arena, arena).unwatch(String(this.id));
  }

  async #enter(to: ArenaId, from?: ArenaId): Promise<Visit> {
    const visit = ++this.state.visits;
    // Before any arena knows it: after a crash this number must not be given again.
    await this.save().catch((error) => this.log.warn({ error }, 'a visit could not be saved'));
    const entered = await this.node.getProxy(Arena, to).enter({
      id: String(this.id),
      name: this.state.name,
      visit,
      ...(from !== undefined && { from }),
      ...(this.state.baggage && { baggage: this.state.baggage }),
    });
    this.state.stay = { arena: to, visit };
    return entered;
  }

  async #out(reason: LeaveReason): Promise<void> {
    const stay = this.state.stay;
    this.state.stay = undefined;
    this.state.baggage = undefined;
    this.#view().left(reason);
    await this.node.group(ArenaView, EVERYONE).remove(this.id);
    if (stay) await this.node.getProxy(Arena, stay.arena).leave(String(this.id), stay.visit);
  }

  #view(): ArenaView {
    return this.node.getClientProxy(ArenaView, this.id);
  }
}
