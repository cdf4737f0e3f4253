import type { Generated } from '../contract/generated.ts';
import { Catalogue } from '../runtime/catalogue.ts';
import { defineGame, type Game } from '../runtime/game.ts';

/**
 * Imports a built game and what was generated for it. Throws GameDefinitionError or TypeError with one clear line. `adapt` may put
 * something in the place of what the game says.
 */
export async function loadGame(
  gameUrl: string,
  generatedUrl: string,
  adapt: (game: Game) => Game = (game) => game,
): Promise<Catalogue> {
  const [gameModule, generatedModule] = await Promise.all([import(gameUrl), import(generatedUrl)]);
  const game: Game | undefined = gameModule.default;
  if (typeof game !== 'object' || game === null || !Array.isArray(game.entities)) {
    throw new TypeError('The game file has no default export made by defineGame().');
  }
  return new Catalogue(adapt(defineGame(game)), generatedModule.generated as Generated);
}
