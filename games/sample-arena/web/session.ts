import { EngineError } from 'skerry';
import { type Client, connect } from 'skerry/client';
import {
  type ArenaEvent,
  type ArenaId,
  type ArenaInfo,
  ArenaView,
  type BoardRow,
  type LeaveReason,
  Lobby,
  Player,
  type RosterRow,
  type Steering,
  type Visit,
} from '../contracts.ts';
import { type Frame, unpackFrame } from '../rules/frame.ts';

/** What the page hears. */
export interface SessionEvents {
  frame(arena: ArenaId, frame: Frame): void;
  roster(arena: ArenaId, rows: RosterRow[]): void;
  happened(arena: ArenaId, events: ArenaEvent[]): void;
  /** Also after a portal. */
  entered(visit: Visit): void;
  left(reason: LeaveReason): void;
  board(rows: BoardRow[]): void;
  /** The connection is gone; the client tries to get it back by itself. */
  lost(): void;
  back(): void;
  /** It will not come back by itself. */
  over(): void;
}

/** Everything that goes over the network, in both directions. */
export class Session {
  readonly #client: Client;
  readonly #player: Player;
  readonly #lobby: Lobby;
  #last: { join: string } | { watch: ArenaId } | undefined;
  #visit = 0;
  #closed = false;

  private constructor(client: Client, events: SessionEvents) {
    this.#client = client;
    this.#player = client.getProxy(Player, client.principalId);
    this.#lobby = client.getProxy(Lobby);
    client.implement(ArenaView, {
      snapshot: (arena, frame) => events.frame(arena, unpackFrame(frame)),
      roster: (arena, rows) => events.roster(arena, rows),
      happened: (arena, list) => events.happened(arena, list),
      entered: (visit) => this.#enter(visit, events),
      left: (reason) => events.left(reason),
      board: (rows) => events.board(rows),
      async ping() {},
    });
    client.on('lost', () => events.lost());
    client.on('resumed', () => events.back());
    // The gateway forgot us: the same again, from the start.
    client.on('resync', () => {
      events.back();
      this.#visit = 0;
      const last = this.#last;
      if (!last) return;
      const again =
        'join' in last ? this.join(last.join).then((visit) => this.#enter(visit, events)) : this.watch(last.watch);
      again.catch(() => events.left('lost'));
    });
    client.on('closed', () => {
      if (!this.#closed) events.over();
    });
  }

  static async open(url: string, token: string, events: SessionEvents): Promise<Session> {
    return new Session(await connect(url, { ticket: { token } }), events);
  }

  get id(): string {
    return String(this.#client.principalId);
  }

  arenas(): Promise<ArenaInfo[]> {
    return this.#lobby.overview();
  }

  async watch(arena: ArenaId): Promise<RosterRow[]> {
    this.#last = { watch: arena };
    return this.#player.watch(arena);
  }

  async join(name: string, wish?: ArenaId): Promise<Visit> {
    this.#last = { join: name };
    const visit = await this.#player.join(name, wish);
    this.#visit = visit.visit;
    return visit;
  }

  async leave(): Promise<void> {
    await this.#player.leave();
  }

  steer(steering: Steering): void {
    try {
      this.#player.steer(steering);
    } catch (error) {
      // The connection is away; the events say so.
      if (!(error instanceof EngineError)) throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.close().catch(() => {});
  }

  #enter(visit: Visit, events: SessionEvents): void {
    // A portal's word may overtake the answer of an older join.
    if (visit.visit < this.#visit) return;
    this.#visit = visit.visit;
    events.entered(visit);
  }
}
