import type { Clock } from '../base/clock.ts';
import { EarliestTimer } from '../base/earliest-timer.ts';
import type { Prng } from '../base/prng.ts';
import { HostLink, type HostLinkOptions, type LinkEnd, type LostFrames } from './host-link.ts';
import { isSubjectToken } from './nats-control-store.ts';
import { decodePublish } from './publish.ts';

/** What links between hosts need of a connection to NATS; the one in `transport/nats` has it. */
export interface LinkConnection {
  readonly payloadBytesMax: number;
  /** Whether `publish` would take something now. */
  readonly isReady: boolean;
  /** Calls the listener whenever it is ready again. */
  onBack(listener: () => void): void;
  publish(subject: string, bytes: Uint8Array): boolean;
  subscribe(
    subject: string,
    onMessage: (message: { readonly subject: string; readonly bytes: Uint8Array }) => void,
  ): () => void;
}

export interface HostLinksOptions
  extends Pick<
    HostLinkOptions,
    'greeting' | 'frameBytesMax' | 'windowBytes' | 'windowFrames' | 'backlogFramesMax' | 'backlogBytesMax'
  > {
  readonly connection: LinkConnection;
  readonly cluster: string;
  readonly self: LinkEnd;
  readonly clock: Clock;
  readonly random: Prng;
  /** Whether anything may leave: the lease of a host. Always, when left out. */
  readonly mayLeave?: () => boolean;
  /** A peer's link has something to drain. */
  readonly wake: () => void;
  readonly warn: (line: string) => void;
}

/** While nothing may or can leave it is tried again so often. */
const RETRY_MS = 20;

/** What all links of a node have done since it began; plain numbers for metrics. */
export interface LinkFigures {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly batchesResent: number;
  readonly batchesDuplicate: number;
  readonly unreliableDropped: number;
  readonly malformed: number;
  readonly forged: number;
  readonly strangers: number;
}

/**
 * All links of one node to nodes of other hosts, over one subscription: `eng.<cluster>.n.<this node>.<source>`. Who sent a message is read from
 * its subject, which the server's permissions can enforce, and what the message itself says has to agree.
 */
export class HostLinks {
  /** Messages refused: no message of ours, damaged, or with sections that cannot be; */
  malformed = 0;
  /** one whose source is not the one that its subject names; */
  forged = 0;
  /** one from a node that nobody has introduced, or of a run that is not the one that is known. */
  strangers = 0;
  private readonly options: HostLinksOptions;
  private readonly links = new Map<string, HostLink>();
  private readonly timer: EarliestTimer;
  private readonly unsubscribe: () => void;
  private flushing: NodeJS.Immediate | undefined;
  /** What the next turn of the event loop is to flush. */
  private readonly due = new Set<HostLink>();
  /** Of links that are no more. */
  private ended: LinkFigures = figuresOf([]);
  private closed = false;
  /** Somebody waits until all is settled. */
  private settling: (() => void) | undefined;

  constructor(options: HostLinksOptions) {
    const { connection, cluster, self, clock } = options;
    for (const name of [cluster, self.name]) checkToken(name);
    this.options = options;
    this.timer = new EarliestTimer(
      () => clock.now(),
      () => this.flushAll(),
    );
    connection.onBack(() => this.flushAll());
    this.unsubscribe = connection.subscribe(`eng.${cluster}.n.${self.name}.*`, ({ subject, bytes }) => {
      this.onMessage(subject.slice(subject.lastIndexOf('.') + 1), bytes);
    });
  }

  /** The link to this run of a peer; a new one begins anew. `ended` is what the one to an earlier run still held. */
  meet(peer: LinkEnd): { link: HostLink; ended: LostFrames | undefined } {
    checkToken(peer.name);
    const known = this.links.get(peer.name);
    if (known?.peer.inc === peer.inc) return { link: known, ended: undefined };
    const { connection, cluster, self } = this.options;
    const subject = `eng.${cluster}.n.${peer.name}.${self.name}`;
    const link = new HostLink({
      ...this.options,
      peer,
      random: this.options.random.fork(peer.name),
      publish: (bytes) => connection.publish(subject, bytes),
      payloadBytesMax: () => connection.payloadBytesMax,
    });
    this.links.set(peer.name, link);
    return { link, ended: known && this.end(known) };
  }

