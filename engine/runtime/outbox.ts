import { Writer } from '../../transport/codec/writer.ts';
import { type Lane, type LinkWriter, ROOMS_OF_ANSWERS, ROOMS_OF_ERRORS } from '../../transport/link.ts';
import { EngineError, InvalidMessageError, UnavailableError } from '../base/errors.ts';
import { Congestion } from './congestion.ts';
import {
  BOUNCED,
  KIND_ERROR,
  KIND_ONE_WAY,
  KIND_REPLY,
  KIND_REQUEST,
  KIND_SYNC,
  kindOf,
  opensOperation,
  SYNC_BYTES,
  setKind,
  writeSync,
} from './frame.ts';
import type { LeaseSight } from './moves/cluster-ports.ts';

export const SENT = 0;
/** Every bounded queue on the way is full; nothing was taken. */
export const FULL = 1;

const SCRATCH_BYTES = 64 * 1024;
/** The return address of a node that is gone. */
const NOWHERE = -1;

/** A link with nothing to flush. */
const CLEAN = 0;
/** One that something was committed to since the last flush: a round was asked for, and begins with a flush. */
const DIRTY = 1;
/** One whose frames wait for room, on which a node may sleep. */
const LISTED = 2;

/**
 * Everything that a node sends goes through here: one frame is open at a time, encoded straight into the link's memory, or into a
 * scratch buffer when the link has no room right now or the frame turns out larger than the room.
 */
export class Outbox {
  readonly congestion: Congestion;
  /**
   * By node index, and behind those by return address: what came from a node carries one of these, and the answer goes there. Each life
   * of a node has an address of its own, so that what was asked by the one before is never answered to the next.
   */
  private links: (LinkWriter | undefined)[];
  private readonly nodes: number;
  /** By return address less `nodes`: the node it belongs to; by node: its present address. */
  private readonly owners: number[] = [];
  private readonly addresses: number[] = [];
  private readonly wake: () => void;
  /** The output gate: without the right to run nothing leaves. Undefined on a host alone. */
  private readonly lease: LeaseSight | undefined;
  /** Node indexes. */
  private readonly dirty: number[] = [];
  /** By node index or return address: CLEAN, DIRTY, or LISTED. */
  private readonly marks: number[];
  private unflushed = false;
  private scratch = new Writer(new Uint8Array(SCRATCH_BYTES));
  private open = false;
  /** The open frame found no room in its link. */
  private full = false;
  /** What the last call inside of another one was refused with. */
  private nested: EngineError | undefined = undefined;
  /** Where the open frame goes, or went: a node index, or the return address of one. */
  target = 0;
  private link!: LinkWriter;
  private lane: Lane = 0;
  private out!: Writer;
  /** Where the open frame begins in `out`. */
  private start = 0;
  private headerBytes = 0;

  /** `wake` is called when a link has something to flush, at least once a link between flushes. Links to more nodes can come, up to `nodesMax`. */
  constructor(
    links: readonly (LinkWriter | undefined)[],
    wake: () => void,
    nodesMax: number = links.length,
    lease?: LeaseSight,
  ) {
    this.nodes = nodesMax;
    this.lease = lease;
    this.links = Array.from({ length: nodesMax }, (_, node) => links[node]);
    this.marks = this.links.map(() => CLEAN);
    this.wake = wake;
    this.congestion = new Congestion(this.links);
    for (let node = 0; node < links.length; node++) this.newAddress(node, links[node]);
  }

  hasLink(node: number): boolean {
    return this.links[node] !== undefined;
  }

  /** A node that had no link so far can be written to. */
  addLink(node: number, link: LinkWriter): void {
    if (this.links.length === 0) return;
    this.links[node] = link;
    this.congestion.replace(node, link);
    this.newAddress(node, link);
  }

  /** There is no way to a node any more; what is still answered to it goes to `nowhere`. */
  removeLink(node: number, nowhere: LinkWriter): void {
    if (this.links.length === 0) return;
    this.loseAddress(node, nowhere);
    this.links[node] = undefined;
    this.congestion.replace(node, undefined);
    this.addresses[node] = NOWHERE;
  }

  /** What frames of a node are marked with while they are here: where the answers go. */
  addressOf(node: number): number {
    return this.addresses[node]!;
  }

  /** The node that a return address belongs to. */
  nodeOf(address: number): number {
    return address < this.nodes ? address : this.owners[address - this.nodes]!;
  }

  /** Nobody is there any more. */
  isLost(address: number): boolean {
    return this.addresses[this.nodeOf(address)] !== address;
  }

