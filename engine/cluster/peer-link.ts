import { Reader } from '../../transport/codec/reader.ts';
import { Writer } from '../../transport/codec/writer.ts';
import {
  type FrameHandler,
  type Lane,
  type LinkCounters,
  type LinkReader,
  type LinkWriter,
  ROOMS_OF_ERRORS,
} from '../../transport/link.ts';
import { ContractMismatchError } from '../base/errors.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { ENGINE_OPERATIONS } from '../runtime/engine-operations.ts';
import {
  BOUNCED,
  END_ENTITY,
  endsOf,
  HEADER_BYTES,
  KIND_CANCEL,
  KIND_ERROR,
  KIND_ONE_WAY,
  KIND_REQUEST,
  kindOf,
  moveDeadline,
  operationOf,
  REPLY_HEADER_BYTES,
  requestIdOf,
  setOperation,
  setSourceType,
  sourceTypeOf,
  streamOf,
  writeReply,
} from '../runtime/frame.ts';
import { encodeRefusal } from '../runtime/remote-error.ts';
import { ContractAgreement, GreetingError, type Shapes, shapesOf } from './contract-agreement.ts';
import type { HostLink } from './host-link.ts';
import type { HostLinks } from './host-links.ts';

const RELIABLE = 0;
const UNRELIABLE = 1;
/** Of one source, target and operation only the newest waits, and nothing older is taken after it. */
const UNRELIABLE_ORDERED = 2;

/** After a message the next one is expected for so long: longer than a node would wait without sleeping. */
const ACTIVE_MS = 2;

/** What links between hosts know of a game; one for all links of a node. */
export class LinkedGame {
  readonly shapes: Shapes;
  /** By operation code. */
  readonly reliability: Uint8Array;

  constructor(catalogue: Catalogue) {
    this.shapes = shapesOf(catalogue);
    this.reliability = Uint8Array.from(catalogue.operations, ({ reliable, conflated }) =>
      reliable ? RELIABLE : conflated ? UNRELIABLE_ORDERED : UNRELIABLE,
    );
  }
}

export interface PeerLinkOptions {
  readonly links: HostLinks;
  readonly link: HostLink;
  readonly game: LinkedGame;
  /** How this host and the peer's are called in messages. */
  readonly here: string;
  readonly there: string;
  readonly warn: (line: string) => void;
}

/**
 * A link between hosts as the runtime has links, both ends of it that are here. A frame leaves as it is, and whoever receives it reads it as it was meant: its deadline is on the
 * clock of the sender, and the numbers of operations and types are those of the sender's version of the game. What the two games do not have in
 * common is refused here, and never reaches the node.
 */
export class PeerLink implements LinkWriter, LinkReader, LinkCounters, FrameHandler {
  /** Requests and messages of operations that this version of the game does not have like that, and frames too short to be any. */
  mismatched = 0;
  malformed = 0;
  private readonly options: PeerLinkOptions;
  private readonly link: HostLink;
  private readonly links: HostLinks;
  private readonly reliability: Uint8Array;
  /** Undefined before the peer's greeting; null when every number means the same, or nothing can be understood. */
  private agreement: ContractAgreement | null | undefined = undefined;
  private isForeign = false;
  /** Codes that the log knows of. */
  private readonly told = new Set<number>();
  private claimed!: Writer;
  private claimedAt = 0;
  private lane: Lane = 0;
  private handler!: FrameHandler;

  constructor(options: PeerLinkOptions) {
    this.options = options;
    this.link = options.link;
    this.links = options.links;
    this.reliability = options.game.reliability;
  }

  // ---- what is sent

  get frameBytesMax(): number {
    return this.link.frameBytesMax;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    const writer = this.link.claim(lane, bytes);
    if (writer === undefined) return undefined;
    this.lane = lane;
    this.claimed = writer;
    this.claimedAt = writer.at;
    return writer;
  }

  commit(): void {
    const { claimed, claimedAt } = this;
    const kind = this.unreliableKind(claimed.words[claimedAt >> 2]!);
    // What is not committed never existed, so it goes the other way.
    if (kind === RELIABLE) this.link.commit();
    else this.pass(kind, this.lane, claimed.bytes.subarray(claimedAt, claimed.at));
  }

  spill(lane: Lane, frame: Uint8Array, rooms?: number): boolean {
    const kind = this.unreliableKind(headWordIn(frame));
    if (kind === RELIABLE) return this.link.spill(lane, frame, rooms);
    this.pass(kind, lane, frame);
    return true;
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    if (this.unreliableKind(headWordIn(frame)) === RELIABLE) return this.link.conflate(lane, key, frame);
    this.pass(UNRELIABLE_ORDERED, lane, frame);
    return 'queued';
  }

  /**
   * Rounds are short, and each message costs the socket, the server and the peer: what the rounds of one turn of the event loop write leaves together, unless
   * it is enough for a message by itself.
   */
  flush(): void {
    const { link, links } = this;
    if (link.hasBatch) links.flushLink(link);
    else links.flushSoon(link);
  }

  get backlog(): number {
    return this.link.backlog;
  }

