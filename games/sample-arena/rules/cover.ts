import type { Point } from './geometry.ts';
import { type ArenaMap, HEIGHT, WIDTH } from './maps.ts';
import { freeShare } from './movement.ts';

/** Width and height of a cell. */
const CELL = 40;
const COLUMNS = Math.ceil(WIDTH / CELL);
const ROWS = Math.ceil(HEIGHT / CELL);
const CELLS = COLUMNS * ROWS;

/**
 * From which cells of a map each start can be seen: one bit for each start and cell, starts one after the other. So many lines of sight
 * take longer than a tick may.
 */
export function coverOf(map: ArenaMap): Uint8Array {
  const seen = new Uint8Array(Math.ceil((map.starts.length * CELLS) / 8));
  map.starts.forEach((start, index) => {
    for (let cell = 0; cell < CELLS; cell++) {
      if (freeShare(map, start, middleOf(cell), 0) < 1) continue;
      const bit = index * CELLS + cell;
      seen[bit >> 3]! |= 1 << (bit & 7);
    }
  });
  return seen;
}

/** What `coverOf` found out. */
export class Cover {
  readonly #seen: Uint8Array;

  constructor(seen: Uint8Array) {
    this.#seen = seen;
  }

  /** Can whoever stands here see the start with this index? */
  sees(at: Point, start: number): boolean {
    const bit = start * CELLS + cellOf(at);
    return (this.#seen[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }
}

function cellOf({ x, y }: Point): number {
  const column = Math.min(Math.max(Math.floor(x / CELL), 0), COLUMNS - 1);
  const row = Math.min(Math.max(Math.floor(y / CELL), 0), ROWS - 1);
  return row * COLUMNS + column;
}

function middleOf(cell: number): Point {
  return { x: ((cell % COLUMNS) + 0.5) * CELL, y: (Math.floor(cell / COLUMNS) + 0.5) * CELL };
}