  /** A node is lost: what is still answered to it goes to `nowhere`. Frames for it go on being taken until `replaceLink`. */
  loseAddress(node: number, nowhere: LinkWriter): void {
    if (this.links.length === 0) return;
    this.links[this.addresses[node]!] = nowhere;
  }

  /** The next life of a lost node has links of its own. */
  replaceLink(node: number, link: LinkWriter): void {
    if (this.links.length === 0) return;
    this.links[node] = link;
    this.congestion.replace(node, link);
    this.newAddress(node, link);
    this.target = node;
    this.markDirty();
  }

  private newAddress(node: number, link: LinkWriter | undefined): void {
    this.addresses[node] = this.links.length;
    this.links.push(link);
    this.marks.push(CLEAN);
    this.owners.push(node);
  }

  /**
   * A frame of at least `bytes` for a node. The writer stands at its first byte. Throws UnavailableError without a link to the node,
   * InvalidMessageError (too-large), and EngineError (call-context) while another frame is open.
   */
  begin(target: number, lane: Lane, bytes: number): Writer {
    if (this.open) throw this.nestedCall();
    const link = this.links[target];
    if (link === undefined) throw this.noLink(target);
    // A pointer stored into an old object is looked at by the collector's barrier.
    if (this.link !== link) this.link = link;
    this.target = target;
    this.lane = lane;
    let out = link.claim(lane, bytes);
    this.full = out === undefined;
    if (out === undefined) {
      const limit = link.frameBytesMax;
      if (bytes > limit) throw tooLarge(limit);
      out = this.scratch;
      if (out.bytes.length < bytes) out = this.growScratch(bytes);
      out.at = 0;
      out.end = Math.min(out.bytes.length, limit);
    }
    if (this.out !== out) this.out = out;
    this.start = out.at;
    this.open = true;
    return out;
  }

  /** Everything up to the writer's `at` is header, kept when the frame moves to a larger place. */
  endHeader(): void {
    this.headerBytes = this.out.at - this.start;
  }

  /** The writer of the open frame, and where the frame begins in it. */
  get writer(): Writer {
    return this.out;
  }

  get frameStart(): number {
    return this.start;
  }

  /** The open frame in a larger place, header copied, to be encoded again. Throws InvalidMessageError (too-large). */
  grow(): Writer {
    const { out, start, headerBytes } = this;
    const limit = this.link.frameBytesMax;
    const available = out.end - start;
    if (available >= limit) throw tooLarge(limit);
    const header = out.bytes.slice(start, start + headerBytes);
    const larger =
      out === this.scratch
        ? this.growScratch(Math.min(limit, out.bytes.length * 4))
        : this.scratch.bytes.length > available
          ? this.scratch
          : this.growScratch(Math.min(limit, Math.max(available * 4, SCRATCH_BYTES)));
    larger.bytes.set(header, 0);
    larger.at = headerBytes;
    larger.end = Math.min(larger.bytes.length, limit);
    this.out = larger;
    this.start = 0;
    return larger;
  }

  /** Ends the open frame at the writer's `at`. A reliable one may wait in the link's overflow. */
  commit(): number {
    this.open = false;
    if (this.out !== this.scratch) {
      this.link.commit();
      this.markDirty();
      return SENT;
    }
    const { scratch } = this;
    const taken = this.link.spill(this.lane, scratch.bytes.subarray(0, scratch.at), roomsOf(scratch.view));
    this.releaseLargeScratch();
    if (!taken) return FULL;
    this.markDirty();
    return SENT;
  }

  /** Whether the link had room when the frame was opened. One that outgrew its room then has a right to be spilled. */
  get hasRoom(): boolean {
    return !this.full;
  }

  /** How long the open frame will wait for its reader, in milliseconds; 0 when that is not known, or not worth asking. */
  waitMs(now: number): number {
    return this.congestion.waitMs(this.target, this.lane, now);
  }

  /** Ends the open frame of a full link, replacing one of the same key that still waits. */
  conflate(key: string): 'queued' | 'replaced' | 'full' {
    this.open = false;
    const result = this.link.conflate(this.lane, key, this.scratch.bytes.subarray(0, this.scratch.at));
    this.releaseLargeScratch();
    this.markDirty();
    return result;
  }

  /** Gives the open frame up, if there is one. */
  abandon(): void {
    this.open = false;
  }

  /** Drops the open frame of a call that waits for its deadline all the same, of which the node's timers must learn. */
  drop(): void {
    this.open = false;
    this.wake();
  }

