import { type CallFrame, frameKind, ProtocolError, readCall, readSeqs } from '../../transport/client/client-frames.ts';
import { onWire } from '../../transport/client/extensions.ts';
import {
  CALL,
  CANCEL,
  CLOSE_GOING_AWAY,
  CLOSE_MALFORMED,
  CLOSE_NORMAL,
  CLOSE_POLICY,
  CLOSE_TRY_LATER,
  ERROR,
  GOODBYE,
  HELLO,
  type HelloBody,
  nextSeq,
  PING,
  PONG,
  PROTOCOL_VERSION,
  REPLY,
  REPLY_ERROR,
  SEND,
  WELCOME,
  type WelcomeBody,
} from '../../transport/client/frames.ts';
import { MalformedError, vet } from '../../transport/client/vet.ts';
import { checkEntityId } from '../base/entity-id.ts';
import { ContractMismatchError, ForbiddenError, GameError, UnavailableError } from '../base/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { Calls } from './calls.ts';
import { engineErrorBody, errorBody, FORBIDDEN } from './error-body.ts';
import { FRAMES_MAX, MESSAGE_DEPTH_MAX, SILENT_PERIODS_MAX } from './limits.ts';
import { Outbox, type OutboxSocket } from './outbox.ts';
import type { GatewayOperation } from './ports.ts';
import type { PreparedPush } from './prepared-push.ts';
import { PushCalls } from './push-calls.ts';
import type { SessionContext } from './session-context.ts';

export interface SessionSocket extends OutboxSocket {
  close(code: number, reason: string): void;
  terminate(): void;
}

/** What the gateway wants to know of its sessions. */
export interface SessionEvents {
  /** Who it is; it opens once this resolves, or at once. */
  onKnown(session: Session, principal: Principal): Promise<void> | undefined;
  /** Once, whether or not it was ever open. */
  onEnd(session: Session, principal: Principal | undefined): void;
}

/**
 * One client's connection: hello, who it is, its calls, its pushes, goodbye.
 *
 *   greeting ──hello──► authenticating ──welcome──► open ──► ended
 *       └──────────────────────┴── refused, too slow, malformed ──┘
 */
export class Session {
  readonly id: number;
  private readonly context: SessionContext;
  private readonly socket: SessionSocket;
  private readonly events: SessionEvents;
  private readonly outbox: Outbox;
  private readonly helloTimer: ReturnType<typeof setTimeout>;
  private state: 'greeting' | 'authenticating' | 'open' | 'ended' = 'greeting';
  private principal: Principal | undefined;
  private calls: Calls | undefined;
  private pushCalls: PushCalls | undefined;
  private opSeq = 0;
  private heard = false;
  private silentPeriods = 0;

  constructor(context: SessionContext, socket: SessionSocket, events: SessionEvents, id: number) {
    this.context = context;
    this.socket = socket;
    this.events = events;
    this.id = id;
    this.outbox = new Outbox(context, socket, () => {
      context.counters.closedSlow++;
      this.end(CLOSE_TRY_LATER, 'reads too slowly');
    });
    this.helloTimer = setTimeout(() => this.refuse(FORBIDDEN, 'no hello in time'), context.limits.helloMsMax);
  }

  /** One WebSocket message; undefined for a text message. Never throws. */
  onMessage(bytes: Uint8Array | undefined): void {
    if (this.state === 'ended') return;
    this.heard = true;
    try {
      for (const frame of this.frames(bytes)) {
        this.context.counters.framesReceived++;
        this.onFrame(frame as unknown[]);
        if (!this.isLive()) return;
      }
    } catch (error) {
      this.endFor(error);
    }
  }

  onDrain(): void {
    this.outbox.onDrain();
  }

  /** The socket is gone. */
  onClose(): void {
    this.end();
  }

