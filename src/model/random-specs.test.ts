import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../base/index.ts';
import {
  acceptServiceSpec,
  canonicalConfigSpec,
  canonicalNetworkSpec,
  canonicalNodeSpec,
  canonicalSecretSpec,
  canonicalServiceSpec,
  canonicalSwarmSpec,
  canonicalVolumeSpec,
  clusterVolumeSpecSchema,
  configSpecSchema,
  decodeJson,
  encodeJson,
  equalCanonical,
  initialSwarmSpec,
  networkCreateSchema,
  nodeSpecSchema,
  present,
  type Service,
  type ServiceId,
  type ServiceSpec,
  secretSpecSchema,
  serviceSpecSchema,
  swarmSpecSchema,
  unbuiltField,
} from './index.ts';
import { factsOf, type GoType } from './json/schema.ts';

const bounds = new Map<GoType, readonly [bigint, bigint]>([
  ['int', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['int64', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['time.Duration', [-(2n ** 63n), 2n ** 63n - 1n]],
  ['uint64', [0n, 2n ** 64n - 1n]],
  ['uint32', [0n, 2n ** 32n - 1n]],
  ['fs.FileMode', [0n, 2n ** 32n - 1n]],
]);

/** Any value of a schema, zeros and edges included. */
function anyOf(schema: TSchema): fc.Arbitrary<unknown> {
  const facts = factsOf(schema);
  if (facts.properties !== undefined) {
    const fields = Object.entries(facts.properties).map(([name, field]) => [name, anyOf(field)] as const);
    return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
  }
  if (facts.items !== undefined) return fc.array(anyOf(facts.items), { maxLength: 2 });
  if (facts.additionalProperties !== undefined) {
    return fc.dictionary(fc.constantFrom('b', 'a', '', '1'), anyOf(facts.additionalProperties), { maxKeys: 3 });
  }
  if (facts.type === 'boolean') return fc.boolean();
  if (facts.type === 'number') return fc.constantFrom(0, 0.25, 1, 0.1);
  if (facts.type === 'integer') return anyInteger(facts.goType ?? 'int64');
  if (facts.goType === '[]uint8') return fc.constantFrom('', 'aGVsbG8=');
  const { examples = [] } = schema as { readonly examples?: readonly string[] };
  return fc.constantFrom('', 'x', ...examples);
}

function anyInteger(goType: GoType): fc.Arbitrary<unknown> {
  const [min, max] = bounds.get(goType) ?? [0n, 0n];
  const asStored = (value: bigint) => {
    const near = Number(value);
    return Number.isSafeInteger(near) ? near : value;
  };
  return fc.oneof(fc.constantFrom(0n, 1n, max), fc.bigInt({ min, max })).map(asStored);
}

/** A canonical form works on specs that were checked, so words that are none are left out of these. */
const words = (value: unknown): unknown => {
  if (value === 'x') return '';
  if (Array.isArray(value)) return value.map(words);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, words(inner)]));
};

const laws: ReadonlyArray<readonly [string, TSchema, (value: never) => unknown]> = [
  ['service', serviceSpecSchema, canonicalServiceSpec],
  ['node', nodeSpecSchema, canonicalNodeSpec],
  ['secret', secretSpecSchema, canonicalSecretSpec],
  ['config', configSpecSchema, canonicalConfigSpec],
  ['network', networkCreateSchema, canonicalNetworkSpec],
  ['swarm', swarmSpecSchema, canonicalSwarmSpec],
  ['volume', clusterVolumeSpecSchema, canonicalVolumeSpec],
];

describe.each(laws)('a %s spec', (_kind, schema, canonical) => {
  const make = (value: unknown) => canonical(words(value) as never);

  test('has one canonical form, which is its own', () => {
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const once = make(value);
        expect(encodeJson(canonical(once as never))).toBe(encodeJson(once));
        expect(equalCanonical(once as object, canonical(once as never) as object)).toBe(true);
      }),
    );
  });

  test('is read as it was written, to the digit', () => {
    fc.assert(
      fc.property(anyOf(schema), (value) => {
        const written = encodeJson(value);
        expect(decodeJson(schema, written)).toEqual(value);
        expect(encodeJson(decodeJson(schema, written))).toBe(written);
      }),
    );
  });
});

const shown = (Spec: ServiceSpec, minor: number) => {
  const at = '2026-01-01T00:00:00Z';
  const Internal = { Revision: 1, SpecVersion: 1, Credentials: { RegistryAuth: 'hidden' } };
  const service: Service = {
    ID: 's' as ServiceId,
    Version: { Index: 1 },
    CreatedAt: at,
    UpdatedAt: at,
    Spec,
    Internal,
  };
  return present('service', service, minor);
};

describe('a service', () => {
  const versions = fc.constantFrom(24, 40, 41, 43, 44, 46, 51);

  test('that a client reads and writes back unchanged is unchanged', () => {
    fc.assert(
      fc.property(anyOf(serviceSpecSchema), versions, (value, minor) => {
        const stored = canonicalServiceSpec(words(value) as ServiceSpec, minor);
        const read = encodeJson(shown(stored, minor).Spec);
        const again = canonicalServiceSpec(decodeJson(serviceSpecSchema, read), minor);
        expect(encodeJson(again)).toBe(encodeJson(stored));
      }),
    );
  });

  test('never shows what is internal', () => {
    expect(encodeJson(shown({ Name: 'a' }, 51))).not.toMatch(/Internal|hidden|Revision/);
  });

  test('of whatever kind is accepted or refused, never more', () => {
    fc.assert(
      fc.property(anyOf(serviceSpecSchema), versions, (value, minor) => {
        try {
          unbuiltField(acceptServiceSpec(value as ServiceSpec, minor));
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });
});

describe('the settings of a swarm', () => {
  test('of which nothing is given are the defaults at init and zeros at update', () => {
    expect(initialSwarmSpec({})).toEqual({
      Name: 'default',
      Orchestration: { TaskHistoryRetentionLimit: 5 },
      Raft: {
        SnapshotInterval: 10000,
        KeepOldSnapshots: 0,
        LogEntriesForSlowFollowers: 500,
        ElectionTick: 10,
        HeartbeatTick: 1,
      },
      Dispatcher: { HeartbeatPeriod: 5000000000 },
      CAConfig: { NodeCertExpiry: 7776000000000000 },
    });
    expect(canonicalSwarmSpec({})).toEqual({
      Name: 'default',
      Orchestration: { TaskHistoryRetentionLimit: 0 },
      Raft: { KeepOldSnapshots: 0 },
    });
  });

  test('take what init gives, and never keep a signing key', () => {
    const spec = initialSwarmSpec(
      { CAConfig: { SigningCAKey: 'k', SigningCACert: 'c' }, Raft: { ElectionTick: 3 } },
      true,
    );
    expect(spec.Raft?.ElectionTick).toBe(3);
    expect(spec.EncryptionConfig).toEqual({ AutoLockManagers: true });
    expect(spec.CAConfig).toEqual({ NodeCertExpiry: 7776000000000000 });
  });
});
