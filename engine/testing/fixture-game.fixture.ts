import { fileURLToPath } from 'node:url';
import { buildGame } from '../../codegen/build.ts';
import { loadGame } from '../host/load-game.ts';
import type { Catalogue } from '../runtime/catalogue.ts';

/** The source of a game below `games/`, which this file reads from its place in the build folder. */
export function gameFile(name: string): string {
  return fileURLToPath(new URL(`../../../engine/testing/games/${name}/game.fixture.ts`, import.meta.url));
}

/** A game below `games/`, built and loaded, with what its modules export: entities of this thread write there what tests read. */
export async function loadFixtureGame<Module = unknown>(
  name: string,
): Promise<{ catalogue: Catalogue; module: Module }> {
  const built = await buildGame(gameFile(name));
  const catalogue = await loadGame(built.game, built.generated);
  return { catalogue, module: (await import(built.game)) as Module };
}
