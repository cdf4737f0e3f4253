import { type EmitOptions, emitGame } from './emit/game-module.ts';
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

/** From contract modules (absolute paths) to what the generator makes of them, in memory. `specifierOf` is how the generated module imports a file. */
export function generate(
  files: readonly string[],
  read: ReadFile,
  specifierOf: (file: string) => string,
  engineSpecifier: string,
): GeneratedText {
  const model = readContracts(files, read);
  const fingerprints = fingerprintsOf(model.contracts, model.types);
  const options: EmitOptions = {
    contractSpecifiers: model.sources.map(({ file }) => specifierOf(file)),
    engineSpecifier,
  };
  return {
    model,
    fingerprints,
    module: emitGame(model, fingerprints, options),
    manifest: manifestText(model, fingerprints),
  };
}
