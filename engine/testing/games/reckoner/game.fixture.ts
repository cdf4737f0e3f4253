import { defineGame, entity } from 'skerry';
import { Reckoner } from './contracts.fixture.ts';
import { ReckonerEntity } from './reckoner.fixture.ts';

/** What the tests of compute functions are made with. */
export default defineGame({
  name: 'reckoner',
  entities: [entity(Reckoner, ReckonerEntity)],
  compute: {
    echo: './compute/echo.fixture.ts',
    where: './compute/where.fixture.ts',
    fail: './compute/fail.fixture.ts',
    spin: './compute/spin.fixture.ts',
    wait: './compute/wait.fixture.ts',
    crash: './compute/crash.fixture.ts',
    broken: './compute/broken.fixture.ts',
  },
});
