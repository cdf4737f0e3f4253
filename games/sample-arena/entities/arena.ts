import { GameError, NodeEntity, type uint32 } from 'skerry';
import {
  Arena,
  type ArenaEvent,
  type ArenaId,
  type ArenaStats,
  ArenaView,
  arenaGroup,
  type Entry,
  Lobby,
  Player,
  type RosterRow,
  ScoreBoard,
  type Steering,
  type Visit,
} from '../contracts.ts';
import { type Body, baggageOf } from '../rules/body.ts';
import { Cover } from '../rules/cover.ts';
import { packFrame } from '../rules/frame.ts';
import { MAPS } from '../rules/maps.ts';
import { IDLE_TICKS, SILENT_TICKS, TICKS_PER_SECOND } from '../rules/numbers.ts';
import { Pace } from '../rules/pace.ts';
import { type Happening, World } from '../rules/world.ts';

const PACE_SAMPLES = 30 * TICKS_PER_SECOND;
/** Rows that an arena reports to the score board. */
const REPORTED = 10;

/** Runs a world: steerings in, ticks, snapshots out. What the rules are, `rules/world.ts` says. */
export class ArenaEntity extends NodeEntity implements Arena {
  readonly #arena = this.id as ArenaId;
  readonly #world = new World(MAPS[this.#arena], () => this.random());
  readonly #group = this.node.group(ArenaView, arenaGroup(this.#arena));
  readonly #workMs = new Pace(PACE_SAMPLES);
  readonly #gapMs = new Pace(PACE_SAMPLES);
  #tickedAt = 0;
  #frameBytes = 0;
  #rosterChanged = false;
  /** As long as it lives it stays where it is. */
  #runsOn = '';

  override onActivate(): void {
    void this.#findCover();
  }

