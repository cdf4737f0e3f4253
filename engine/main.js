#!/usr/bin/env node
// The command. Plain JavaScript, so that a fresh checkout runs with plain node: builds when sources are newer, then runs.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`skerry needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
// A published package ships build/ and not the tests; there is nothing to build from then.
if (existsSync(new URL('../tsconfig.json', import.meta.url))) {
  const { build } = await import('../scripts/build.js');
  await build();
}
const { main } = await import('../build/engine/host/command.js');
await main(process.argv.slice(2));
