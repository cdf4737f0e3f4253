import type { EntityId } from '../base/entity-id.ts';

/**
 * What a node is doing, in shared memory, so that it can be told when the node itself cannot any more: while it is blocked, and after
 * its thread died. The node stores, the host reads.
 *
 *   word   0 (  0 B)  BEAT     ms on the host's clock when the last round began, float64
 *   word   3 ( 12 B)  TURN     first slices of turns begun so far, and of hooks; wraps
 *   word   4 ( 16 B)  WHAT     operation code, entity type << 16; NOBODY between slices
 *   word   5 ( 20 B)  KIND     0: the id is NUMBER; else 1 + the units of TEXT, negative for a bigint
 *   word   6 ( 24 B)  NUMBER   float64
 *   word   8 ( 32 B)  TEXT     UTF-16 units of the id
 *
 * Plain stores: a turn pays for four of them and shares its line with nobody who looks more than some times a second. A reader that
 * comes in between sees a mix of two turns, so whoever acts on a reading compares TURN before and after; a thread that is blocked or
 * dead stores nothing, and then the reading is exact: a worker's exit, and any message, order its stores before it.
 */
const BEAT = 0;
const TURN = 3;
const WHAT = 4;
const KIND = 5;
const NUMBER = 3;
const TEXT_AT = 16;
/** An id is text of at most 256 bytes or a bigint of at most 1024 bits; this holds either. */
const TEXT_UNITS = 320;
const BYTES = 32 + TEXT_UNITS * 2;

/** No slice that began as a turn runs: the node is idle, in the engine, or in a continuation. */
const NOBODY = -1;
const NO_TYPE = 0x7fff;

export const allocateBlackBox = (): SharedArrayBuffer => {
  const memory = new SharedArrayBuffer(BYTES);
  new Int32Array(memory)[WHAT] = NOBODY;
  return memory;
};

/** What a node was found doing. */
export interface OpenTurn {
  /** Code of the operation, the engine's own included. */
  readonly operation: number;
  /** Index of the entity type. */
  readonly type: number;
  readonly id: EntityId;
}

/** The node's side. */
export class BlackBox {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly text: Uint16Array;

  constructor(memory: SharedArrayBuffer = allocateBlackBox()) {
    this.words = new Int32Array(memory);
    this.numbers = new Float64Array(memory);
    this.text = new Uint16Array(memory);
  }

  /** A round begins. */
  beat(now: number): void {
    this.numbers[BEAT] = now;
  }

  /** Game code is about to run: the first slice of a turn, or a hook. */
  begin(operation: number, type: number, id: EntityId): void {
    const { words } = this;
    words[TURN] = (words[TURN]! + 1) | 0;
    if (typeof id === 'number') {
      words[KIND] = 0;
      this.numbers[NUMBER] = id;
    } else this.spell(id);
    words[WHAT] = operation | (type << 16);
  }

  /** It has come back. */
  end(): void {
    this.words[WHAT] = NOBODY;
  }

  private spell(id: string | bigint): void {
    const { text } = this;
    const spelled = typeof id === 'string' ? id : id.toString(16);
    const units = Math.min(spelled.length, TEXT_UNITS);
    for (let i = 0; i < units; i++) text[TEXT_AT + i] = spelled.charCodeAt(i);
    this.words[KIND] = typeof id === 'string' ? units + 1 : -units - 1;
  }
}

/** The host's side. */
export class BlackBoxReader {
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly text: Uint16Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.numbers = new Float64Array(memory);
    this.text = new Uint16Array(memory);
  }

  /** When the last round began, ms on the host's clock. */
  get beat(): number {
    return this.numbers[BEAT]!;
  }

  /** Grows with every turn; together with `isOpen` it tells one turn from the next. */
  get turn(): number {
    return this.words[TURN]!;
  }

  get isOpen(): boolean {
    return this.words[WHAT] !== NOBODY;
  }

  /** What game code runs right now, or ran when the thread died; undefined when nothing that is known. */
  open(): OpenTurn | undefined {
    const { words } = this;
    for (let tries = 0; tries < 3; tries++) {
      const turn = words[TURN]!;
      const what = words[WHAT]!;
      if (what === NOBODY) return undefined;
      const kind = words[KIND]!;
      const number = this.numbers[NUMBER]!;
      const spelled =
        kind === 0 ? '' : String.fromCharCode(...this.text.subarray(TEXT_AT, TEXT_AT + Math.abs(kind) - 1));
      if (words[TURN] !== turn || words[WHAT] !== what) continue;
      const id = kind === 0 ? number : kind > 0 ? spelled : bigintOf(spelled);
      return { operation: what & 0xffff, type: (what >>> 16) & NO_TYPE, id };
    }
    return undefined;
  }
}

function bigintOf(hex: string): bigint {
  return hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`);
}
