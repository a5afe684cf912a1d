import { X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/index.ts';
import type { ClusterId, NodeId } from '../model/index.ts';
import { createRoot, issueNodeCertificate, rootDigest, trustInfo } from './authority.ts';
import { createJoinToken, parseJoinToken, sameToken } from './join-token.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';

const NOW = Date.UTC(2026, 0, 2);
const HOUR = 3_600_000;
const identity = { nodeId: 'n'.repeat(25) as NodeId, clusterId: 'c'.repeat(25) as ClusterId, role: 'manager' } as const;

describe('certificates', () => {
  test('the root is Swarm’s: self-signed, P-256, 20 years', async () => {
    const root = new X509Certificate((await createRoot(NOW)).certificate);
    expect(root.subject).toBe('CN=swarm-ca');
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(root.validToDate.getTime()).toBe(NOW + 630_720_000_000);
  });

  test('a node’s names cluster, role and node, is signed by the root and good an hour longer on both sides', async () => {
    const root = await createRoot(NOW);
    const issued = await issueNodeCertificate(root, identity, { now: NOW, expiryMs: 90 * 24 * HOUR });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.verify(new X509Certificate(root.certificate).publicKey)).toBe(true);
    expect(certificate.subject).toBe(`O=${identity.clusterId}\nOU=swarm-manager\nCN=${identity.nodeId}`);
    expect(certificate.subjectAltName).toBe(`DNS:swarm-manager, DNS:${identity.nodeId}, DNS:swarm-ca`);
    expect(certificate.validFromDate.getTime()).toBe(NOW - HOUR);
    expect(certificate.validToDate.getTime()).toBe(NOW + 90 * 24 * HOUR + HOUR);
    expect(certificate.ca).toBe(false);
  });

  test('a worker’s is not good for the CA’s name', async () => {
    const issued = await issueNodeCertificate(
      await createRoot(NOW),
      { ...identity, role: 'worker' },
      { now: NOW, expiryMs: HOUR },
    );
    expect(new X509Certificate(issued.certificate).subjectAltName).not.toContain('swarm-ca');
  });

  test('the trust info is what clients compare: PEM and DER in base64', async () => {
    const { certificate } = await createRoot(NOW);
    const info = trustInfo(certificate);
    expect(info.TrustRoot).toBe(certificate);
    expect(Buffer.from(info.CertIssuerSubject, 'base64').toString('latin1')).toContain('swarm-ca');
    const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
    expect(info.CertIssuerPublicKey).toBe(key.toString('base64'));
  });
});

describe('join tokens', () => {
  test('carry the root’s fingerprint and a secret', async () => {
    const { certificate } = await createRoot(NOW);
    const token = createJoinToken(certificate, new SeededRandom(1));
    expect(token).toMatch(/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
    expect(Buffer.from(parseJoinToken(token).digest)).toEqual(rootDigest(certificate));
    expect(sameToken(token, token)).toBe(true);
    expect(sameToken(token, createJoinToken(certificate, new SeededRandom(2)))).toBe(false);
  });

  test.each(['', 'x', 'SWMTKN-1-abc-def', `SWMTKN-2-${'0'.repeat(50)}-${'0'.repeat(25)}`])('%j is refused', (token) => {
    expect(() => parseJoinToken(token)).toThrow('invalid join token');
  });
});

describe('the key file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ruche-key-file-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const keys = {
    dataKey: Buffer.alloc(32, 1),
    identity: { nodeId: 'n', certificate: 'certificate', privateKey: 'key' },
  };

  test('is read as it was written, for its owner only', async () => {
    const path = join(directory, 'node.key');
    expect(await readKeyFile(path)).toBeUndefined();
    await writeKeyFile(path, keys);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readKeyFile(path)).toEqual(keys);
  });

  test('is refused when others may read it, and when it is cut, says which file and why', async () => {
    const path = join(directory, 'node.key');
    await writeKeyFile(path, keys);
    await chmod(path, 0o644);
    await expect(readKeyFile(path)).rejects.toThrow(/node\.key.*chmod 600/);
    await writeFile(path, '{"version":1,', { mode: 0o600 });
    await chmod(path, 0o600);
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'key-file-unreadable' });
  });
});
