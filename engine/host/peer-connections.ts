import type { NatsConnection } from '../../transport/nats/connection.ts';
import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import { greetingOf } from '../cluster/contract-agreement.ts';
import type { LinkEnd, LostFrames } from '../cluster/host-link.ts';
import { HostLinks } from '../cluster/host-links.ts';
import type { MetPeer } from '../cluster/peer-directory.ts';
import { LinkedGame, PeerLink } from '../cluster/peer-link.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { Log } from '../runtime/log.ts';
import type { Node } from '../runtime/node.ts';
import type { Figures } from './thread-messages.ts';

export interface PeerConnectionsOptions {
  /** Of NATS. */
  readonly url: string;
  readonly cluster: string;
  /** This node, as nodes of other hosts know it. */
  readonly self: LinkEnd;
  readonly host: string;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly random: Prng;
  readonly log: Log;
  /** The lease of this host: what leaves, leaves under it. */
  readonly isOpen: () => boolean;
}

const RETRY_MS = 100;
const RETRY_MS_MAX = 2000;
/** How long the end of a node waits for peers to say that they have what it sent last. */
const SETTLE_MS_MAX = 1000;
const NOTHING: LostFrames = { unsent: [], unknown: [] };

interface Met {
  readonly peer: MetPeer;
  readonly link: PeerLink;
}

/** The links of one node to those of other hosts, over a connection to NATS of its own. Other threads' traffic does not delay it, nor does it delay the lease. */
export class PeerConnections {
  private readonly options: PeerConnectionsOptions;
  private readonly game: LinkedGame;
  private readonly node: Node;
  private readonly met = new Map<number, Met>();
  /** Until there is a connection. */
  private readonly waiting = new Map<number, MetPeer>();
  /** What a link still held that the next life of its peer has replaced before it was parted. */
  private readonly held = new Map<number, LostFrames>();
  private connection: NatsConnection | undefined;
  private links: HostLinks | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Of links that are no more. */
  private mismatched = 0;
  private malformed = 0;

  /** Begins at once, and does not end before it has a connection or is closed. */
  constructor(options: PeerConnectionsOptions, node: Node) {
    this.options = options;
    this.node = node;
    this.game = new LinkedGame(options.catalogue);
    void this.connect(RETRY_MS);
  }

  change(met: readonly MetPeer[], parted: readonly number[]): void {
    for (const index of parted) this.part(index);
    for (const peer of met) {
      if (this.links === undefined) this.waiting.set(peer.index, peer);
      else this.meet(peer, this.links);
    }
  }

  /** For metrics, beside what the node has. */
  beside({ counters, gauges }: Figures): Figures {
    const { connection, links } = this;
    let { mismatched, malformed } = this;
    for (const { link } of this.met.values()) {
      mismatched += link.mismatched;
      malformed += link.malformed;
    }
    const done = links?.figures;
    return {
      counters: {
        ...counters,
        linkMessagesSent: done?.messagesSent ?? 0,
        linkMessagesReceived: done?.messagesReceived ?? 0,
        linkBytesSent: done?.bytesSent ?? 0,
        linkBatchesResent: done?.batchesResent ?? 0,
        linkBatchesDuplicate: done?.batchesDuplicate ?? 0,
        linkUnreliableDropped: done?.unreliableDropped ?? 0,
        linkMismatched: mismatched,
        linkMalformed: malformed + (done?.malformed ?? 0),
        linkForged: done?.forged ?? 0,
        linkStrangers: done?.strangers ?? 0,
        natsLosses: connection?.losses ?? 0,
        natsRefused: connection?.refused ?? 0,
      },
      gauges: { ...gauges, linkPeers: this.met.size, natsConnected: connection?.isConnected ? 1 : 0 },
    };
  }

  /** The node has stopped: what it sent last arrives, if the peers are there to say so. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    const { links, connection } = this;
    if (links !== undefined) await beforeLong(links.settled());
    links?.close();
    await connection?.close();
  }

  private async connect(pauseMs: number): Promise<void> {
    const { url, self, log } = this.options;
    const warn = (line: string): void => log.warn({}, line);
    // The client is loaded where it is used: every thread of a host alone would pay for it.
    const nats = await import('../../transport/nats/connection.ts');
    let connection: NatsConnection;
    try {
      connection = await nats.NatsConnection.open({ url, name: `skerry ${self.name}`, warn });
    } catch (error) {
      if (!(error instanceof nats.NatsUnusableError)) throw error;
      if (this.isClosed) return;
      // The control thread had one, so there will be one again.
      if (pauseMs === RETRY_MS) warn(`nats: ${error.message}; trying again until it is there`);
      this.retry = setTimeout(() => void this.connect(Math.min(pauseMs * 2, RETRY_MS_MAX)), pauseMs);
      return;
    }
    if (this.isClosed) {
      await connection.close();
      return;
    }
    this.opened(connection);
  }

  private opened(connection: NatsConnection): void {
    const { cluster, self, clock, random, log, isOpen } = this.options;
    this.connection = connection;
    const links = new HostLinks({
      connection,
      cluster,
      self,
      clock,
      random,
      greeting: greetingOf(this.game.shapes),
      mayLeave: isOpen,
      wake: () => this.node.wake(),
      warn: (line) => log.warn({}, `links: ${line}`),
    });
    this.links = links;
    for (const peer of this.waiting.values()) this.meet(peer, links);
    this.waiting.clear();
  }

  private meet(peer: MetPeer, links: HostLinks): void {
    const { name, index, host } = peer;
    const { log } = this.options;
    const linked = this.linkTo(peer, links);
    if (linked === undefined) return;
    const { link, ended } = linked;
    if (ended !== undefined) this.hold(name, ended);
    const own = new PeerLink({
      links,
      link,
      game: this.game,
      here: this.options.host,
      there: host,
      warn: (line) => log.warn({ peer: name }, line),
    });
    this.met.set(index, { peer, link: own });
    this.node.meetPeer(index, own, own);
    log.debug({ peer: name, index }, 'a node of another host was met');
  }

  /** Undefined when the server's messages are too small: what is for the peer waits until its deadline. */
  private linkTo({ name, inc }: MetPeer, links: HostLinks): ReturnType<HostLinks['meet']> | undefined {
    try {
      return links.meet({ name, inc });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.options.log.error({ peer: name }, `links: ${error.message}`);
      return undefined;
    }
  }

  private hold(name: string, ended: LostFrames): void {
    for (const [index, { peer }] of this.met) if (peer.name === name) this.held.set(index, ended);
  }

  private part(index: number): void {
    if (this.waiting.delete(index)) return;
    const met = this.met.get(index);
    if (met === undefined) return;
    const { peer, link } = met;
    this.met.delete(index);
    this.mismatched += link.mismatched;
    this.malformed += link.malformed;
    const lost = this.held.get(index) ?? this.links!.part(peer) ?? NOTHING;
    this.held.delete(index);
    this.node.partPeer(index, lost);
    this.options.log.debug(
      { peer: peer.name, index, unsent: lost.unsent.length, unknown: lost.unknown.length },
      'a node of another host is gone',
    );
  }
}

async function beforeLong(settled: Promise<void>): Promise<void> {
  let timeout: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => {
    timeout = setTimeout(resolve, SETTLE_MS_MAX);
  });
  await Promise.race([settled, passed]);
  clearTimeout(timeout);
}
