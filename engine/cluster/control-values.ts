/**
 * Values of the control store as bytes: JSON, so that an operator can read them. An assignment has 4096 rows and is written often, so its hosts and
 * nodes are listed once and its rows are short arrays that name them by index.
 */
import {
  type Assignment,
  type ControlKey,
  type ControlValue,
  type HostRecord,
  type HostState,
  type MasterRecord,
  type NodeRef,
  type SlotRow,
  sameNode,
} from './control-record.ts';

const VERSION = 1;
const STATES: readonly HostState[] = ['up', 'draining', 'dead', 'left'];
const NOBODY = -1;

/** What stands under a key is not what this version writes. */
export class ControlValueError extends Error {
  override name = 'ControlValueError';
}

export function encodeControlValue(key: ControlKey, value: ControlValue): Uint8Array {
  const stored = key === 'assign' ? packed(value as Assignment) : value;
  return new TextEncoder().encode(JSON.stringify({ v: VERSION, ...stored }));
}

/** Throws ControlValueError. */
export function decodeControlValue(key: ControlKey, bytes: Uint8Array): ControlValue {
  let stored: unknown;
  try {
    stored = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ControlValueError(`${key}: not JSON`);
  }
  const fields = new Fields(key, stored);
  const version = fields.integer('v');
  if (version !== VERSION) throw new ControlValueError(`${key}: written as version ${version}, this is ${VERSION}`);
  if (key === 'assign') return unpacked(fields);
  return key === 'master' ? masterOf(fields) : hostOf(fields);
}

/** Members of something read, each of which has to be what it is said to be. */
class Fields {
  private readonly key: string;
  private readonly record: Record<string, unknown>;

  constructor(key: string, record: unknown) {
    this.key = key;
    if (typeof record !== 'object' || record === null || Array.isArray(record)) throw this.wrong('the value');
    this.record = record as Record<string, unknown>;
  }

  wrong(what: string): ControlValueError {
    return new ControlValueError(`${this.key}: ${what} is not what it should be`);
  }

  integer(name: string): number {
    const value = this.record[name];
    if (!Number.isSafeInteger(value)) throw this.wrong(name);
    return value as number;
  }

  text(name: string): string {
    const value = this.record[name];
    if (typeof value !== 'string') throw this.wrong(name);
    return value;
  }

  flag(name: string): boolean {
    const value = this.record[name];
    if (typeof value !== 'boolean') throw this.wrong(name);
    return value;
  }

  list<T>(name: string, map: (item: unknown) => T): T[] {
    const value = this.record[name];
    if (!Array.isArray(value)) throw this.wrong(name);
    return value.map(map);
  }

  integers(name: string): number[] {
    return this.list(name, (item) => {
      if (!Number.isSafeInteger(item)) throw this.wrong(name);
      return item as number;
    });
  }

  /** An array in a list: texts where `shape` has an s, integers where it has an i. */
  tuple(name: string, item: unknown, shape: string): (string | number)[] {
    if (!Array.isArray(item) || item.length !== shape.length) throw this.wrong(name);
    for (const [index, one] of item.entries()) {
      if (shape[index] === 's' ? typeof one !== 'string' : !Number.isSafeInteger(one)) throw this.wrong(name);
    }
    return item;
  }
}

function hostOf(fields: Fields): HostRecord {
  const state = fields.text('state') as HostState;
  if (!STATES.includes(state)) throw fields.wrong('state');
  return {
    host: fields.text('host'),
    inc: fields.integer('inc'),
    nonce: fields.text('nonce'),
    seq: fields.integer('seq'),
    state,
    viewEpoch: fields.integer('viewEpoch'),
    nodes: fields.integer('nodes'),
    lives: fields.integers('lives'),
    frozen: fields.list('frozen', (item) => {
      const frozen = new Fields('frozen', item);
      return { slot: frozen.integer('slot'), move: frozen.integer('move') };
    }),
    occupied: fields.integers('occupied'),
    holds: fields.integers('holds'),
  };
}

function masterOf(fields: Fields): MasterRecord {
  return {
    host: fields.text('host'),
    inc: fields.integer('inc'),
    nonce: fields.text('nonce'),
    term: fields.integer('term'),
    seq: fields.integer('seq'),
    released: fields.flag('released'),
  };
}

/** Rows: owner, epoch, planned, home, and with a wish its node and its move. */
function packed({ epoch, term, nonce, members, founder, slots }: Assignment): object {
  const nodes: NodeRef[] = [];
  const homes: string[] = [''];
  const indexOfNode = (ref: NodeRef | undefined): number => {
    if (ref === undefined) return NOBODY;
    const found = nodes.findIndex((node) => sameNode(node, ref));
    return found === -1 ? nodes.push(ref) - 1 : found;
  };
  const indexOfHome = (home: string): number => {
    const found = homes.indexOf(home);
    return found === -1 ? homes.push(home) - 1 : found;
  };
  const rows = slots.map(({ owner, epoch: since, planned, wish, home }) => [
    indexOfNode(owner),
    since,
    planned ? 1 : 0,
    indexOfHome(home),
    ...(wish === undefined ? [] : [indexOfNode(wish.to), wish.move]),
  ]);
  return {
    epoch,
    term,
    nonce,
    members: members.map(({ host, inc, nodes: count, since }) => [host, inc, count, since]),
    founder: founder === undefined ? [] : [[founder.host, founder.inc]],
    nodes: nodes.map(({ host, inc, node }) => [host, inc, node]),
    homes,
    slots: rows,
  };
}

function unpacked(fields: Fields): Assignment {
  const nodes = fields.list('nodes', (item): NodeRef => {
    const [host, inc, node] = fields.tuple('nodes', item, 'sii') as [string, number, number];
    return { host, inc, node };
  });
  const homes = fields.list('homes', (item) => fields.tuple('homes', [item], 's')[0] as string);
  const nodeAt = (index: number): NodeRef => {
    const node = nodes[index];
    if (node === undefined) throw fields.wrong('slots');
    return node;
  };
  const slots = fields.list('slots', (item): SlotRow => {
    const wished = Array.isArray(item) && item.length === 6;
    const row = fields.tuple('slots', item, wished ? 'iiiiii' : 'iiii') as number[];
    const [owner, epoch, planned, home, to, move] = row as [number, number, number, number, number, number];
    const at = homes[home];
    if (at === undefined || (planned !== 0 && planned !== 1)) throw fields.wrong('slots');
    return {
      owner: owner === NOBODY ? undefined : nodeAt(owner),
      epoch,
      planned: planned === 1,
      wish: wished ? { to: nodeAt(to), move } : undefined,
      home: at,
    };
  });
  return {
    epoch: fields.integer('epoch'),
    term: fields.integer('term'),
    nonce: fields.text('nonce'),
    members: fields.list('members', (item) => {
      const [host, inc, count, since] = fields.tuple('members', item, 'siii') as [string, number, number, number];
      return { host, inc, nodes: count, since };
    }),
    founder: fields.list('founder', (item) => {
      const [host, inc] = fields.tuple('founder', item, 'si') as [string, number];
      return { host, inc };
    })[0],
    slots,
  };
}
