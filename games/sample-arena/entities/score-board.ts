import { NodeEntity } from 'skerry';
import { type ArenaId, ArenaView, type BoardRow, EVERYONE, type ScoreBoard } from '../contracts.ts';

const ROWS = 10;
const REPORT_MS_MAX = 5000;

/** Puts the arenas' reports together and shows everybody the best, once a second when something changed. */
export class ScoreBoardEntity extends NodeEntity implements ScoreBoard {
  readonly #reports = new Map<ArenaId, { rows: BoardRow[]; at: number }>();
  #shown = '';

  report(arena: ArenaId, rows: BoardRow[]): void {
    this.#reports.set(arena, { rows, at: this.now() });
  }

  async top(): Promise<BoardRow[]> {
    return this.#top();
  }

  /** Task. */
  publish(): void {
    const rows = this.#top();
    const now = JSON.stringify(rows);
    if (now === this.#shown) return;
    this.#shown = now;
    this.node.group(ArenaView, EVERYONE).proxy.board(rows);
  }

  #top(): BoardRow[] {
    const best = new Map<string, BoardRow>();
    for (const [arena, { rows, at }] of this.#reports) {
      if (this.now() - at > REPORT_MS_MAX) this.#reports.delete(arena);
      // A player between two arenas may be in both reports; the score only grows, so the higher one is the newer one.
      else for (const row of rows) if (row.score >= (best.get(row.id)?.score ?? 0)) best.set(row.id, row);
    }
    return [...best.values()].sort((a, b) => b.score - a.score || b.kills - a.kills).slice(0, ROWS);
  }
}
