import { needsProgram } from '../scripts/programs.ts';
import { callHost } from './call-host.ts';
import { callLocal } from './call-local.ts';
import { callThread } from './call-thread.ts';
import { codec } from './codec.ts';
import { entities } from './entity.ts';
import { gateway } from './gateway.ts';
import { idle } from './idle.ts';
import { locks } from './lock.ts';
import { natsLink } from './nats-link.ts';
import { overload } from './overload.ts';
import { priority } from './priority.ts';
import { restart } from './restart.ts';
import { ring } from './ring.ts';
import { store } from './store.ts';
import { tasks } from './tasks.ts';
import type { Topic } from './topic.ts';
import { wake } from './wake.ts';

/** Everything that `npm run bench` measures, in the order of the table. */
export const TOPICS: readonly Topic<any>[] = [
  codec,
  ring,
  callLocal,
  callThread,
  wake,
  gateway,
  idle,
  entities,
  tasks,
  locks,
  overload,
  priority,
  // Without a server there is nothing to measure.
  ...(needsProgram('nats') ? [natsLink, callHost] : []),
  store,
  restart,
];
