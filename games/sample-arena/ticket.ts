import { createHash } from 'node:crypto';
import { GameError, type Principal } from 'skerry';

const TOKEN_MIN = 16;
const TOKEN_MAX = 128;

/**
 * Anybody may play, nobody may play for somebody else. The client makes up a secret token and keeps it; the id is a hash
 * of it. Others see the id, in rosters and on the board, and cannot get from it to the token that would be needed to
 * attach as that player.
 */
export function principalOf(ticket: unknown): Principal {
  const token = typeof ticket === 'object' && ticket !== null ? (ticket as { token?: unknown }).token : undefined;
  if (typeof token !== 'string' || token.length < TOKEN_MIN || token.length > TOKEN_MAX) throw new GameError('ticket');
  return { id: createHash('sha256').update('sample-arena:').update(token).digest('base64url').slice(0, 22) };
}
