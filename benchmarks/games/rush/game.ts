import { defineGame, entity } from 'skerry';
import { Mill, Rush } from './contracts.ts';
import { MillEntity, RushEntity } from './entities.ts';

export default defineGame({
  name: 'rush',
  entities: [entity(Mill, MillEntity), entity(Rush, RushEntity, { idleTimeout: 'never' })],
});
