import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { ApiError, type Route } from './admin.ts';
import type { Supervision } from './supervision.ts';

/** What is quarantined, and how an operator releases it. Ids are as in code; a bigint is `{ "bigint": "7" }`. */
export function quarantineRoutes(supervision: Supervision, changed: () => Promise<void>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/quarantine',
      run: () => {
        const { rows, deaths } = supervision.quarantine;
        return { quarantined: rows.map(shown), deaths: deaths.map(shown) };
      },
    },
    {
      method: 'POST',
      path: '/api/quarantine/release',
      run: async ({ body }) => {
        const released = supervision.release(meant(body));
        if (released === 0) throw new ApiError(404, 'not-found', 'Nothing like that is quarantined.');
        await changed();
        return { released };
      },
    },
  ];
}

function shown<T extends { id: EntityId }>(row: T): object {
  return { ...row, id: typeof row.id === 'bigint' ? { bigint: String(row.id) } : row.id };
}

function meant(body: unknown): { type: string; id: EntityId; operation?: string | undefined } {
  const { type, id: given, operation } = (body ?? {}) as Record<string, unknown>;
  const id = bigintOf(given);
  try {
    checkEntityId(id);
  } catch (error) {
    throw new ApiError(400, 'invalid', `id: ${(error as Error).message}`);
  }
  if (typeof type !== 'string' || (operation !== undefined && typeof operation !== 'string')) {
    throw new ApiError(
      400,
      'invalid',
      'Expected { "type": …, "id": …, "operation"?: … } as GET /api/quarantine shows them.',
    );
  }
  return { type, id, operation };
}

function bigintOf(id: unknown): unknown {
  const text = (id as { bigint?: unknown } | null | undefined)?.bigint;
  return typeof text === 'string' && /^-?\d{1,400}$/.test(text) ? BigInt(text) : id;
}
