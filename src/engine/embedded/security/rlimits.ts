import { Refusal } from '../../../base/index.ts';
import type { OciRlimit } from '../spec/oci.ts';

/** Names as Docker takes them, with the line of `/proc/self/limits` that shows each. */
const resources: Readonly<Record<string, { readonly line: string }>> = {
  as: { line: 'Max address space' },
  core: { line: 'Max core file size' },
  cpu: { line: 'Max cpu time' },
  data: { line: 'Max data size' },
  fsize: { line: 'Max file size' },
  locks: { line: 'Max file locks' },
  memlock: { line: 'Max locked memory' },
  msgqueue: { line: 'Max msgqueue size' },
  nice: { line: 'Max nice priority' },
  nofile: { line: 'Max open files' },
  nproc: { line: 'Max processes' },
  rss: { line: 'Max resident set' },
  rtprio: { line: 'Max realtime priority' },
  rttime: { line: 'Max realtime timeout' },
  sigpending: { line: 'Max pending signals' },
  stack: { line: 'Max stack size' },
};

/** Unlimited, as the OCI specification writes it: the largest unsigned 64-bit number. */
export const UNLIMITED = 2n ** 64n - 1n;

/** Hard limits by Docker's names, from the text of `/proc/self/limits`. */
export function parseLimits(text: string): Map<string, bigint> {
  const limits = new Map<string, bigint>();
  for (const [name, { line }] of Object.entries(resources)) {
    const found = text.split('\n').find((row) => row.startsWith(`${line} `));
    const hard = found?.slice(line.length).trim().split(/\s+/)[1];
    if (hard !== undefined) limits.set(name, hard === 'unlimited' ? UNLIMITED : BigInt(hard));
  }
  return limits;
}

interface Ulimit {
  readonly Name?: string;
  readonly Soft?: number | bigint;
  readonly Hard?: number | bigint;
}

/**
 * A container's limits for runc. Without CAP_SYS_RESOURCE nobody raises a limit above their own, and runc would fail: limits are
 * lowered to `ceilings` then. -1 means unlimited.
 */
export function resolveUlimits(
  ulimits: readonly Ulimit[],
  ceilings: ReadonlyMap<string, bigint> | undefined,
): OciRlimit[] {
  return ulimits.map(({ Name = '', Soft = 0, Hard = 0 }) => {
    if (resources[Name] === undefined)
      throw new Refusal('container-ulimit-invalid', { name: Name, why: 'there is no such limit' });
    const unsigned = (value: number | bigint): bigint => (BigInt(value) < 0n ? UNLIMITED : BigInt(value));
    const ceiling = ceilings?.get(Name) ?? UNLIMITED;
    const lower = (value: bigint): bigint => (value < ceiling ? value : ceiling);
    if (unsigned(Soft) > unsigned(Hard))
      throw new Refusal('container-ulimit-invalid', {
        name: Name,
        why: `ulimit soft limit must be less than or equal to hard limit: ${Soft} > ${Hard}`,
      });
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: lower(unsigned(Soft)), hard: lower(unsigned(Hard)) };
  });
}