  /**
   * Gives the open frame up if it is that of a call of this operation which failed with this error. Getters among the arguments of a
   * call may make calls, too: those fail alone and leave the open frame, which is not theirs. An operation that encodes behind its
   * header meets `begin` there; one that checks everything in front of it cannot be around itself.
   */
  abandonCall(code: number, error: unknown): void {
    if (this.open && error !== this.nested && opensOperation(this.out.view, this.start, code)) this.open = false;
  }

  /** A finished frame, behind all others of its lane. False when the link is full or there is none. Not while a frame is open. */
  pass(target: number, lane: Lane, frame: Uint8Array): boolean {
    const link = this.links[target];
    if (link === undefined || !link.spill(lane, frame)) return false;
    this.target = target;
    this.markDirty();
    return true;
  }

  /** A message back to where it came from, marked. False when the link is full or there is none. Not while a frame is open. */
  bounce(address: number, lane: Lane, frame: Uint8Array): boolean {
    if (this.links[address] === undefined) return false;
    const out = this.begin(address, lane, frame.length);
    out.bytes.set(frame, out.at);
    setKind(out.view, out.at, kindOf(out.view, out.at) | BOUNCED);
    out.at += frame.length;
    return this.commit() === SENT;
  }

  /** A sync, or its answer. False when the link is full or there is none. Not while a frame is open. */
  sync(target: number, lane: Lane, kind: number, slot: number, number: number): boolean {
    if (this.links[target] === undefined) return false;
    writeSync(this.begin(target, lane, SYNC_BYTES), kind, slot, number);
    return this.commit() === SENT;
  }

  /** Nodes that there is a link to, this one included. */
  linked(): readonly number[] {
    return this.congestion.linked;
  }

  /** From now on there is no way to any node. */
  close(): void {
    this.links = [];
    this.dirty.length = 0;
  }

  /** Makes everything committed visible. A link with frames that wait for room stays on the list: its reader rings when there is some. */
  flush(): void {
    const { dirty } = this;
    if (this.lease !== undefined && !this.lease.isOpen()) return;
    this.unflushed = false;
    let kept = 0;
    for (let i = 0; i < dirty.length; i++) {
      const target = dirty[i]!;
      const link = this.links[target];
      // Its node is gone.
      if (link === undefined) {
        this.marks[target] = CLEAN;
        continue;
      }
      link.flush();
      if (link.backlog > 0) {
        dirty[kept++] = target;
        this.marks[target] = LISTED;
      } else this.marks[target] = CLEAN;
    }
    dirty.length = kept;
  }

  /** Something was committed since the last flush. */
  get isUnflushed(): boolean {
    return this.unflushed;
  }

  /** Something was committed since the last flush, or waits for room. */
  get needsFlush(): boolean {
    return this.dirty.length > 0;
  }

  /** Frames that wait for room, all links. */
  get backlog(): number {
    let frames = 0;
    // Return addresses share the links of their nodes.
    for (let node = 0; node < this.nodes; node++) frames += this.links[node]?.backlog ?? 0;
    return frames;
  }

  private nestedCall(): EngineError {
    this.nested = new EngineError('call-context', 'A call was made while the values of another were being encoded.');
    return this.nested;
  }

  private noLink(target: number): EngineError {
    const reason = this.links.length === 0 ? 'The node has stopped.' : `There is no way to node ${target} from here.`;
    return new UnavailableError('no-owner', reason);
  }

  private markDirty(): void {
    const { marks, target } = this;
    const mark = marks[target];
    if (mark === DIRTY) return;
    marks[target] = DIRTY;
    this.unflushed = true;
    if (mark === CLEAN) this.dirty.push(target);
    this.wake();
  }

  private growScratch(bytes: number): Writer {
    this.scratch = new Writer(new Uint8Array(bytes));
    return this.scratch;
  }

  private releaseLargeScratch(): void {
    if (this.scratch.bytes.length > SCRATCH_BYTES * 16) this.scratch = new Writer(new Uint8Array(SCRATCH_BYTES));
  }
}

const tooLarge = (limit: number): InvalidMessageError =>
  new InvalidMessageError('too-large', `The message is larger than ${limit} bytes.`);

/** In overflow, for the frame that begins here. */
function roomsOf(view: DataView): number {
  const kind = kindOf(view, 0);
  if (kind === KIND_REQUEST || kind === KIND_ONE_WAY) return 1;
  // What comes back, and what is said about it, is owed like an answer.
  return kind === KIND_REPLY || kind >= KIND_SYNC ? ROOMS_OF_ANSWERS : kind === KIND_ERROR ? ROOMS_OF_ERRORS : 1;
}
