/** `skerry check`: builds a game as `start` would, and type-checks it, which `start` does not. */
import { resolve } from 'node:path';
import type { Shell } from './shell.ts';
import { requireGameFile, withoutStack } from './start-failure.ts';
import { typeCheck } from './type-check.ts';

/** Compiles a game; `sources` are the absolute paths of its files. Rejects with a message that names file and line. */
export type BuildGame = (game: string) => Promise<{ readonly sources: readonly string[] }>;

/** Resolves to the exit code: not having checked is not a success. */
export async function check(game: string, shell: Shell, build: BuildGame): Promise<number> {
  requireGameFile(game);
  let sources: readonly string[];
  try {
    ({ sources } = await build(game));
  } catch (error) {
    shell.stderr(`skerry: ${withoutStack((error as Error).message)}\n`);
    return 1;
  }
  const file = resolve(game);
  const result = await typeCheck([file, ...sources.filter((one) => one !== file && one.endsWith('.ts'))]);
  if (result.kind === 'no-typescript') {
    shell.stderr(
      `skerry: ${game} builds; its types were not checked, because TypeScript is not installed: npm install --save-dev typescript\n`,
    );
    return 1;
  }
  if (result.errors.length > 0) {
    shell.stderr(`${result.errors.join('\n')}\nskerry: ${game} builds, but its types do not fit\n`);
    return 1;
  }
  shell.stdout(`${game}: builds, and its types fit\n`);
  return 0;
}
