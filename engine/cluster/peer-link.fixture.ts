import { writeEntityId } from '../../transport/codec/entity-id.ts';
import { Writer } from '../../transport/codec/writer.ts';
import { Collector } from '../../transport/link.conformance.ts';
import type { Lane, LinkWriter } from '../../transport/link.ts';
import { Prng } from '../base/prng.ts';
import {
  completeRequest,
  END_ENTITY,
  endWordOf,
  ID_INT32,
  ID_OTHER,
  KIND_REQUEST,
  slotWordOf,
  writeRequest,
} from '../runtime/frame.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { greetingOf, type Shapes } from './contract-agreement.ts';
import { MemoryWire } from './host-link.fixture.ts';
import { HostLinks, type HostLinksOptions } from './host-links.ts';
import { type LinkedGame, PeerLink } from './peer-link.ts';

const NAMES = ['a-0', 'b-1'] as const;

/** Operations as `contract.name=shape`; behind `~` the unreliable ones, behind `^` those of which the newest counts. */
export function game(types: readonly string[], ...titles: string[]): LinkedGame {
  const operations = titles.map((title, code) => {
    const [, mark, contract, name, shape] = /^([~^]?)(.*)\.(.*)=(.*)$/.exec(title)!;
    return {
      contract: contract!,
      name: name!,
      code,
      fingerprint: shape!,
      kind: mark === '~' ? 1 : mark === '^' ? 2 : 0,
    };
  });
  const contracts = [...new Set(operations.map(({ contract }) => contract))];
  const shapes: Shapes = {
    fingerprint: JSON.stringify(titles),
    types,
    contracts: contracts.map((name) => ({ name, operations: operations.filter(({ contract }) => contract === name) })),
  };
  return { shapes, reliability: Uint8Array.from(operations, ({ kind }) => kind) };
}

export const ARENA = game(['Arena', 'Player'], 'Arena.enter=1', 'Arena.leave=2', '~Arena.blink=3', '^Arena.place=4');

export interface Side {
  readonly links: HostLinks;
  readonly link: PeerLink;
  readonly clock: ManualClock;
  readonly seen: Collector;
  readonly warnings: string[];
  wakes: number;
  /** What the next turn of the event loop does. */
  flush(): void;
  /** A round of its node: drain, then flush. */
  round(): number;
}

/** Two nodes with a link between them; `closing` hears of what is to be closed: their timers go by real time, which is none of what is tested here. */
export function sides(
  closing: (links: HostLinks) => void,
  games: readonly [LinkedGame, LinkedGame] = [ARENA, ARENA],
  tuning: Partial<HostLinksOptions> = {},
  wire = new MemoryWire(),
): { a: Side; b: Side; wire: MemoryWire } {
  const make = (self: 0 | 1): Side => {
    const clock = new ManualClock();
    const warnings: string[] = [];
    const links = new HostLinks({
      connection: wire,
      cluster: 'test',
      self: { name: NAMES[self], inc: self + 1 },
      clock,
      random: new Prng(self),
      greeting: greetingOf(games[self].shapes),
      wake: () => side.wakes++,
      warn: (line) => warnings.push(line),
      ...tuning,
    });
    closing(links);
    const other = self === 0 ? 1 : 0;
    const { link } = links.meet({ name: NAMES[other], inc: other + 1 });
    const hosts = ['host a', 'host b'] as const;
    const seen = new Collector();
    const peer = new PeerLink({
      links,
      link,
      game: games[self],
      here: hosts[self],
      there: hosts[other],
      warn: (line) => warnings.push(line),
    });
    const side: Side = {
      links,
      link: peer,
      clock,
      seen,
      warnings,
      wakes: 0,
      flush: () => links.flushLink(link),
      round() {
        const frames = peer.drain(seen, 1000);
        side.flush();
        return frames;
      },
    };
    return side;
  };
  return { a: make(0), b: make(1), wire };
}

export interface Asked {
  kind?: number;
  code?: number;
  request?: number;
  deadline?: number;
  type?: number;
  end?: number;
  target?: number | string;
  source?: number;
  payload?: number;
}

export function frameOf({
  kind = KIND_REQUEST,
  code = 0,
  request = 7,
  deadline = 0,
  type = 1,
  end = END_ENTITY,
  target = 5,
  source = 6,
  payload = 0,
}: Asked): Uint8Array {
  const out = new Writer(new Uint8Array(200));
  const stamp = { slotWord: slotWordOf(9), endWord: endWordOf(type, ID_INT32, end), intId: source };
  const isInt = typeof target === 'number';
  writeRequest(out, kind, 0, code, 3, 1, END_ENTITY, isInt ? ID_INT32 : ID_OTHER, isInt ? target : 0, stamp, 0, 77);
  completeRequest(out, 0, request, deadline, 1, 2);
  if (!isInt) writeEntityId(out, target);
  out.bytes[out.at++] = payload;
  return out.bytes.slice(0, out.at);
}

export function send(link: LinkWriter, frame: Uint8Array, lane: Lane = 1): void {
  const out = link.claim(lane, frame.length)!;
  out.bytes.set(frame, out.at);
  out.at += frame.length;
  link.commit();
}