  waiting(lane: Lane): number {
    return this.link.waiting(lane);
  }

  taken(lane: Lane): number {
    return this.link.taken(lane);
  }

  /** By word 0 of a frame: how it leaves. */
  private unreliableKind(headWord: number): number {
    const kind = headWord & 0xff;
    if (kind !== KIND_REQUEST && kind !== KIND_ONE_WAY) return RELIABLE;
    return this.reliability[headWord >>> 16] ?? RELIABLE;
  }

  private pass(kind: number, lane: Lane, frame: Uint8Array): void {
    const stream = kind === UNRELIABLE_ORDERED ? streamOf(new Reader(frame)) : '';
    this.link.pass(lane, frame, stream, stream);
  }

  // ---- what arrives

  glance(): boolean {
    return this.pending();
  }

  /** What comes before the greeting waits for it: every message says it until it was heard. */
  pending(): boolean {
    return this.link.greeting !== undefined && this.link.pending();
  }

  /** Whoever was asked is expected to answer, and whoever asked to ask again. */
  listens(now: number): boolean {
    return now - this.link.activeAt < ACTIVE_MS || this.links.isDue(this.link);
  }

  drain(handler: FrameHandler, framesMax: number): number {
    const { link } = this;
    if (!this.pending()) return 0;
    if (this.agreement === undefined) this.agree(link.greeting!);
    this.handler = handler;
    try {
      return link.drain(this, framesMax);
    } finally {
      // The peer may wait for the room, and to hear what was taken.
      this.links.flushSoon(link);
    }
  }

  onFrame(input: Reader, lane: Lane): void {
    const { view, at } = input;
    // What comes back is the request itself.
    const kind = kindOf(view, at) & ~BOUNCED;
    const bytes = input.end - at;
    if (kind === KIND_REQUEST || kind === KIND_ONE_WAY || kind === KIND_CANCEL) {
      if (bytes < HEADER_BYTES) this.malformed++;
      else if (this.translate(input, at, lane)) this.handler.onFrame(input, lane);
    } else if (bytes < REPLY_HEADER_BYTES) this.malformed++;
    else this.handler.onFrame(input, lane);
  }

  /** Makes the request at `at` what it would be if it came from this host. False when there is nothing that it could be. */
  private translate(input: Reader, at: number, lane: Lane): boolean {
    const { view } = input;
    moveDeadline(view, at, this.link.offsetMs);
    const agreement = this.agreement!;
    if (agreement === null && !this.isForeign) return true;
    const code = operationOf(view, at);
    // The engine's own operations carry names.
    const here = agreement === null ? -1 : code < ENGINE_OPERATIONS ? agreement.codeHere(code) : code;
    if (here === -1) {
      this.refuse(input, code, lane);
      return false;
    }
    setOperation(view, at, here);
    if (endsOf(view, at) >> 4 === END_ENTITY) setSourceType(view, at, agreement!.typeHere(sourceTypeOf(view, at)));
    return true;
  }

  private agree(greeting: Uint8Array): void {
    const { game, here, there, warn } = this.options;
    try {
      const agreement = new ContractAgreement(game.shapes, greeting, here, there);
      this.agreement = agreement.isIdentical ? null : agreement;
      if (agreement.refusals !== undefined) warn(`${there} runs another version of the game: ${agreement.refusals}`);
    } catch (error) {
      if (!(error instanceof GreetingError)) throw error;
      this.agreement = null;
      this.isForeign = true;
      warn(`${there} runs another version of the engine: what it calls here is refused`);
    }
  }

  private refuse(input: Reader, code: number, lane: Lane): void {
    const { here, there, warn } = this.options;
    this.mismatched++;
    const { view, at } = input;
    const reason = this.agreement?.reasonOf(code) ?? `${here} runs another version of the engine than ${there}`;
    const message = `${reason}.`;
    if (kindOf(view, at) !== KIND_REQUEST) {
      if (this.told.has(code)) return;
      this.told.add(code);
      warn(`a message of ${there} cannot be taken and is lost, like all further ones of its kind: ${message}`);
      return;
    }
    const record = encodeRefusal(new ContractMismatchError('incompatible', message));
    const out = new Writer(new Uint8Array(REPLY_HEADER_BYTES + record.length));
    writeReply(out, KIND_ERROR, code, requestIdOf(view, at));
    out.bytes.set(record, out.at);
    // Without room the caller has its deadline.
    this.link.spill(lane, out.bytes, ROOMS_OF_ERRORS);
  }

  // ---- what it has done

  get frames(): number {
    return this.link.frames;
  }

  get bytes(): number {
    return this.link.bytes;
  }

  get spilled(): number {
    return this.link.spilled;
  }

  get backlogHighest(): number {
    return this.link.backlogHighest;
  }

  get replaced(): number {
    return this.link.replaced;
  }

  get refused(): number {
    return this.link.refused;
  }
}

function headWordIn(frame: Uint8Array): number {
  return frame.length < HEADER_BYTES ? 0 : frame[0]! | (frame[2]! << 16) | (frame[3]! << 24);
}
