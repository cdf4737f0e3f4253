import { fileURLToPath } from 'node:url';
import test from 'ava';
import { build } from 'esbuild';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

for (const door of ['./browser.js', './index.browser.js']) {
  test(`${door} bundles for browsers without anything of Node.js`, async (t) => {
    const { metafile, outputFiles } = await build({
      entryPoints: [file(door)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      minify: true,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    t.deepEqual(
      inputs.filter((path) => /\/ws\/|\/ws\.js|node:/.test(path)),
      [],
    );
    const bytes = outputFiles[0]!.contents.length;
    t.true(bytes < 64 * 1024, `${bytes} bytes`);
  });
}
