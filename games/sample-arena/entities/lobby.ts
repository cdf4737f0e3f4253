import { GameError, NodeEntity, type uint16 } from 'skerry';
import type { ArenaId, ArenaInfo, Lobby } from '../contracts.ts';
import { ARENAS } from '../rules/maps.ts';
import { CAPACITY } from '../rules/numbers.ts';

/** Arenas are filled to this before the next one is: an empty arena is no fun. */
const LIVELY = 16;
/** An arena that said nothing for so long has nobody in it (arenas without players go to sleep). */
const REPORT_MS_MAX = 5000;

export class LobbyEntity extends NodeEntity implements Lobby {
  readonly #reports = new Map<ArenaId, { players: number; at: number }>();

  async overview(): Promise<ArenaInfo[]> {
    return ARENAS.map((arena) => ({ arena, players: this.#players(arena), capacity: CAPACITY }));
  }

  async place(wish?: ArenaId): Promise<ArenaId> {
    const open = ARENAS.filter((arena) => this.#players(arena) < CAPACITY);
    const chosen = wish !== undefined && open.includes(wish) ? wish : this.#liveliest(open);
    if (chosen === undefined) throw new GameError('full');
    // Counted at once: a crowd that arrives between two reports is spread as well.
    this.#reports.set(chosen, { players: this.#players(chosen) + 1, at: this.now() });
    return chosen;
  }

  population(arena: ArenaId, players: uint16): void {
    this.#reports.set(arena, { players, at: this.now() });
  }

  /** The fullest arena that is not lively yet; when all are, the emptiest. */
  #liveliest(open: readonly ArenaId[]): ArenaId | undefined {
    const byPlayers = [...open].sort((a, b) => this.#players(b) - this.#players(a));
    return byPlayers.find((arena) => this.#players(arena) < LIVELY) ?? byPlayers.at(-1);
  }

  #players(arena: ArenaId): number {
    const report = this.#reports.get(arena);
    return report && this.now() - report.at < REPORT_MS_MAX ? report.players : 0;
  }
}
