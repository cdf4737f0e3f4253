/**
 * Preloaded into test processes: stacks name the .ts lines and begin in the test, not in ava. TAP carries the first line of a stack
 * only, and a failing assertion's first line is inside ava.
 */
import { findSourceMap } from 'node:module';

Error.prepareStackTrace = (error, sites) => {
  const own = sites.filter((site) => !site.getFileName()?.includes('/node_modules/ava/'));
  return [`${error}`, ...(own.length > 0 ? own : sites).map((site) => `    at ${described(site)}`)].join('\n');
};

function described(site: NodeJS.CallSite): string {
  const text = `${site}`;
  const file = site.getFileName();
  const line = site.getLineNumber() ?? 0;
  const column = site.getColumnNumber() ?? 0;
  const map = file ? findSourceMap(file) : undefined;
  const origin = map?.findOrigin(line, column);
  if (!origin || !('fileName' in origin)) return text;
  return text.replace(`${file}:${line}:${column}`, `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`);
}
