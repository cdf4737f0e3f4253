import type { EntityId } from '../base/entity-id.ts';
import { InvalidMessageError } from '../base/errors.ts';

/**
 * One step from call to call along who waits for whom: the call that `caller` (an incarnation) knows as `request` waits for a turn, or
 * is that turn; and that turn waits for a call of its own, `call`. Each number names something that exists once and, when it is gone,
 * does not come back.
 *
 * Where a hop is does not stand here, for nodes call each other by other numbers on every host: the call of the hop before it leads there.
 */
export interface Hop {
  caller: number;
  request: number;
  /** Whether it waits for a turn of another call; otherwise it is the turn. */
  waits: boolean;
  turn: number;
  call: number;
}

/** An entity and an operation of a cycle: one that waits, or the turn that it waits for. */
export interface Member {
  contract: string;
  id: EntityId;
  operation: string;
}

/** From the first hop of `path` somebody got to this call. */
export interface Probe {
  kind: 'probe';
  /** The call that the probe began with, and which of its probes it is. */
  caller: number;
  request: number;
  nth: number;
  path: Hop[];
  /** The call to go on with, of the node that sends this. */
  from: number;
  call: number;
}

/** What nodes tell each other when they look for deadlocks. */
export type Note =
  | Probe
  /** The path is a cycle. From hop to hop to the first one, which is to be refused if the cycle is seen again; now to the node of `hop`. */
  | { kind: 'cycle'; path: Hop[]; hop: number }
  /** Is the cycle still there, from this hop on? To the node of that hop. */
  | { kind: 'check'; path: Hop[]; hop: number; members: Member[] }
  /** It is: every hop was seen again. To the node of the first hop. */
  | { kind: 'refuse'; path: Hop[]; members: Member[] };

type Plain = readonly unknown[];

/** As plain lists, for CBOR. */
export function packNotes(notes: readonly Note[]): unknown[] {
  return notes.map((note) => {
    const path = note.path.flatMap(({ caller, request, waits, turn, call }) => {
      return [caller, request, waits ? 1 : 0, turn, call];
    });
    switch (note.kind) {
      case 'probe':
        return [0, path, note.caller, note.request, note.nth, note.from, note.call];
      case 'cycle':
        return [1, path, note.hop];
      case 'check':
        return [2, path, note.hop, packMembers(note.members)];
      default:
        return [3, path, packMembers(note.members)];
    }
  });
}

/** Throws InvalidMessageError for what no node has packed. */
export function unpackNotes(packed: unknown): Note[] {
  return list(packed).map((one): Note => {
    const [kind, words, a, b, c, d, e] = list(one);
    const numbers = list(words).map(number);
    const path: Hop[] = [];
    for (let i = 0; i + 4 < numbers.length; i += 5) {
      const [caller, request, waits, turn, call] = numbers.slice(i, i + 5) as [number, ...number[]];
      path.push({ caller, request: request!, waits: waits === 1, turn: turn!, call: call! });
    }
    switch (kind) {
      case 0:
        return {
          kind: 'probe',
          path,
          caller: number(a),
          request: number(b),
          nth: number(c),
          from: number(d),
          call: number(e),
        };
      case 1:
        return { kind: 'cycle', path, hop: hopOf(path, a) };
      case 2:
        return { kind: 'check', path, hop: hopOf(path, a), members: unpackMembers(b) };
      case 3:
        hopOf(path, 0);
        return { kind: 'refuse', path, members: unpackMembers(a) };
      default:
        throw malformed();
    }
  });
}

const packMembers = (members: readonly Member[]): unknown[] =>
  members.map(({ contract, id, operation }) => [contract, id, operation]);

function unpackMembers(packed: unknown): Member[] {
  return list(packed).map((one) => {
    const [contract, id, operation] = list(one);
    return { contract: String(contract), id: id as EntityId, operation: String(operation) };
  });
}

/** Index of a hop of the path. */
function hopOf(path: readonly Hop[], value: unknown): number {
  const hop = number(value);
  if (path[hop] === undefined) throw malformed();
  return hop;
}

function list(value: unknown): Plain {
  if (!Array.isArray(value)) throw malformed();
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw malformed();
  return value;
}

const malformed = (): InvalidMessageError => new InvalidMessageError('invalid', 'Notes about deadlocks are malformed.');
