import { Reader } from '../../transport/codec/reader.ts';
import type { Writer } from '../../transport/codec/writer.ts';
import { drainByWeight, LaneCredits } from '../../transport/lanes.ts';
import {
  type FrameHandler,
  LANES,
  type Lane,
  LinkCorruptError,
  type LinkReader,
  type LinkWriter,
} from '../../transport/link.ts';
import { Overflow } from '../../transport/overflow.ts';
import { OverflowingLink } from '../../transport/overflowing-link.ts';
import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import { BatchCursor } from './batch.ts';
import { HostLaneReader } from './host-lane-reader.ts';
import { HostLaneWriter } from './host-lane-writer.ts';
import {
  emptyPublishBytes,
  encodePublish,
  LANE_HEADER_BYTES,
  type LaneSection,
  type Publish,
  type Section,
  sectionBytes,
} from './publish.ts';
import { ReliableSession } from './reliable-session.ts';
import { SessionReceiver } from './session-receiver.ts';
import { type Ack, SessionSender, WINDOW_BYTES, WINDOW_FRAMES } from './session-sender.ts';
import { UNRELIABLE_MAX, UnreliableReceiver, UnreliableSender } from './unreliable-lane.ts';

/** One run of one node, as messages name it. */
export interface LinkEnd {
  /** One part of a subject. */
  readonly name: string;
  readonly inc: number;
}

export interface HostLinkOptions {
  readonly self: LinkEnd;
  readonly peer: LinkEnd;
  /** What the peer is to know before anything else: what its `greeting` says. */
  readonly greeting: Uint8Array;
  readonly clock: Clock;
  readonly random: Prng;
  /** False when it cannot leave now: then it is sent again as if it had been lost. */
  readonly publish: (bytes: Uint8Array) => boolean;
  /** Of one message; 1 KiB at least. */
  readonly payloadBytesMax: () => number;
  /** Default 16 MiB. Both ends have to have the same, and the same windows. */
  readonly frameBytesMax?: number;
  readonly windowBytes?: number;
  readonly windowFrames?: number;
  readonly backlogFramesMax?: number;
  readonly backlogBytesMax?: number;
}

/** Frames by what is known of them when a link ends, in the order of each lane. */
export interface LostFrames {
  /** Never left: nobody has seen them. */
  readonly unsent: { readonly lane: Lane; readonly frame: Uint8Array }[];
  /** Sent, and not said to have arrived: perhaps they did. */
  readonly unknown: { readonly lane: Lane; readonly frame: Uint8Array }[];
}

/** One lane: frames become batches, the session numbers them; batches arrive once and in order, and become frames. */
class HostLane {
  readonly writer: HostLaneWriter;
  readonly reader: HostLaneReader;
  readonly session: ReliableSession<Uint8Array>;
  readonly windowBytes: number;
  private released = 0;
  private toldReleased = 0;
  private toldTaken = 0;

  constructor(lane: Lane, options: HostLinkOptions, frameBytesMax: number) {
    const { windowBytes = WINDOW_BYTES, windowFrames = WINDOW_FRAMES, self, peer } = options;
    this.windowBytes = windowBytes;
    // A batch always fits one message.
    const batchBytesMax = options.payloadBytesMax() - emptyPublishBytes(self.name) - LANE_HEADER_BYTES;
    this.writer = new HostLaneWriter(frameBytesMax, windowBytes, batchBytesMax);
    this.session = new ReliableSession(
      self.inc,
      peer.inc,
      new SessionSender<Uint8Array>(windowFrames, windowBytes),
      new SessionReceiver<Uint8Array>(windowFrames, windowBytes),
    );
    this.reader = new HostLaneReader(lane, frameBytesMax, (bytes) => {
      this.released += bytes;
      this.session.release(1, bytes);
    });
  }

  /** The peer does not know yet what was taken here: it may wait for the room, and reckons by it how busy we are. */
  get owesWord(): boolean {
    return this.reader.taken !== this.toldTaken || this.released - this.toldReleased >= this.windowBytes >> 2;
  }

  /** While the window is closed frames stay together, and become fewer and larger batches. */
  offer(): void {
    if (this.session.sender.waiting > 0) return;
    this.writer.seal();
    for (const batch of this.writer.sealed) this.session.send(batch, batch.length);
    this.writer.sealed = [];
  }

  told(): void {
    this.toldReleased = this.released;
    this.toldTaken = this.reader.taken;
  }
}

