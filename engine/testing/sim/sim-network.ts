import type { Prng } from '../../base/prng.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One direction between two hosts, or between a host and the control store. */
export interface SimLink {
  cut: boolean;
  loss: number;
  doubles: number;
  delayMs: number;
  jitterMs: number;
  /** Everything waits, and comes in any order when the link is free again. */
  clogged: (() => void)[] | undefined;
}

/** What links between hosts are like all the time; in a laggy world watches of the control store tell little, too. */
export type Climate = 'calm' | 'laggy' | 'lossy';

/** Carries packets with delay, loss, doubles and in any order, per direction. Names end where hosts do: the control store is `store`. */
export class SimNetwork {
  private readonly time: VirtualTime;
  private readonly random: Prng;
  private readonly links = new Map<string, SimLink>();
  /** How a link is when nothing is wrong with it. Between hosts it may be bad all the time; the control store is near. */
  private readonly between: Omit<SimLink, 'clogged'>;
  private calm = false;

  constructor(time: VirtualTime, random: Prng, climate: Climate) {
    this.time = time;
    this.random = random;
    const loss = climate === 'lossy' ? 0.05 : 0;
    const jitterMs = climate === 'laggy' ? 250 : 3;
    this.between = { cut: false, loss, doubles: loss, delayMs: 0.2, jitterMs };
  }

  link(from: string, to: string): SimLink {
    const name = `${from}>${to}`;
    let link = this.links.get(name);
    if (link === undefined) {
      link = { ...this.usual(from, to), clogged: undefined };
      this.links.set(name, link);
    }
    return link;
  }

  /** False when it is lost. `once`: not doubled either. */
  send(from: string, to: string, arrive: () => void, once = false): boolean {
    const link = this.link(from, to);
    if (link.cut || this.random.next() < link.loss) return false;
    const copies = this.random.next() < link.doubles && !once ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (link.clogged !== undefined) link.clogged.push(arrive);
      else this.time.after(link.delayMs + this.random.next() * link.jitterMs, arrive);
    }
    return true;
  }

  /** As it is when nothing is wrong. */
  usual(from: string, to: string): Omit<SimLink, 'clogged'> {
    const near = this.calm || from === 'store' || to === 'store';
    return near ? { cut: false, loss: 0, doubles: 0, delayMs: 0.2, jitterMs: 2 } : this.between;
  }

  unclog(from: string, to: string): void {
    const link = this.link(from, to);
    for (const arrive of link.clogged ?? []) this.time.after(this.random.next() * 20, arrive);
    link.clogged = undefined;
  }

  heal(): void {
    this.calm = true;
    for (const [name, link] of this.links) {
      const [from, to] = name.split('>') as [string, string];
      Object.assign(link, this.usual(from, to));
      this.unclog(from, to);
    }
  }
}
