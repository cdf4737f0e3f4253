import type { Clock } from '../base/clock.ts';
import { EarliestTimer } from '../base/earliest-timer.ts';
import type { Prng } from '../base/prng.ts';
import { HostLink, type HostLinkOptions, type LinkEnd, type LostFrames } from './host-link.ts';
import { isSubjectToken } from './nats-control-store.ts';
import { decodePublish } from './publish.ts';

/** What links between hosts need of a connection to NATS; the one in `transport/nats` has it. */
export interface LinkConnection {
  readonly payloadBytesMax: number;
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
  /** A peer's link has something to drain. */
  readonly wake: () => void;
  readonly warn: (line: string) => void;
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

  constructor(options: HostLinksOptions) {
    const { connection, cluster, self, clock } = options;
    for (const name of [cluster, self.name]) checkToken(name);
    this.options = options;
    this.timer = new EarliestTimer(
      () => clock.now(),
      () => this.flush(),
    );
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
    return { link, ended: known?.close() };
  }

  /** The peer is gone for good. */
  part(name: string): LostFrames | undefined {
    const link = this.links.get(name);
    this.links.delete(name);
    return link?.close();
  }

  /** Flushes every link; returns when that is due again though nothing happens. At the end of a round. */
  flush(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const link of this.links.values()) {
      link.flush();
      at = Math.min(at, link.wakeAt);
    }
    this.timer.arm(at);
    return at;
  }

  close(): void {
    this.unsubscribe();
    this.timer.stop();
    clearImmediate(this.flushing);
    for (const link of this.links.values()) link.close();
    this.links.clear();
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
    this.flushing ??= setImmediate(() => {
      this.flushing = undefined;
      this.flush();
    });
  }
}

function checkToken(name: string): void {
  if (!isSubjectToken(name))
    throw new RangeError(`'${name}' cannot be part of a subject: up to 64 letters, digits, - and _.`);
}