  /** This run of the peer is gone for good. Undefined when there is no link to it, or already one to the next. */
  part(peer: LinkEnd): LostFrames | undefined {
    const link = this.links.get(peer.name);
    if (link?.peer.inc !== peer.inc) return undefined;
    this.links.delete(peer.name);
    return this.end(link);
  }

  private end(link: HostLink): LostFrames {
    this.ended = figuresOf([link], this.ended);
    this.due.delete(link);
    return link.close();
  }

  /** What was written leaves, with what the peer has to hear; or later, when nothing can leave now. */
  flushLink(link: HostLink): void {
    this.due.delete(link);
    // Not into a connection that takes nothing: what has never left can be sent to somebody else.
    if (!this.canLeave) {
      this.timer.arm(this.options.clock.now() + RETRY_MS);
      return;
    }
    link.flush();
    this.timer.arm(link.wakeAt);
  }

  /** Flushes the link at the next turn of the event loop, once however often it is asked for. */
  flushSoon(link: HostLink): void {
    this.due.add(link);
    if (this.closed) return;
    this.flushing ??= setImmediate(() => {
      this.flushing = undefined;
      for (const one of [...this.due]) this.flushLink(one);
    });
  }

  /** It will be flushed at the next turn of the event loop. */
  isDue(link: HostLink): boolean {
    return this.due.has(link);
  }

  /** Flushes every link; returns when that is due again though nothing happens. */
  flushAll(): number {
    if (this.closed) return Number.POSITIVE_INFINITY;
    let at = Number.POSITIVE_INFINITY;
    const { canLeave } = this;
    for (const link of this.links.values()) {
      if (canLeave) link.flush();
      at = Math.min(at, link.wakeAt);
    }
    if (!canLeave && this.links.size > 0) at = this.options.clock.now() + RETRY_MS;
    this.timer.arm(at);
    return at;
  }

  get figures(): LinkFigures {
    const { malformed, ...figures } = figuresOf(this.links.values(), this.ended);
    return {
      ...figures,
      malformed: malformed + this.malformed,
      forged: this.forged,
      strangers: this.strangers,
    };
  }

  private get canLeave(): boolean {
    const { connection, mayLeave } = this.options;
    return connection.isReady && (mayLeave === undefined || mayLeave());
  }

  /** Resolves when all peers have everything that was sent to them: perhaps never. */
  settled(): Promise<void> {
    this.flushAll();
    return new Promise((resolve) => {
      this.settling = () => {
        for (const link of this.links.values()) if (!link.isSettled) return;
        this.settling = undefined;
        resolve();
      };
      this.settling();
    });
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
    this.timer.stop();
    clearImmediate(this.flushing);
    for (const link of this.links.values()) link.close();
    this.links.clear();
    this.due.clear();
  }

  private onMessage(source: string, bytes: Uint8Array): void {
    const publish = decodePublish(bytes);
    if (publish === undefined) {
      if (this.malformed++ === 0) this.options.warn(`a message of ${source} is damaged and was refused`);
      return;
    }
    if (publish.source !== source) {
      if (this.forged++ === 0)
        this.options.warn(`a message of ${source} says that it is of another node and was refused`);
      return;
    }
    const link = this.links.get(source);
    if (link === undefined || publish.from !== link.peer.inc || publish.to !== this.options.self.inc) {
      this.strangers++;
      return;
    }
    link.onPublish(publish);
    if (link.pending()) this.options.wake();
    // A node that is woken flushes at the end of its round; this is for one that has nothing to do, and once for many messages.
    this.flushSoon(link);
    this.settling?.();
  }
}

function checkToken(name: string): void {
  if (!isSubjectToken(name))
    throw new RangeError(`'${name}' cannot be part of a subject: up to 64 letters, digits, - and _.`);
}

function figuresOf(links: Iterable<HostLink>, since?: LinkFigures): LinkFigures {
  const sum = {
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    batchesResent: 0,
    batchesDuplicate: 0,
    unreliableDropped: 0,
    malformed: 0,
    forged: 0,
    strangers: 0,
    ...since,
  };
  for (const link of links) {
    sum.messagesSent += link.sent;
    sum.messagesReceived += link.received;
    sum.bytesSent += link.bytes;
    sum.batchesResent += link.resent;
    sum.batchesDuplicate += link.duplicates;
    sum.unreliableDropped += link.unreliable.dropped + link.unreliableIn.dropped;
    sum.malformed += link.malformed;
  }
  return sum;
}