const PAYLOAD_BYTES_MIN = 1024;
/** What a flush has beyond this leaves in further messages: the peer begins with the first while the last is on its way. */
const MESSAGE_BYTES = 20 << 10;
const NO_BATCH = new Uint8Array(0);

/**
 * Both directions between this node and one of another host, over messages that may be lost, doubled and late. Frames of one flush leave in one message where
 * they fit one. What is in flight is bounded by the session's window, what waits by overflow, what arrives by the window again.
 */
export class HostLink extends OverflowingLink implements LinkWriter, LinkReader {
  readonly frameBytesMax: number;
  readonly peer: LinkEnd;
  bytes = 0;
  /** Batches with the right checksum that cannot be right, and more than was granted. */
  malformed = 0;
  /** Said by the peer before its first frame; undefined until then. */
  greeting: Uint8Array | undefined;
  /** This end's clock less the peer's, in milliseconds, as if its last message had come at once: what a deadline in a frame of its is to be moved by. Wraps at 2^32. */
  offsetMs = 0;
  /** When the last message was sent or received. */
  activeAt = Number.NEGATIVE_INFINITY;
  /** Messages sent and received. */
  sent = 0;
  received = 0;
  readonly unreliable = new UnreliableSender<{ lane: Lane; frame: Uint8Array }>();
  readonly unreliableIn = new UnreliableReceiver<Uint8Array>();
  private readonly options: HostLinkOptions;
  protected readonly overflow: Overflow;
  private readonly lanes: readonly [HostLane, HostLane, HostLane];
  private readonly credits = new LaneCredits();
  private readonly arrived: { lane: Lane; frame: Uint8Array }[] = [];
  private claimed: HostLaneWriter;
  private framesFlushed = 0;
  private stamped = 0;
  /** Something arrived that may have to be answered. */
  private attention = true;
  /** The peer has our greeting; it is to be told that we have its. */
  private greeted = false;
  private owesGreeted = false;
  private closed = false;

  constructor(options: HostLinkOptions) {
    super();
    const { frameBytesMax = 16 * 1024 * 1024, backlogFramesMax, backlogBytesMax, peer, greeting } = options;
    const payloadBytesMax = options.payloadBytesMax();
    if (payloadBytesMax < PAYLOAD_BYTES_MIN || greeting.length > payloadBytesMax - PAYLOAD_BYTES_MIN / 2) {
      throw new RangeError(
        `Messages of ${payloadBytesMax} bytes are too small for links: set max_payload of the server.`,
      );
    }
    this.options = options;
    this.peer = peer;
    this.frameBytesMax = frameBytesMax;
    const lane = (index: Lane): HostLane => new HostLane(index, options, frameBytesMax);
    this.lanes = [lane(0), lane(1), lane(2)];
    this.overflow = new Overflow([this.lanes[0].writer, this.lanes[1].writer, this.lanes[2].writer], {
      frameBytesMax,
      backlogFramesMax,
      backlogBytesMax,
    });
    this.claimed = this.lanes[1].writer;
  }

  protected get framesWritten(): number {
    const [high, medium, low] = this.lanes;
    return high.writer.frames + medium.writer.frames + low.writer.frames;
  }

  /** Batches that were sent more than once. */
  get resent(): number {
    return this.lanes.reduce((sum, { session }) => sum + session.sender.resent, 0);
  }

  /** Batches that arrived more than once. */
  get duplicates(): number {
    return this.lanes.reduce((sum, { session }) => sum + session.receiver.duplicates, 0);
  }

  /** A whole batch waits to leave: the peer can work on it while the next one is written. */
  get hasBatch(): boolean {
    const [high, medium, low] = this.lanes;
    return medium.writer.sealed.length > 0 || high.writer.sealed.length > 0 || low.writer.sealed.length > 0;
  }

  /** Nothing waits and everything sent has arrived: what a slot has to wait for before it is given away. */
  get isSettled(): boolean {
    return this.backlog === 0 && this.lanes.every(({ writer, session }) => writer.isEmpty && session.sender.isIdle);
  }

  waiting(lane: Lane): number {
    const { writer } = this.lanes[lane];
    return ((writer.frames - writer.framesTaken) | 0) + this.overflow.framesOf(lane);
  }

  taken(lane: Lane): number {
    return this.lanes[lane].writer.framesTaken;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    // Not past what waits already, or the lane would lose its order.
    if (this.overflow.waits(lane)) return undefined;
    const { writer } = this.lanes[lane];
    if (!writer.claim(bytes)) return undefined;
    this.claimed = writer;
    return writer.writer;
  }