  /** Called by the gateway once per heartbeat period. */
  onHeartbeat(): void {
    if (this.state !== 'open') return;
    this.silentPeriods = this.heard ? 0 : this.silentPeriods + 1;
    if (this.silentPeriods >= SILENT_PERIODS_MAX) {
      this.context.counters.closedSilent++;
      this.end(CLOSE_GOING_AWAY, 'silent');
      return;
    }
    // Whoever was silent gives the other side a sign: the ping, or the pong that it causes.
    if (!this.heard || !this.outbox.spoke) this.outbox.send([PING, this.opSeq]);
    this.heard = false;
    this.outbox.spoke = false;
  }

  push(push: PreparedPush): void {
    if (this.state === 'open') this.outbox.push(push);
  }

  /** A push that the client replies to. Throws OverloadedError and UnavailableError. */
  pushCall(push: PreparedPush, operation: GatewayOperation, timeoutMs: number): Promise<unknown> {
    if (this.state !== 'open') throw new UnavailableError('no-session', 'The client has left.');
    this.pushCalls ??= new PushCalls(this.context);
    this.pushCalls.checkRoom();
    this.outbox.push(push);
    // The push can have been the one too many for a client that does not read.
    if (!this.isLive()) throw new UnavailableError('no-session', 'The client has left.', { outcome: 'unknown' });
    return this.pushCalls.wait(this.outbox.pushSeq, operation, timeoutMs);
  }

  /** The gateway closes: the client may come back after `retryAfterMs`. */
  goodbye(retryAfterMs: number): void {
    if (this.state === 'open') this.outbox.send([GOODBYE, 'draining', retryAfterMs]);
    this.end(CLOSE_GOING_AWAY, 'draining');
  }

  terminate(): void {
    this.end();
    this.socket.terminate();
  }

  private frames(bytes: Uint8Array | undefined): unknown[] {
    if (bytes === undefined) throw new MalformedError('a text message');
    this.context.counters.bytesReceived += bytes.length;
    const { hasBytes } = vet(bytes, MESSAGE_DEPTH_MAX);
    // Byte strings become views of what is decoded, and the socket's buffer is not ours to keep.
    const frames = this.context.messagePack.decode(hasBytes ? new Uint8Array(bytes) : bytes);
    if (!Array.isArray(frames) || frames.length === 0)
      throw new ProtocolError('a message that is not a list of frames');
    if (frames.length > FRAMES_MAX) throw new ProtocolError('too many frames in one message');
    return frames;
  }

  private onFrame(frame: unknown[]): void {
    const kind = frameKind(frame);
    if (this.state === 'greeting') {
      if (kind !== HELLO) throw new ProtocolError('something before hello');
      this.state = 'authenticating';
      // Its own errors are all handled in there.
      void this.greet(frame[1]);
      return;
    }
    if (this.state === 'authenticating') throw new ProtocolError('something before the welcome');
    switch (kind) {
      case CALL:
      case SEND: {
        const call: CallFrame = readCall(frame);
        this.next(call.opSeq);
        this.calls!.call(kind, call);
        return;
      }
      case CANCEL: {
        const { opSeq, about } = readSeqs(frame);
        this.next(opSeq);
        this.calls!.cancel(about);
        return;
      }
      case REPLY:
      case REPLY_ERROR:
        this.onReply(kind, frame);
        return;
      case PING:
        this.outbox.send([PONG, this.opSeq]);
        return;
      case PONG:
        return;
      case GOODBYE:
        this.end(CLOSE_NORMAL, 'goodbye');
        return;
      default:
        throw new ProtocolError('a second hello');
    }
  }

  private onReply(kind: number, frame: unknown[]): void {
    const { opSeq, about } = readSeqs(frame);
    this.next(opSeq);
    try {
      // A reply that comes too late is nobody's fault.
      if (kind === REPLY) this.pushCalls?.reply(about, frame[3]);
      else this.pushCalls?.fail(about, frame[3]);
    } catch {
      // The caller was told; the client broke its contract, not the protocol.
      this.context.counters.repliesInvalid++;
    }
  }

  /** Numbers without gaps are what a resumed session will be put together with. */
  private next(opSeq: number): void {
    if (opSeq !== nextSeq(this.opSeq)) throw new ProtocolError('a number out of order');
    this.opSeq = opSeq;
  }

