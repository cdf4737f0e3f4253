import type { EntityId } from '../base/entity-id.ts';
import type { CallTarget } from '../contract/proxy.ts';

/** The same for all messages of which only the newest is worth waiting: of one source, to one target, of one operation. */
export function conflateKey(sourceEnd: number, sourceId: EntityId, target: CallTarget, code: number): string {
  return `${sourceEnd}.${keyOf(sourceId)}>${target.$end}.${keyOf(target.$id)}#${code}`;
}

/** 7, 7n and '7' are three keys. */
const keyOf = (id: EntityId): string =>
  typeof id === 'number' ? `${id}` : typeof id === 'bigint' ? `${id}n` : `'${id}'`;