  async enter(entry: Entry): Promise<Visit> {
    const { id, name, visit, from, baggage } = entry;
    const returning = this.#world.bodies.has(id);
    const body = this.#world.enter(id, name, visit, from, baggage);
    if (!body) throw new GameError('full', { arena: this.#arena });
    try {
      await this.#group.add(id);
      if (this.#runsOn === '') this.#runsOn = await this.#place();
    } catch (error) {
      this.#world.leave(id, visit);
      throw error;
    }
    if (!returning) this.#tell([{ kind: 'joined', player: rowOf(body), ...(from !== undefined && { from }) }]);
    this.#count();
    return { arena: this.#arena, visit, number: body.number, roster: this.#roster(), runsOn: this.#runsOn };
  }

  async leave(id: string, visit: uint32, to?: ArenaId): Promise<void> {
    const number = this.#world.bodies.get(id)?.number;
    if (number === undefined || !this.#world.leave(id, visit)) return;
    this.#count();
    this.#tell([{ kind: 'gone', player: number, ...(to !== undefined && { to }) }]);
    await this.#group.remove(id);
  }

  stay(id: string, visit: uint32): void {
    this.#world.stay(id, visit);
  }

  steer(id: string, visit: uint32, input: Steering): void {
    if (!this.#world.steer(id, visit, input)) this.#player(id).evicted(visit, 'unknown');
  }

  async watch(id: string): Promise<RosterRow[]> {
    await this.#group.add(id);
    return this.#roster();
  }

  async unwatch(id: string): Promise<void> {
    if (!this.#world.bodies.has(id)) await this.#group.remove(id);
  }

  async stats(): Promise<ArenaStats> {
    return {
      arena: this.#arena,
      players: this.#world.bodies.size,
      ticks: this.#world.tick,
      workMs: this.#workMs.percentiles(),
      gapMs: this.#gapMs.percentiles(),
      frameBytes: this.#frameBytes,
    };
  }

  /** Task, 20 times a second. */
  tick(): void {
    const startedAt = performance.now();
    if (this.#world.bodies.size > 0) {
      if (this.#tickedAt > 0) this.#gapMs.add(startedAt - this.#tickedAt);
      this.#tickedAt = startedAt;
      this.#handle(this.#world.step());
      const frame = packFrame(this.#world);
      this.#frameBytes = frame.length;
      this.#group.proxy.snapshot(this.#arena, frame);
      if (this.#world.tick % TICKS_PER_SECOND === 0) this.#everySecond();
      this.#workMs.add(performance.now() - startedAt);
    } else this.#tickedAt = 0;
  }

  #handle(happenings: readonly Happening[]): void {
    const events: ArenaEvent[] = [];
    for (const happening of happenings) {
      switch (happening.kind) {
        case 'kill': {
          const { killer, victim, streak } = happening;
          events.push({ kind: 'kill', killer: killer.number, victim: victim.number, streak });
          this.#tally(killer);
          this.#tally(victim);
          break;
        }
        case 'pickup': {
          const { body, what, x, y } = happening;
          events.push({ kind: 'pickup', player: body.number, what, x: Math.round(x), y: Math.round(y) });
          if (what === 'crystal') this.#tally(body);
          break;
        }
        case 'portal':
          this.#player(happening.body.id).travel(happening.body.visit, happening.to, happening.baggage);
          break;
        case 'stranded':
          this.#ask(happening.body);
          break;
      }
    }
    if (events.length > 0) this.#tell(events);
  }

  #everySecond(): void {
    const bodies = [...this.#world.bodies.values()];
    for (const body of bodies) {
      if (body.silentTicks >= IDLE_TICKS) this.#player(body.id).evicted(body.visit, 'idle');
      else if (body.silentTicks >= SILENT_TICKS) this.#ask(body);
    }
    const rows = this.#roster();
    if (this.#rosterChanged) this.#group.proxy.roster(this.#arena, rows);
    this.#rosterChanged = false;
    this.node.getProxy(Lobby).population(this.#arena, bodies.length);
    const best = rows.sort((a, b) => b.score - a.score).slice(0, REPORTED);
    this.node.getProxy(ScoreBoard).report(
      this.#arena,
      best.map(({ id, name, score, kills }) => ({ id, name, arena: this.#arena, score, kills })),
    );
  }

  /** Is this player still here? One that is not (or that nobody can ask) goes. */
  #ask(body: Body): void {
    const { id, visit } = body;
    this.#player(id)
      .confirm(visit)
      .catch(() => false)
      .then(async (here) => {
        if (here) this.#world.stay(id, visit);
        else await this.leave(id, visit);
      })
      .catch((error) => this.log.warn({ id, error }, 'asking for a player failed'));
  }

  #tally(body: Body): void {
    this.#rosterChanged = true;
    this.#player(body.id).tally(body.visit, baggageOf(body));
  }

  /** Somebody came or went: the lobby hears at once, the roster follows within a second. */
  #count(): void {
    this.#rosterChanged = true;
    this.node.getProxy(Lobby).population(this.#arena, this.#world.bodies.size);
  }

  async #place(): Promise<string> {
    const { host, node } = await this.node.locate(Arena, this.#arena);
    return `${host}/${node}`;
  }

  #roster(): RosterRow[] {
    return [...this.#world.bodies.values()].map(rowOf);
  }

  #tell(events: ArenaEvent[]): void {
    this.#group.proxy.happened(this.#arena, events);
  }

  /** The world begins without; who comes back then does so wherever there is room. */
  async #findCover(): Promise<void> {
    try {
      this.#world.cover = new Cover(await this.node.compute<Uint8Array>('cover', this.#arena));
      this.log.debug({}, 'cover found');
    } catch (err) {
      this.log.warn({ err }, 'no cover found');
    }
  }

  #player(id: string): Player {
    return this.node.getProxy(Player, id);
  }
}

function rowOf({ number, id, name, score, kills, deaths }: Body): RosterRow {
  return { number, id, name, score, kills, deaths };
}
