/** A session without a network: what is written to its socket can be read, and its code when it is closed. */
import { MessagePack } from '../../transport/client/msgpack.ts';
import { prepare } from '../../transport/client/prepare.ts';
import { admit } from '../contract/check.ts';
import { DEPTH_MAX } from '../contract/wire-type.ts';
import { ReachableOperations } from './access.ts';
import { authenticate, FakeWorld, OPERATIONS } from './gateway.fixture.ts';
import { GatewayCounters } from './gateway-counters.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import { Flusher } from './outbox.ts';
import { REFERENCES } from './reference.ts';
import { Session } from './session.ts';
import type { SessionContext } from './session-context.ts';

const messagePack = new MessagePack(REFERENCES);

/** One message with these frames. */
export function encode(frames: unknown): Uint8Array {
  return messagePack.encodeCopy(prepare(frames, { depthMax: 100, finite: false, isReference: () => false }, 'frames'));
}

/** `logged` gets all that is said at `warn` and above. */
export function contextOf(logged: object[]): SessionContext {
  const log = {
    debug() {},
    info() {},
    warn: (fields: object) => void logged.push(fields),
    error: (fields: object) => void logged.push(fields),
  };
  return {
    entities: new FakeWorld(),
    types: {},
    reachable: new ReachableOperations({ types: {}, operations: OPERATIONS }),
    admit,
    authenticate,
    clock: { now: () => 0, wallNow: () => 0 },
    log,
    limits: GATEWAY_LIMITS,
    counters: new GatewayCounters(),
    messagePack,
    flusher: new Flusher(),
    rules: { depthMax: DEPTH_MAX + 1, finite: false, isReference: () => false },
  };
}

export function sessionOf(context: SessionContext) {
  const ended: number[] = [];
  const frames: unknown[][] = [];
  const socket = {
    open: true,
    bufferedBytes: 0,
    write(frame: Uint8Array) {
      const header = frame[1]! < 126 ? 2 : frame[1] === 126 ? 4 : 10;
      frames.push(...(messagePack.decode(frame.subarray(header)) as unknown[][]));
      return true;
    },
    notifyDrain() {},
    close(code: number) {
      ended.push(code);
      this.open = false;
    },
    terminate() {},
  };
  const session = new Session(context, socket, { onKnown: () => undefined, onEnd() {} }, 1);
  /** What was written, up to the end of the next turn of the event loop: authentication takes a moment. */
  const written = async () => {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    return frames.splice(0);
  };
  return { session, ended, written };
}
