/** The checks that come before the tests: types, format and lint, house rules. Each counts as one test. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkHouse } from './house-rules.ts';

export interface CheckResult {
  readonly title: string;
  readonly passed: boolean;
  /** What to repair, or what to be warned of when it passed: `file:line: rule: what to do instead`. */
  readonly lines: readonly string[];
}

/** Runs the checks side by side and yields them in a fixed order. */
export async function* runChecks(root: string): AsyncGenerator<CheckResult> {
  const types = checkTypes(root);
  const style = checkStyle(root);
  yield* checkRules(root);
  yield await types;
  yield await style;
}

function checkRules(root: string): CheckResult[] {
  try {
    return checkHouse(root).map(({ rule, severity, lines }) => ({
      title: `house rule: ${rule}`,
      passed: severity === 'warning' || lines.length === 0,
      lines,
    }));
  } catch (error) {
    return [{ title: 'house rules', passed: false, lines: [String(error)] }];
  }
}

async function checkTypes(root: string): Promise<CheckResult> {
  const { code, output } = await run(root, 'typescript/bin/tsc', ['-p', '.', '--pretty', 'false']);
  return { title: 'types (tsc)', passed: code === 0, lines: output.split('\n').filter((line) => line !== '') };
}

async function checkStyle(root: string): Promise<CheckResult> {
  const arguments_ = ['ci', '--colors=off', '--reporter=json', '--max-diagnostics=none', '.'];
  const { code, output } = await run(root, '@biomejs/biome/bin/biome', arguments_);
  return { title: 'format and lint (biome)', passed: code === 0, lines: styleLines(output) };
}

function styleLines(output: string): string[] {
  const json = output.split('\n').find((line) => line.startsWith('{"summary"'));
  if (json === undefined) return output.split('\n').filter((line) => line.trim() !== '');
  const diagnostics: { severity: string; category: string; message: string; location: any }[] =
    JSON.parse(json).diagnostics;
  const lines = diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ category, message, location }) => `${location.path}:${location.start?.line || 1}: ${category}: ${message}`);
  return lines.length > 0 ? [...lines, 'npx biome check --write . repairs most of these'] : [];
}

function run(root: string, program: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject).on('close', (code) => resolve({ code, output }));
  });
}