  private async greet(body: unknown): Promise<void> {
    const { protocol, ticket } = (typeof body === 'object' && body !== null ? body : {}) as Partial<HelloBody>;
    if (protocol !== PROTOCOL_VERSION) {
      const error = new ContractMismatchError('incompatible', `The server speaks protocol ${PROTOCOL_VERSION}.`);
      this.refuse({ ...engineErrorBody(error), message: error.message }, 'protocol version');
      return;
    }
    const { authenticate, log } = this.context;
    let principal: Principal;
    try {
      if (authenticate === undefined) throw new ForbiddenError('forbidden', 'The game has no authenticate().');
      principal = properPrincipal(await authenticate(ticket));
    } catch (error) {
      // Whoever is refused learns nothing else, unless the game has something to say.
      log.info({ session: this.id, err: error }, 'a client was refused');
      this.refuse(error instanceof GameError ? errorBody(error, this.context.rules) : FORBIDDEN, 'refused');
      return;
    }
    if (!this.isLive()) return;
    this.principal = principal;
    const known = this.events.onKnown(this, principal);
    if (known !== undefined) await known;
    if (this.isLive()) this.open(principal);
  }

  private open(principal: Principal): void {
    clearTimeout(this.helloTimer);
    this.state = 'open';
    this.calls = new Calls(this.context, Object.freeze({ session: this.id, principal }), this.outbox);
    const { limits } = this.context;
    const welcome: WelcomeBody = {
      session: this.id,
      principalId: principal.id,
      resume: null,
      resumed: false,
      heartbeatMs: limits.heartbeatMs,
      messageBytesMax: limits.messageBytesMax,
      callsMax: limits.callsMax,
      operations: this.context.reachable.listing(principal),
    };
    this.context.counters.sessionsOpened++;
    this.context.log.debug({ session: this.id, principal: principal.id }, 'a client came');
    this.outbox.send([WELCOME, { ...welcome, principalId: onWire(principal.id) }]);
  }

  private refuse(body: object, reason: string): void {
    if (!this.isLive()) return;
    this.context.counters.sessionsDenied++;
    this.outbox.send([ERROR, 0, body]);
    this.end(CLOSE_POLICY, reason);
  }

  private endFor(error: unknown): void {
    const { counters, log } = this.context;
    if (error instanceof ProtocolError) {
      counters.closedPolicy++;
      this.end(CLOSE_POLICY, error.message);
      return;
    }
    counters.closedMalformed++;
    // Anything but MalformedError got past vet() and is worth knowing about; the bytes never are.
    if (!(error instanceof MalformedError))
      log.warn({ err: error, session: this.id }, 'a client message could not be decoded');
    this.end(CLOSE_MALFORMED, error instanceof MalformedError ? error.message : 'malformed');
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  private isLive(): boolean {
    return this.state !== 'ended';
  }

  /** Says what is still to be said, closes the socket when there is a code, and lets go of everything. */
  private end(code?: number, reason = ''): void {
    if (this.state === 'ended') return;
    const wasOpen = this.state === 'open';
    this.state = 'ended';
    clearTimeout(this.helloTimer);
    if (code !== undefined) {
      if (code !== CLOSE_TRY_LATER) this.outbox.flush();
      this.socket.close(code, reason);
    }
    if (wasOpen) {
      this.context.counters.sessionsClosed++;
      this.context.log.debug({ session: this.id, code, reason }, 'a client left');
    }
    this.pushCalls?.end();
    this.events.onEnd(this, this.principal);
  }
}

/** A copy that the game cannot change any more. Throws what `checkEntityId` throws, and TypeError. */
function properPrincipal(principal: Principal): Principal {
  const { id, roles } = principal;
  checkEntityId(id);
  if (roles === undefined) return Object.freeze({ id });
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string')) {
    throw new TypeError('The roles of a principal are a list of text.');
  }
  return Object.freeze({ id, roles: Object.freeze([...roles]) });
}
