import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { MessagePack } from '../../transport/client/msgpack.ts';
import { type AcceptedEvents, Acceptor } from '../../transport/client/ws.ts';
import type { Clock } from '../base/clock.ts';
import type { EntityId } from '../base/entity-id.ts';
import { ContractMismatchError, UnavailableError } from '../base/errors.ts';
import { DEPTH_MAX } from '../contract/wire-type.ts';
import type { Log } from '../runtime/log.ts';
import { ReachableOperations } from './access.ts';
import { Arrivals } from './arrivals.ts';
import { GatewayCounters } from './gateway-counters.ts';
import { createGatewayServer } from './http-server.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import { originAllowed } from './origin.ts';
import type { GatewayLinks } from './other-gateways.ts';
import { Flusher } from './outbox.ts';
import type { Admit, Authenticate, Contracts, EntityPort, GatewayOperation } from './ports.ts';
import { type PreparedPush, preparePush } from './prepared-push.ts';
import { Presence } from './presence.ts';
import { REFERENCES } from './reference.ts';
import { Session, type SessionSocket } from './session.ts';
import type { SessionContext } from './session-context.ts';

export interface GatewayOptions {
  entities: EntityPort;
  contracts: Contracts;
  admit: Admit;
  /** Left out, every client is refused. */
  authenticate?: Authenticate | undefined;
  /** Answers plain HTTP requests; left out, there is nothing to see. */
  pages?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Origins of pages that may connect besides those from this server, like 'https://play.example.com'. */
  origins?: readonly string[] | undefined;
  /** The gateways of other hosts, and a number that no other gateway and no other run of this one has; left out, there are none. */
  others?: { readonly links: GatewayLinks; readonly writer: number } | undefined;
  clock: Clock;
  log: Log;
  limits?: Partial<GatewayLimits> | undefined;
}

/** A client's socket, accepted. */
export interface GatewaySocket extends SessionSocket {
  /** Called once, before anything can arrive. */
  listen(events: AcceptedEvents): void;
}

/** A principal (its newest session) or one exact session of this gateway. */
type Target = { principal: EntityId; isPassedOn?: boolean } | { session: number };

/** How long a client waits at most to be let in because another gateway does not answer. */
const ANNOUNCE_MS_MAX = 1_000;

const ALONE = { links: { tell: () => Promise.reject(new Error('There are no other gateways.')) }, writer: 0 };

/**
 * Where game clients attach: one port for pages and sockets. It hands the clients' calls to the world in the order of their arrival, and is
 * the runtime's `ClientSink` for what the world says to clients. Runs on one thread; nothing here waits for a client.
 */
export class Gateway {
  readonly counters = new GatewayCounters();
  private readonly context: SessionContext;
  private readonly origins: readonly string[];
  private readonly server: Server;
  private readonly acceptor: Acceptor;
  private readonly sessions = new Map<number, Session>();
  private readonly presence: Presence<Session>;
  private readonly arrivals = new Arrivals();
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private sessionsEver = 0;
  private closing = false;

