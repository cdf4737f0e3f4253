/**
 * The layers of ARCHITECTURE.md as a table: which folder is which layer, and what it may import. Imports run downwards
 * only, `import type` included; a layer always sees itself. Where a lower layer needs a higher one it declares a small
 * interface and gets the implementation in its constructor.
 */
export interface Layer {
  readonly name: string;
  /** The longest folder that matches a path wins; a path that ends in `/*` means the files of that folder only. */
  readonly folder: string;
  /** Names of layers. `transport/client` is the part of transport that browsers may load. */
  readonly imports: readonly string[] | 'anything';
}

const TRANSPORT = ['transport', 'transport/client'];
const RUNTIME_AND_BELOW = ['runtime', 'contract', ...TRANSPORT, 'base'];
const ENGINE = ['gateway', 'cluster', 'store', 'codegen', ...RUNTIME_AND_BELOW];

export const LAYERS: readonly Layer[] = [
  { name: 'base', folder: 'engine/base', imports: [] },
  { name: 'transport', folder: 'transport', imports: ['base'] },
  { name: 'transport/client', folder: 'transport/client', imports: ['transport', 'base'] },
  { name: 'contract', folder: 'engine/contract', imports: [...TRANSPORT, 'base'] },
  { name: 'runtime', folder: 'engine/runtime', imports: ['contract', ...TRANSPORT, 'base'] },
  { name: 'cluster', folder: 'engine/cluster', imports: RUNTIME_AND_BELOW },
  { name: 'store', folder: 'engine/store', imports: RUNTIME_AND_BELOW },
  { name: 'gateway', folder: 'engine/gateway', imports: ['cluster', ...RUNTIME_AND_BELOW] },
  { name: 'client', folder: 'engine/client', imports: ['contract', 'transport/client', 'base'] },
  { name: 'codegen', folder: 'codegen', imports: ['contract', ...TRANSPORT, 'base'] },
  { name: 'host', folder: 'engine/host', imports: ENGINE },
  { name: 'testing', folder: 'engine/testing', imports: ['host', 'client', ...ENGINE] },
  // The doors of the package: re-exports of whatever is public.
  { name: 'door', folder: 'engine/*', imports: ['host', 'client', 'testing', ...ENGINE] },
  { name: 'benchmarks', folder: 'benchmarks', imports: 'anything' },
  { name: 'scripts', folder: 'scripts', imports: 'anything' },
];

/** The layer of a file of the engine; undefined for games, documents and folders that are not in the table. */
export function layerOf(path: string): Layer | undefined {
  let found: Layer | undefined;
  for (const layer of LAYERS) {
    if (!covers(layer.folder, path)) continue;
    if (found === undefined || layer.folder.length > found.folder.length) found = layer;
  }
  return found;
}

function covers(folder: string, path: string): boolean {
  if (!folder.endsWith('/*')) return path.startsWith(`${folder}/`);
  const parent = folder.slice(0, -1);
  return path.startsWith(parent) && !path.slice(parent.length).includes('/');
}

export function mayImport(from: Layer, to: Layer): boolean {
  if (to.name === 'benchmarks' && from.name !== 'benchmarks' && from.name !== 'scripts') return false;
  return from.imports === 'anything' || from.name === to.name || from.imports.includes(to.name);
}
