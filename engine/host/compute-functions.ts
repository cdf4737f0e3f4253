import { dirname, resolve } from 'node:path';
import { GameBuildError } from '../../codegen/build-error.ts';
import type { ComputeFunction } from '../runtime/compute.ts';
import type { Game } from '../runtime/game.ts';

/** Where the compute functions that a game names were built: URLs by name. Throws GameBuildError for one that was not. */
export function computeFunctions(
  game: Game,
  gameFile: string,
  modules: Readonly<Record<string, string>>,
): Map<string, string> {
  return new Map(
    Object.entries(game.compute ?? {}).map(([name, file]) => {
      const url = modules[resolve(dirname(gameFile), file)];
      if (url !== undefined) return [name, url];
      throw new GameBuildError(
        `defineGame(): compute '${name}': ${file} was not built; write its path as a plain string in the game file.`,
      );
    }),
  );
}

/** Rejects with TypeError when the module exports something else as its default, and with whatever the module throws. */
export async function loadFunction(name: string, url: string): Promise<ComputeFunction> {
  const { default: found } = (await import(url)) as { default?: unknown };
  if (typeof found === 'function') return found as ComputeFunction;
  throw new TypeError(`compute '${name}': the default export of its file is no function.`);
}