  constructor(options: GatewayOptions) {
    const limits = { ...GATEWAY_LIMITS, ...options.limits };
    this.context = {
      entities: options.entities,
      types: options.contracts.types,
      reachable: new ReachableOperations(options.contracts),
      admit: options.admit,
      authenticate: options.authenticate,
      clock: options.clock,
      log: options.log,
      limits,
      counters: this.counters,
      messagePack: new MessagePack(REFERENCES),
      flusher: new Flusher(),
      rules: {
        // Around the value: the list of arguments of a push.
        depthMax: DEPTH_MAX + 1,
        finite: false,
        isReference: (value) => REFERENCES.addressOf(value) !== undefined,
      },
    };
    const { links, writer } = options.others ?? ALONE;
    this.presence = new Presence(links, writer, () => options.clock.now());
    this.origins = options.origins ?? [];
    this.acceptor = new Acceptor(limits);
    this.server = createGatewayServer(limits.connectionsMax, options.pages);
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  /** Resolves with the port; rejects when it cannot be had. Port 0 is any free one. */
  listen(port: number, host?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        this.server.on('error', (error) => this.context.log.error({ err: error }, 'the gateway had an error'));
        this.heartbeat = setInterval(() => this.beat(), this.context.limits.heartbeatMs);
        this.heartbeat.unref();
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** A client has come, through the port of `listen` or another way. */
  attach(socket: GatewaySocket): void {
    this.counters.connectionsAccepted++;
    const id = ++this.sessionsEver;
    const session = new Session(
      this.context,
      socket,
      {
        onKnown: (known, principal) => this.announce(known, principal.id),
        onEnd: (ended, principal) => {
          this.sessions.delete(ended.id);
          if (principal !== undefined) this.presence.detach(principal.id, ended);
        },
      },
      id,
    );
    this.sessions.set(id, session);
    socket.listen({
      onMessage: (bytes) => this.arrivals.message(session, bytes),
      onClose: () => this.arrivals.end(session),
      onDrain: () => session.onDrain(),
    });
  }

  /** Sessions and sockets on their way to one. */
  get connections(): number {
    return this.sessions.size;
  }

  /** Says goodbye to all clients, asking them to come back over the next `spreadMs`; resolves when the last is gone. */
  async close(spreadMs = 10_000): Promise<void> {
    this.closing = true;
    clearInterval(this.heartbeat);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const leaving = [...this.sessions.values()];
    leaving.forEach((session, index) => {
      session.goodbye(Math.round((spreadMs * index) / leaving.length));
    });
    this.server.closeAllConnections();
    await closed;
    this.presence.close();
  }

  // ---- ClientSink

  /**
   * Calls an operation at a client: undefined for a void operation, else the client's reply. Throws UnavailableError
   * ('no-session') when the client is not here.
   */
  push(target: Target, operation: GatewayOperation, args: unknown[], timeoutMs: number): Promise<unknown> | undefined {
    const session =
      'session' in target
        ? this.sessions.get(target.session)
        : this.presence.session(target.principal, target.isPassedOn === true);
    if (session === undefined) {
      this.counters.pushesWithoutSession++;
      throw new UnavailableError('no-session', 'The client is not connected.');
    }
    const push = this.prepare(operation, args, { timeoutMs });
    if (operation.model.returns === 'void') {
      session.push(push);
      return undefined;
    }
    return session.pushCall(push, operation, timeoutMs);
  }

  elsewhere(principal: EntityId): number | undefined {
    return this.presence.elsewhere(principal);
  }

  groupAdd(contract: string, group: string, principal: EntityId): Promise<void> | undefined {
    return this.presence.groupAdd(contract, group, principal);
  }

  groupRemove(contract: string, group: string, principal: EntityId): Promise<void> | undefined {
    return this.presence.groupRemove(contract, group, principal);
  }

  /** The same bytes, encoded once, for every member that is here. Returns the other gateways with members. */
  groupPush(group: string, operation: GatewayOperation, args: unknown[], isPassedOn = false): readonly number[] {
    const contract = operation.contract.name;
    if (operation.model.returns !== 'void') {
      throw new ContractMismatchError(
        'incompatible',
        `${contract}.${operation.name} returns something; groups take only void operations.`,
      );
    }
    const { absent, gateways } = this.presence.groupPush(contract, group, () =>
      this.prepare(operation, args, { target: group }),
    );
    // Counted where the push came from.
    if (!isPassedOn) this.counters.pushesWithoutSession += absent;
    return gateways;
  }

  hear(gateway: number, rows: unknown): void {
    this.counters.principalsForgotten += this.presence.hear(gateway, rows);
  }

  // ---- the gateways of other hosts

  /** There is one at this node: it is told who is here and in which groups, and will say the same. */
  gatewayMet(node: number): void {
    this.presence.met(node);
  }

  /** It is gone, and its clients with it. */
  gatewayParted(node: number): void {
    this.presence.parted(node);
  }

  /** Principals with a session at another gateway. */
  get principalsElsewhere(): number {
    return this.presence.principalsAway;
  }

  /**
   * A client is let in once all gateways know where it is: what its first call causes, on whatever host, finds the way back to it.
   */
  private announce(session: Session, principal: EntityId): Promise<void> | undefined {
    const told = this.presence.attach(principal, session);
    if (told === undefined) return undefined;
    return new Promise((resolve) => {
      // A gateway that does not answer is about to be gone.
      const timer = setTimeout(resolve, ANNOUNCE_MS_MAX);
      void told.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private prepare(
    operation: GatewayOperation,
    args: unknown[],
    options: { target?: string; timeoutMs?: number },
  ): PreparedPush {
    const { messagePack, rules, limits } = this.context;
    return preparePush(messagePack, rules, operation, args, { ...options, bytesMax: limits.frameBytesMax });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until ws has it, a reset of the connection is ours to survive.
    socket.on('error', () => socket.destroy());
    if (this.closing || this.sessions.size >= this.context.limits.connectionsMax) {
      this.decline(socket, '503 Service Unavailable');
      return;
    }
    if (!originAllowed(request.headers.origin, request.headers.host, this.origins)) {
      this.decline(socket, '403 Forbidden');
      return;
    }
    this.acceptor.accept(request, socket, head, (accepted) => this.attach(accepted));
  }

  private decline(socket: Duplex, status: string): void {
    this.counters.connectionsRefused++;
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  private beat(): void {
    for (const session of this.sessions.values()) session.onHeartbeat();
  }
}
