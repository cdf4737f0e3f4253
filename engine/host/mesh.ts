import type { LinkCorruptError, LinkReader, LinkWriter } from '../../transport/link.ts';
import { LoopbackLink } from '../../transport/loopback/loopback-link.ts';
import { Doorbell } from '../../transport/ring/doorbell.ts';
import { takeRemaining } from '../../transport/ring/remaining-frames.ts';
import { RingLinkReader } from '../../transport/ring/ring-link-reader.ts';
import { RingLinkWriter } from '../../transport/ring/ring-link-writer.ts';
import { allocateRingLink, laneBytesFor } from '../../transport/ring/ring-memory.ts';
import { allocateBlackBox } from '../runtime/black-box.ts';
import type { PeerReplacement } from '../runtime/peers.ts';

/** The shared memory of a host: a ring link from every node to every other, a doorbell and a black box for each. */
export interface MeshMemory {
  /** `links[from][to]`; undefined where a node would write to itself. */
  readonly links: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  readonly bells: readonly SharedArrayBuffer[];
  readonly boxes: readonly SharedArrayBuffer[];
  /** By node, how many before it had its index: tells what is said about one from what is meant for the next. */
  readonly lives: readonly number[];
}

/** What one node has to know of another one's next life. */
export interface PeerLinks {
  readonly node: number;
  readonly life: number;
  readonly toPeer: SharedArrayBuffer;
  readonly fromPeer: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
}

export class Mesh implements MeshMemory {
  readonly links: (SharedArrayBuffer | undefined)[][];
  readonly bells: SharedArrayBuffer[];
  readonly boxes: SharedArrayBuffer[];
  readonly lives: number[];
  private readonly nodes: number;

  constructor(nodes: number) {
    const indexes = Array.from({ length: nodes }, (_, index) => index);
    this.nodes = nodes;
    this.links = indexes.map((from) => indexes.map((to) => (from === to ? undefined : this.newLink())));
    this.bells = indexes.map(() => Doorbell.allocate());
    this.boxes = indexes.map(() => allocateBlackBox());
    this.lives = indexes.map(() => 0);
  }

  /** Plain data for a thread that starts. */
  get memory(): MeshMemory {
    const { links, bells, boxes, lives } = this;
    return { links, bells, boxes, lives };
  }

  /** Nothing of a dead node's memory is used again: nobody knows how its thread left it. */
  renew(node: number): void {
    for (let other = 0; other < this.nodes; other++) {
      if (other === node) continue;
      this.links[node]![other] = this.newLink();
      this.links[other]![node] = this.newLink();
    }
    this.bells[node] = Doorbell.allocate();
    this.boxes[node] = allocateBlackBox();
    this.lives[node]!++;
  }

  /** What `viewer` has to know of a node that was renewed. */
  peerLinks(node: number, viewer: number): PeerLinks {
    return {
      node,
      life: this.lives[node]!,
      toPeer: this.links[viewer]![node]!,
      fromPeer: this.links[node]![viewer]!,
      bell: this.bells[node]!,
    };
  }

  private newLink(): SharedArrayBuffer {
    return allocateRingLink({ laneBytes: laneBytesFor(this.nodes) });
  }
}

/** Hears of a peer whose memory cannot be what it wrote. */
export type HearCorrupt = (node: number, life: number, message: string) => void;

/** The ends of the mesh that one node holds: links to and from every node, itself through the loopback. */
export class MeshEnds {
  readonly writers: LinkWriter[];
  readonly readers: LinkReader[];
  readonly bell: Doorbell;
  readonly onCorrupt: (node: number, error: LinkCorruptError) => void;
  /** By node: the memory of the link to it. */
  private readonly outgoing: (SharedArrayBuffer | undefined)[];
  private readonly lives: number[];

  constructor(memory: MeshMemory, index: number, hear: HearCorrupt) {
    const bells = memory.bells.map((bell) => new Doorbell(bell));
    const loopback = new LoopbackLink();
    this.bell = bells[index]!;
    this.lives = [...memory.lives];
    this.outgoing = [...memory.links[index]!];
    // A node of another host is not ours to replace.
    this.onCorrupt = (node, error) => {
      if (node < this.lives.length) hear(node, this.lives[node]!, error.message);
    };
    this.writers = this.outgoing.map((link, to) =>
      link === undefined ? loopback : this.writerTo(to, link, bells[to]!),
    );
    this.readers = memory.links.map((row, from) => {
      const link = row[index];
      return link === undefined ? loopback : new RingLinkReader(link, { writerBell: bells[from]! });
    });
  }

  /** Attaches to the next life of a node, and remembers how to take what the one before left. */
  replacement({ node, life, toPeer, fromPeer, bell: memory }: PeerLinks): PeerReplacement {
    const lostWriter = this.writers[node] as RingLinkWriter;
    const lostMemory = this.outgoing[node]!;
    const bell = new Doorbell(memory);
    this.lives[node] = life;
    this.outgoing[node] = toPeer;
    const writer = this.writerTo(node, toPeer, bell);
    this.writers[node] = writer;
    return {
      node,
      writer,
      reader: new RingLinkReader(fromPeer, { writerBell: bell }),
      unread: (handler) => void takeRemaining(lostMemory, handler, lostWriter),
    };
  }

  private writerTo(node: number, memory: SharedArrayBuffer, readerBell: Doorbell): RingLinkWriter {
    const life = this.lives[node]!;
    const corrupted = (error: LinkCorruptError): void => {
      if (this.lives[node] === life) this.onCorrupt(node, error);
    };
    return new RingLinkWriter(memory, { readerBell, corrupted });
  }
}
