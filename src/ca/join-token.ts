import { timingSafeEqual } from 'node:crypto';
import { type Random, Refusal } from '../base/index.ts';
import { rootDigest } from './authority.ts';

// SWMTKN-1-<SHA-256 of the root's PEM, base36, 50 digits>-<16 random bytes, base36, 25 digits>
const DIGEST_DIGITS = 50;
const SECRET_DIGITS = 25;
const SECRET_BYTES = 16;

/** A join token as Swarm makes it: the fingerprint of the cluster's root, so that a joiner knows it, and a secret, so that it is let in. */
export function createJoinToken(rootCertificate: string, random: Random): string {
  const digest = base36(rootDigest(rootCertificate), DIGEST_DIGITS);
  return `SWMTKN-1-${digest}-${base36(random.bytes(SECRET_BYTES), SECRET_DIGITS)}`;
}

/** The parts of a token; throws `join-token-malformed`. */
export function parseJoinToken(token: string): { readonly digest: Uint8Array; readonly secret: string } {
  const match = /^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/.exec(token);
  if (match?.[1] === undefined || match[2] === undefined) throw new Refusal('join-token-malformed');
  return { digest: fromBase36(match[1], 32), secret: match[2] };
}

/** Compares whole tokens in time that does not depend on where they differ. */
export function sameToken(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

function base36(bytes: Uint8Array, digits: number): string {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    .toString(36)
    .padStart(digits, '0');
}

function fromBase36(digits: string, length: number): Uint8Array {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}
