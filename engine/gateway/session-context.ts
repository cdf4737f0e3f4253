import type { PrepareRules } from '../../transport/client/prepare.ts';
import type { Clock } from '../base/clock.ts';
import type { WireTypes } from '../contract/wire-type.ts';
import type { ReachableOperations } from './access.ts';
import type { OutboxContext } from './outbox.ts';
import type { Admit, Authenticate, EntityPort } from './ports.ts';

/** What all sessions of a gateway share. */
export interface SessionContext extends OutboxContext {
  readonly entities: EntityPort;
  readonly types: WireTypes;
  readonly reachable: ReachableOperations;
  readonly admit: Admit;
  /** Undefined refuses everybody. */
  readonly authenticate: Authenticate | undefined;
  readonly clock: Clock;
  /** For values from the world. */
  readonly rules: PrepareRules;
}
