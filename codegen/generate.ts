import { emitGame } from './emit/game-module.ts';
import { type Fingerprints, fingerprintsOf } from './fingerprint.ts';
import { manifestText } from './manifest.ts';
import { type GameModel, readContracts } from './model/game-model.ts';
import type { ReadFile } from './model/program.ts';

export interface GeneratedText {
  model: GameModel;
  fingerprints: Fingerprints;
  /** Source of the generated module. */
  module: string;
  /** Text of the manifest. */
  manifest: string;
}

/** What the generator makes of a model. `specifierOf` is how the generated module imports a contract's file. */
export function generateFrom(
  model: GameModel,
  specifierOf: (file: string) => string,
  engineSpecifier: string,
): GeneratedText {
  const fingerprints = fingerprintsOf(model.contracts, model.types);
  const contractSpecifiers = model.sources.map(({ file }) => specifierOf(file));
  return {
    model,
    fingerprints,
    module: emitGame(model, fingerprints, { contractSpecifiers, engineSpecifier }),
    manifest: manifestText(model, fingerprints),
  };
}

/** From contract modules (absolute paths) to what the generator makes of them, in memory. */
export function generate(
  files: readonly string[],
  read: ReadFile,
  specifierOf: (file: string) => string,
  engineSpecifier: string,
): GeneratedText {
  return generateFrom(readContracts(files, read), specifierOf, engineSpecifier);
}
