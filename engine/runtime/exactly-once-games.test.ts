import test from 'ava';
import { buildGame } from '../../codegen/build.ts';
import type { Generated } from '../contract/generated.ts';
import { loadGame } from '../host/load-game.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Catalogue, GameDefinitionError } from './catalogue.ts';
import type { EntityDefinition, Game } from './game.ts';

const built = await buildGame(gameFile('purses'));

const volatile = (game: Game): Game => {
  const entities = (game.entities as readonly EntityDefinition[]).map(({ options: { state, ...options }, ...one }) => {
    return { ...one, options: { ...options, persistent: false } };
  });
  return { ...game, entities };
};

test('a receiver of exactlyOnce that is not persistent: the game does not start', async (t) => {
  const message =
    /^Deed\.note is exactlyOnce: what has arrived is saved with the receiver, so entity\(Deed, DeedEntity, …\) needs \{ persistent: true \}\.$/;
  await t.throwsAsync(loadGame(built.game, built.generated, volatile), { instanceOf: GameDefinitionError, message });
});

test('exactlyOnce that the generator did not see, because it stands elsewhere', async (t) => {
  const { game } = await loadGame(built.game, built.generated);
  const { generated } = (await import(built.generated)) as { generated: Generated };
  const contracts = generated.contracts.map((one) => {
    const operations = one.model.operations.map(({ exactlyOnce, ...operation }) => operation);
    return { ...one, model: { ...one.model, operations } };
  });
  t.throws(() => new Catalogue(game, { ...generated, contracts }), {
    instanceOf: GameDefinitionError,
    message: /^Deed\.note: the generator did not see exactlyOnce; write it into the table: \{ exactlyOnce: true \}\.$/,
  });
});
