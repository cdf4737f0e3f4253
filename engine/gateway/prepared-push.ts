import { PUSH, PUSH_CALL } from '../../transport/client/frames.ts';
import type { MessagePack } from '../../transport/client/msgpack.ts';
import { type PrepareRules, prepare } from '../../transport/client/prepare.ts';
import { InvalidMessageError } from '../base/errors.ts';
import type { GatewayOperation } from './ports.ts';

/**
 * A push, encoded once for however many sessions: only its number differs between them, so it has room for any.
 *
 *   0x95/96  kind  0xce  n n n n  …      an array that starts with the kind and a 32-bit pushSeq
 */
export interface PreparedPush {
  readonly bytes: Uint8Array;
  /** Of a droppable push: a newer one of the same key takes its place while it waits. */
  readonly droppableAs: string | undefined;
}

/** Where the number stands in `bytes`. */
export const SEQ_OFFSET = 3;

const ROOM_FOR_SEQ = 0xffff_ffff;

/** Only unreliable operations that nobody waits for may be dropped. `target` keeps groups apart. */
export function preparePush(
  messagePack: MessagePack,
  rules: PrepareRules,
  operation: GatewayOperation,
  args: unknown[],
  options: { target?: string; timeoutMs?: number; bytesMax: number },
): PreparedPush {
  const name = `${operation.contract.name}.${operation.name}`;
  const values = prepare(args, rules, name);
  const frame =
    operation.model.returns === 'void'
      ? [PUSH, ROOM_FOR_SEQ, operation.contract.name, operation.name, values]
      : [PUSH_CALL, ROOM_FOR_SEQ, operation.contract.name, operation.name, values, options.timeoutMs];
  const bytes = messagePack.encodeCopy(frame);
  if (bytes.length > options.bytesMax) {
    throw new InvalidMessageError(
      'too-large',
      `${name} has ${bytes.length} bytes; a push has up to ${options.bytesMax}.`,
    );
  }
  const { reliability } = operation.traits;
  const droppable = operation.model.returns === 'void' && reliability.startsWith('unreliable');
  return { bytes, droppableAs: droppable ? `${name} ${options.target ?? ''}` : undefined };
}
