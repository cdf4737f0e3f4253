import { defineGame, entity } from 'skerry';
import { Driver, Target } from './contracts.ts';
import { DriverEntity, TargetEntity } from './entities.ts';

export default defineGame({
  name: 'ping',
  entities: [entity(Target, TargetEntity), entity(Driver, DriverEntity, { idleTimeout: 'never' })],
  gateway: {
    // Whoever says who it is, is believed.
    authenticate: (ticket) => ({ id: Number(ticket) }),
  },
});
