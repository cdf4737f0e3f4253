import type { Reader } from '../../transport/codec/reader.ts';
import {
  type FrameHandler,
  type Lane,
  LinkCorruptError,
  type LinkReader,
  type LinkWriter,
} from '../../transport/link.ts';
import { type EngineError, NodeDownError, OverloadedError, UnavailableError } from '../base/errors.ts';
import { nameOf } from './call-errors.ts';
import {
  isForEntity,
  KIND_CANCEL,
  KIND_ERROR,
  KIND_ONE_WAY,
  KIND_REPLY,
  KIND_REQUEST,
  KIND_SYNC,
  kindOf,
  requestIdOf,
} from './frame.ts';
import { LostLink } from './lost-link.ts';
import type { LostFrames } from './moves/cluster-ports.ts';
import type { SlotRoutes } from './moves/slot-routes.ts';
import type { NodeState } from './node-state.ts';

/** What takes the place of a node whose thread has ended. */
export interface PeerReplacement {
  readonly node: number;
  /** Over fresh memory. */
  readonly writer: LinkWriter;
  readonly reader: LinkReader;
  /** Hands over, once and in order, the frames which the lost thread had not taken: those behind its TAKEN, then those that waited for room. */
  unread(handler: FrameHandler): void;
}

/** A link that is read, and the return address of what comes out of it. */
interface Incoming {
  readonly node: number;
  readonly link: LinkReader;
  readonly address: number;
}

const DRAIN_FRAMES = 1024;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;
const NONE: ReadonlySet<number> = new Set();

/** The nodes around a node, itself included: the links that are read, and what happens when one of them is lost. */
export class Peers {
  /** Drained in every round. */
  readonly incoming: Incoming[];
  private readonly state: NodeState;
  /** Some of the links come by the event loop. */
  private hasOutside = false;
  private readonly onCorrupt: ((node: number, error: LinkCorruptError) => void) | undefined;
  /** In a cluster only. */
  private readonly routes: SlotRoutes | undefined;

  constructor(
    state: NodeState,
    readers: readonly (LinkReader | undefined)[],
    onCorrupt: ((node: number, error: LinkCorruptError) => void) | undefined,
    routes: SlotRoutes | undefined,
  ) {
    this.state = state;
    this.routes = routes;
    this.onCorrupt = onCorrupt;
    this.incoming = readers.flatMap((link, node) =>
      link === undefined ? [] : [{ node, link, address: state.outbox.addressOf(node) }],
    );
  }

  /** A node of another host can be written to and read from now on. */
  meet(node: number, writer: LinkWriter, reader: LinkReader): void {
    this.state.outbox.addLink(node, writer);
    this.incoming.push({ node, link: reader, address: this.state.outbox.addressOf(node) });
    this.hasOutside = true;
  }

  /** Whether something may come any moment by the event loop. */
  listens(now: number): boolean {
    if (!this.hasOutside) return false;
    for (const { link } of this.incoming) if (link.listens?.(now) === true) return true;
    return false;
  }

  /**
   * A node of another host is gone for good, and nothing of it is taken any more. What had not left for an entity goes to whoever has it next; all other calls
   * to that node end as node-lost.
   */
  part(node: number, lost: LostFrames): void {
    const { outbox, counters, pending, log } = this.state;
    const index = this.incoming.findIndex((one) => one.node === node);
    if (index !== -1) this.incoming.splice(index, 1);
    outbox.removeLink(node, new LostLink(FRAME_BYTES_MAX, counters));
    this.routes?.parted(node, lost.unsent);
    for (const { frame } of lost.unsent) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      const kind = kindOf(view, 0);
      if ((kind === KIND_REQUEST || kind === KIND_ONE_WAY) && isForEntity(view, 0)) continue;
      // For that very node: nobody else can have it.
      if (kind === KIND_REQUEST) pending.giveUp(requestIdOf(view, 0), neverLeft());
      else if (kind < KIND_CANCEL) counters.deadLetters++;
    }
    for (const { frame } of lost.unknown) {
      const kind = kindOf(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
      if (kind !== KIND_REQUEST && kind < KIND_CANCEL) counters.deadLetters++;
    }
    const ended = pending.lose(
      node,
      NONE,
      (operation) =>
        new NodeDownError('node-lost', `${nameOf(operation)}: node ${node} was lost while it had the call.`),
    );
    counters.callsLost += ended;
    log.debug({ peer: node, callsLost: ended }, 'a peer is gone');
  }