  commit(): void {
    this.claimed.commit();
  }

  spill(lane: Lane, frame: Uint8Array, rooms = 1): boolean {
    return this.overflow.spill(lane, frame, rooms);
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    return this.overflow.conflate(lane, key, frame);
  }

  /** Without any promise: never waits, is never sent again; of one `key` the newest, of one `stream` nothing behind a newer one. '' for neither. Copied. */
  pass(lane: Lane, frame: Uint8Array, key: string, stream: string): void {
    this.unreliable.send({ lane, frame: new Uint8Array(frame) }, key, stream);
    this.stamped++;
  }

  /** When `flush` has something to do though nothing happens; milliseconds of the clock. */
  get wakeAt(): number {
    if (this.closed) return Number.POSITIVE_INFINITY;
    const [high, medium, low] = this.lanes;
    return Math.min(high.session.wakeAt, medium.session.wakeAt, low.session.wakeAt);
  }

  flush(): void {
    if (this.closed) return;
    if (this.overflow.frames !== 0) this.overflow.move();
    const written = this.framesWritten;
    const [high, medium, low] = this.lanes;
    const isNews = written !== this.framesFlushed || this.overflow.frames !== 0 || this.stamped > 0 || this.attention;
    if (!isNews && !medium.owesWord && !high.owesWord && !low.owesWord && this.options.clock.now() < this.wakeAt)
      return;
    this.attention = false;
    this.framesFlushed = written;
    this.send(this.collect());
  }

  private collect(): Section[] {
    const { clock, random } = this.options;
    const env = { now: { mono: clock.now(), wall: clock.wallNow() }, random };
    const sections: Section[] = [];
    if (!this.greeted) sections.push({ kind: 'greeting', greeting: this.options.greeting });
    for (const [index, lane] of this.lanes.entries()) {
      lane.offer();
      const packets = lane.session.flush(env);
      const { taken } = lane.reader;
      const section = (seq: number, asks: boolean, ack: Ack, batch: Uint8Array): LaneSection => {
        return { kind: 'lane', lane: index as Lane, seq, asks, ack, taken, batch };
      };
      for (const { seq, asks, ack, frame = NO_BATCH } of packets) sections.push(section(seq, asks, ack, frame));
      if (packets.length > 0) lane.told();
      else if (lane.owesWord) {
        sections.push(section(0, false, lane.session.receiver.ack(), NO_BATCH));
        lane.told();
      }
    }
    if (this.stamped > 0) {
      this.stamped = 0;
      for (const { stamp, stream, frame } of this.unreliable.flush()) {
        sections.push({ kind: 'unreliable', lane: frame.lane, stamped: { stamp, stream, frame: frame.frame } });
      }
    }
    return sections;
  }

  /** In as few messages as they fit. */
  private send(sections: readonly Section[]): void {
    const { self, peer, publish, payloadBytesMax, clock } = this.options;
    const greeted = this.greeting !== undefined;
    const max = payloadBytesMax();
    const goal = Math.min(max, MESSAGE_BYTES);
    const now = clock.now();
    const leave = (some: readonly Section[]): void => {
      const bytes = encodePublish({
        source: self.name,
        from: self.inc,
        to: peer.inc,
        greeted,
        clock: now | 0,
        sections: some,
      });
      if (!publish(bytes)) return;
      this.bytes += bytes.length;
      this.sent++;
      this.activeAt = now;
    };
    let some: Section[] = [];
    let size = emptyPublishBytes(self.name);
    for (const section of sections) {
      const bytes = sectionBytes(section);
      if (some.length > 0 && (size + bytes > goal || some.length === 0xffff)) {
        leave(some);
        some = [];
        size = emptyPublishBytes(self.name);
      }
      // Too large for any message: only an unreliable one can be, and that may be lost.
      if (size + bytes > max) {
        this.unreliable.dropped++;
        continue;
      }
      some.push(section);
      size += bytes;
    }
    const isDue = some.length > 0 || this.owesGreeted;
    this.owesGreeted = false;
    if (isDue) leave(some);
  }

