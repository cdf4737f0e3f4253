import { inspect, isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { InvalidMessageError } from '../engine/base/errors.ts';
import { admit } from '../engine/contract/admit.ts';
import { explain } from '../engine/contract/check.ts';
import type { Member, WireType, WireTypes } from '../engine/contract/wire-type.ts';
import { MISMATCH } from '../transport/codec/writer.ts';
import { type RandomContract, randomContract } from './random-contract.fixture.ts';
import { junk, randomValue, TrialReference, withJunk } from './random-value.fixture.ts';
import { argumentsOf, readerOf, resultBytes, type Trial, tryContracts } from './trial.fixture.ts';

const CONTRACTS = 60;
const VALUES = 12;
const references = { reference: (contract: string, id: unknown) => new TrialReference(contract, id) };

const inherited = Object.getOwnPropertyDescriptors(Object.prototype);
test.after('nobody touched what all objects inherit', (t) => {
  t.true(isDeepStrictEqual(Object.getOwnPropertyDescriptors(Object.prototype), inherited));
});

/** The error of fast-check names the seed; its cause is what went wrong. */
async function overContracts(check: (trial: Trial, contract: RandomContract, seed: number) => void): Promise<void> {
  const property = fc.asyncProperty(randomContract, fc.integer(), async (contract, seed) => {
    check(await tryContracts({ '/game/contracts.ts': contract.source }), contract, seed);
  });
  try {
    await fc.assert(property, { numRuns: CONTRACTS, interruptAfterTimeLimit: 20_000 });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${message.split('\n').slice(0, 2).join('\n')}\n${inspect(cause, { depth: 12 })}`);
  }
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, seed: number): T[] => fc.sample(arbitrary, { numRuns: VALUES, seed });

function argumentsArbitrary(types: WireTypes, parameters: readonly Member[]): fc.Arbitrary<unknown[]> {
  return fc.tuple(
    ...parameters.map(({ type, optional }) =>
      optional ? fc.option(randomValue(types, type), { nil: undefined }) : randomValue(types, type),
    ),
  );
}

function fail(what: string, contract: RandomContract, value: unknown): never {
  throw new Error(`${what}\n${contract.source}\n`, { cause: value });
}

function encode(run: () => Uint8Array): Uint8Array | undefined {
  try {
    return run();
  } catch (error) {
    if (error === MISMATCH) return undefined;
    throw error;
  }
}

test('the model is what was written', async (t) => {
  await overContracts((trial, contract) => {
    const model = trial.model.contracts.find(({ name }) => name === 'Trial')!;
    const expected = contract.operations.map(({ name, parameters, result }) => ({
      name,
      parameters,
      returns: 'value',
      result,
    }));
    const unmarked = JSON.parse(
      JSON.stringify({ model: model.operations, types: trial.model.types }).replaceAll(',"recursive":true', ''),
    );
    if (!isDeepStrictEqual(unmarked.model, expected)) fail('operations differ', contract, unmarked.model);
    for (const [name, type] of Object.entries(unmarked.types)) {
      if (!isDeepStrictEqual(type, contract.types[name])) fail(`type ${name} differs`, contract, type);
    }
  });
  t.pass();
});

test('random values of random contracts make the round trip', async (t) => {
  await overContracts((trial, contract, seed) => {
    for (const { name, parameters, result } of contract.operations) {
      const operation = trial.operation(`Trial.${name}`);
      for (const args of sample(argumentsArbitrary(contract.types, parameters), seed)) {
        const arrived = argumentsOf(operation, trial.payload(`Trial.${name}`, args), references);
        if (!isDeepStrictEqual(arrived, args)) fail('arguments differ', contract, { args, arrived });
      }
      for (const value of sample(randomValue(contract.types, result), seed)) {
        const arrived = operation.readResult(readerOf(resultBytes(operation, value), references));
        if (!isDeepStrictEqual(arrived, value)) fail('results differ', contract, { value, arrived });
      }
    }
  });
  t.pass();
});

test('generated code refuses exactly what explain finds words for', async (t) => {
  let refusals = 0;
  await overContracts((trial, contract, seed) => {
    for (const { name, result } of contract.operations) {
      const operation = trial.operation(`Trial.${name}`);
      const model = resultOf(trial, name);
      const choices = fc.array(fc.nat(5), { maxLength: 5 });
      for (const [value, wrong, path] of sample(fc.tuple(randomValue(contract.types, result), junk, choices), seed)) {
        const mixed = withJunk(value, wrong, path);
        const refused = encode(() => resultBytes(operation, mixed)) === undefined;
        const problem = explain(trial.generated.types, model, mixed, 'Trial: value');
        if (refused !== (problem !== undefined))
          fail(`refused: ${refused}, explained: ${problem?.message}`, contract, mixed);
        if (problem) {
          refusals++;
          const fits =
            (problem instanceof TypeError || problem instanceof RangeError) &&
            problem.message.startsWith('Trial: value');
          if (!fits) fail(`no good explanation: ${problem.message}`, contract, mixed);
        }
      }
    }
  });
  t.true(refusals > CONTRACTS);
});

test('random and damaged bytes are invalid or a valid value', async (t) => {
  await overContracts((trial, contract, seed) => {
    for (const { name, result } of contract.operations) {
      const operation = trial.operation(`Trial.${name}`);
      const damage = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
      const cases = fc.tuple(randomValue(contract.types, result), damage, fc.uint8Array({ maxLength: 60 }), fc.nat(3));
      for (const [value, changes, noise, cut] of sample(cases, seed)) {
        const damaged = resultBytes(operation, value).slice();
        for (const [at, byte] of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte;
        for (const bytes of [damaged, damaged.subarray(0, Math.max(0, damaged.length - cut)), noise]) {
          decodeSafely(trial, contract, name, bytes);
        }
      }
    }
  });
  t.pass();
});

function decodeSafely(trial: Trial, contract: RandomContract, name: string, bytes: Uint8Array): void {
  const operation = trial.operation(`Trial.${name}`);
  let value: unknown;
  try {
    value = operation.readResult(readerOf(bytes, references));
  } catch (error) {
    if (error instanceof InvalidMessageError && error.code === 'invalid') return;
    fail(`not an InvalidMessageError: ${error}`, contract, bytes);
  }
  const again = encode(() => resultBytes(operation, value));
  if (again === undefined) fail('decoded what cannot be encoded', contract, { bytes, value });
}

test('what is admitted from clients can be encoded, and plain values are admitted as they are', async (t) => {
  let admitted = 0;
  await overContracts((trial, contract, seed) => {
    for (const { name, result } of contract.operations) {
      const operation = trial.operation(`Trial.${name}`);
      const model = resultOf(trial, name);
      const choices = fc.array(fc.nat(5), { maxLength: 5 });
      for (const [value, wrong, path] of sample(fc.tuple(randomValue(contract.types, result), junk, choices), seed)) {
        for (const candidate of [value, withJunk(value, wrong, path)]) {
          let taken: unknown;
          try {
            taken = admit(trial.generated.types, model, candidate, 'Trial: value', { proxies: true });
          } catch (error) {
            if (error instanceof InvalidMessageError) continue;
            fail(`not an InvalidMessageError: ${error}`, contract, candidate);
          }
          admitted++;
          if (encode(() => resultBytes(operation, taken)) === undefined)
            fail('admitted what cannot be encoded', contract, taken);
        }
      }
    }
  });
  t.true(admitted > CONTRACTS);
});

/** The result type with its marks of recursion, as the runtime knows it. */
function resultOf(trial: Trial, name: string): WireType {
  const contract = trial.generated.contracts.find(({ model }) => model.name === 'Trial')!;
  return contract.model.operations.find((operation) => operation.name === name)!.result!;
}