  /** A link that threw is not read any more: what a writer did once it may have done everywhere. Throws what is no damage of the link. */
  corrupt(one: Incoming, error: unknown): void {
    if (!(error instanceof LinkCorruptError)) throw error;
    this.incoming.splice(this.incoming.indexOf(one), 1);
    this.state.counters.linksCorrupt++;
    const dump = error.dump === undefined ? undefined : Buffer.from(error.dump).toString('base64');
    this.state.log.error({ err: error, from: one.node, dump }, 'a link from another node is corrupt; it is closed');
    this.onCorrupt?.(one.node, error);
  }

  /** `drainsFrom` is told the return address of the frames that `handler` gets next. */
  replace(replacement: PeerReplacement, handler: FrameHandler, drainsFrom: (address: number) => void): void {
    const { node, writer, reader } = replacement;
    const { outbox, counters, log } = this.state;
    // From here on answers to the lost node go nowhere; calls to it are still taken by the old link, behind all others.
    outbox.loseAddress(node, new LostLink(writer.frameBytesMax, counters));
    const index = this.incoming.findIndex((one) => one.node === node);
    if (index !== -1) {
      const { link, address } = this.incoming[index]!;
      this.incoming.splice(index, 1);
      drainsFrom(address);
      this.salvage(() => {
        while (link.pending()) link.drain(handler, DRAIN_FRAMES);
      });
    }
    // Nothing of the game runs until the last line, so nothing new gets between what is sent again.
    const again = new SendAgain(this.state, writer, this.routes);
    this.salvage(() => replacement.unread(again));
    this.routes?.replaced(node);
    outbox.replaceLink(node, writer);
    this.incoming.push({ node, link: reader, address: outbox.addressOf(node) });
    const lost = this.state.pending.lose(
      node,
      again.requests,
      (operation) =>
        new NodeDownError('node-lost', `${nameOf(operation)}: node ${node} was lost while it had the call.`),
    );
    counters.callsLost += lost;
    counters.framesSentAgain += again.frames;
    log.debug({ peer: node, callsLost: lost, framesSentAgain: again.frames }, 'a peer was replaced');
  }

  /** What stands behind damage in the memory of a lost node is lost with it. */
  private salvage(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof LinkCorruptError)) throw error;
      this.state.counters.linksCorrupt++;
      this.state.log.error({ err: error }, 'a link of a lost node is corrupt; its last frames are lost');
    }
  }
}

const neverLeft = (): EngineError =>
  new UnavailableError('no-owner', 'A node was lost before the call had left for it.');

/** Frames that provably did not run go to the next life of their node. */
class SendAgain implements FrameHandler {
  /** Ids of the calls among them. */
  readonly requests = new Set<number>();
  frames = 0;
  private readonly state: NodeState;
  private readonly writer: LinkWriter;
  private readonly routes: SlotRoutes | undefined;

  constructor(state: NodeState, writer: LinkWriter, routes: SlotRoutes | undefined) {
    this.state = state;
    this.writer = writer;
    this.routes = routes;
  }

  onFrame(input: Reader, lane: Lane): void {
    const { view, at } = input;
    const kind = kindOf(view, at);
    if (kind === KIND_REPLY || kind === KIND_ERROR) {
      // Whoever asked does not live any more, and its ids mean something else to the next.
      this.state.counters.deadLetters++;
      return;
    }
    // Syncs, and what was sent back: the life that they were for is over, and so is what they were about.
    if (kind >= KIND_SYNC) return;
    const frame = input.bytes.subarray(at, input.end);
    if (this.routes?.keepsBack(frame, view, at, lane)) {
      if (kind === KIND_REQUEST) this.requests.add(requestIdOf(view, at));
      return;
    }
    const isTaken = this.writer.spill(lane, frame);
    if (kind !== KIND_REQUEST) {
      if (isTaken) this.frames++;
      else this.state.counters.deadLetters++;
      return;
    }
    const requestId = requestIdOf(view, at);
    if (isTaken) {
      this.frames++;
      this.requests.add(requestId);
    } else {
      this.state.counters.refusedLinkFull++;
      this.state.pending.giveUp(
        requestId,
        new OverloadedError('link-full', 'A node was lost, and the link to the next is full.'),
      );
    }
  }
}