  /** A message of the peer's, of this session or a stray of another. */
  onPublish({ from, to, greeted, clock, sections }: Publish): void {
    if (this.closed || from !== this.peer.inc || to !== this.options.self.inc) return;
    this.received++;
    this.activeAt = this.options.clock.now();
    this.offsetMs = (this.activeAt - clock) | 0;
    if (greeted) this.greeted = true;
    for (const section of sections) {
      if (section.kind === 'lane') this.onLane(section);
      else if (section.kind === 'greeting') {
        // Told again until the peer has heard that we have it.
        this.greeting ??= new Uint8Array(section.greeting);
        this.owesGreeted = true;
      } else this.onUnreliable(section.lane, section.stamped);
    }
    this.attention = true;
  }

  private onLane({ lane, seq, asks, ack, taken, batch }: LaneSection): void {
    const { session, reader, writer, windowBytes } = this.lanes[lane];
    const { clock, random, self, peer } = this.options;
    const frames = seq === 0 ? 0 : BatchCursor.framesIn(batch);
    const tooMuch = reader.waitingBytes + batch.length > windowBytes && seq > session.receiver.ack().cumulative;
    if (frames < 0 || tooMuch) {
      this.malformed++;
      return;
    }
    writer.onAck(ack.bytes, taken);
    const frame = seq === 0 ? undefined : { bytes: batch, frames };
    const packet = { seq, asks, ack, frame: frame?.bytes, bytes: batch.length, from: peer.inc, to: self.inc };
    const env = { now: { mono: clock.now(), wall: clock.wallNow() }, random };
    // What waits for an earlier one outlives the message.
    const isNext = seq === session.receiver.ack().cumulative + 1;
    const ready = session.onPacket(isNext || seq === 0 ? packet : { ...packet, frame: new Uint8Array(batch) }, env);
    for (const one of ready) reader.arrive(one, one === batch ? frames : BatchCursor.framesIn(one));
  }

  private onUnreliable(lane: Lane, stamped: { stamp: number; stream: string; frame: Uint8Array }): void {
    const frame = this.unreliableIn.receive(stamped);
    if (frame === undefined) return;
    if (this.arrived.length === UNRELIABLE_MAX) {
      this.arrived.shift();
      this.unreliableIn.dropped++;
    }
    this.arrived.push({ lane, frame: new Uint8Array(frame) });
  }

  glance(): boolean {
    return this.pending();
  }

  pending(): boolean {
    const [high, medium, low] = this.lanes;
    return medium.reader.pending || high.reader.pending || low.reader.pending || this.arrived.length > 0;
  }

  drain(handler: FrameHandler, framesMax: number): number {
    const [{ reader: high }, { reader: medium }, { reader: low }] = this.lanes;
    const failure = high.failure ?? medium.failure ?? low.failure;
    if (failure !== undefined) throw new LinkCorruptError(`${this.peer.name}: ${failure.message}`);
    let frames = 0;
    for (let left = Math.min(this.arrived.length, framesMax); left > 0; left--) {
      const { lane, frame } = this.arrived.shift()!;
      frames++;
      handler.onFrame(new Reader(frame), lane);
    }
    high.look();
    medium.look();
    low.look();
    return frames + drainByWeight(high, medium, low, this.credits, handler, framesMax - frames);
  }

  /** Ends it: nothing leaves or arrives any more. */
  close(): LostFrames {
    this.closed = true;
    const lost: LostFrames = { unsent: [], unknown: [] };
    for (let lane = 0 as Lane; lane < LANES; lane++) this.closeLane(lane, lost);
    return lost;
  }

  private closeLane(lane: Lane, lost: LostFrames): void {
    const { session, writer } = this.lanes[lane];
    writer.seal();
    const { unsent, unacknowledged } = session.close();
    let pieces: Uint8Array[] = [];
    let isUnknown = false;
    const sort = (batches: readonly Uint8Array[], sent: boolean): void => {
      for (const batch of batches) {
        for (const cursor = new BatchCursor(batch); !cursor.atEnd; ) {
          const { bytes, last } = cursor.next();
          pieces.push(bytes);
          isUnknown ||= sent;
          if (!last) continue;
          (isUnknown ? lost.unknown : lost.unsent).push({ lane, frame: Buffer.concat(pieces) });
          pieces = [];
          isUnknown = false;
        }
      }
    };
    sort(unacknowledged, true);
    sort([...unsent, ...writer.sealed], false);
    for (const frame of this.overflow.framesLeft(lane)) {
      // The first may have left in part.
      (isUnknown ? lost.unknown : lost.unsent).push({ lane, frame });
      isUnknown = false;
    }
  }
}
