// x509's container of algorithms asks for it.
import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Instant } from '../base/index.ts';
import type { ClusterId, NodeId, NodeRole } from '../model/index.ts';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Swarm's: 20 years. */
const ROOT_VALIDITY_MS = 630_720_000_000;
/** Certificates begin this long before they are issued and end this long after their expiry, for clocks that disagree. */
const CLOCK_TOLERANCE_MS = 3_600_000;
/** Positive serial numbers of 20 bytes (RFC 5280, 4.1.2.2). */
const SERIAL_BYTES = 20;

/** A certificate and its key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who a node's certificate says it is; see the behaviour reference, 9.1. */
export interface NodeIdentity {
  readonly nodeId: NodeId;
  readonly clusterId: ClusterId;
  readonly role: NodeRole;
}

/** A new root: ECDSA P-256, self-signed, CN `swarm-ca`, 20 years. */
export async function createRoot(now: Instant): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: 'CN=swarm-ca',
      issuer: 'CN=swarm-ca',
      notBefore: new Date(now - CLOCK_TOLERANCE_MS),
      notAfter: new Date(now + ROOT_VALIDITY_MS),
      signingAlgorithm: SIGNATURE,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: pem(certificate), privateKey: await exportKey(keys.privateKey) };
}

/** A new key and certificate for a node, signed by `root`, good for `expiryMs` and an hour on both sides. */
export async function issueNodeCertificate(
  root: KeyedCertificate,
  identity: NodeIdentity,
  validity: { readonly now: Instant; readonly expiryMs: number },
): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const unit = identity.role === 'manager' ? 'swarm-manager' : 'swarm-worker';
  const names = [unit, identity.nodeId, ...(identity.role === 'manager' ? ['swarm-ca'] : [])];
  const issuer = new X509Certificate(root.certificate);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: [{ O: [identity.clusterId] }, { OU: [unit] }, { CN: [identity.nodeId] }],
      issuer: issuer.subject,
      notBefore: new Date(validity.now - CLOCK_TOLERANCE_MS),
      notAfter: new Date(validity.now + validity.expiryMs + CLOCK_TOLERANCE_MS),
      signingAlgorithm: SIGNATURE,
      publicKey: keys.publicKey,
      signingKey: await importKey(root.privateKey),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      ],
    },
    webcrypto,
  );
  return { certificate: pem(certificate), privateKey: await exportKey(keys.privateKey) };
}

/** What `docker swarm ca` and node descriptions show of a root: PEM, and base64 of the DER of subject and public key. */
export function trustInfo(rootCertificate: string): {
  readonly TrustRoot: string;
  readonly CertIssuerSubject: string;
  readonly CertIssuerPublicKey: string;
} {
  const root = new X509Certificate(rootCertificate);
  return {
    TrustRoot: rootCertificate,
    CertIssuerSubject: Buffer.from(root.subjectName.toArrayBuffer()).toString('base64'),
    CertIssuerPublicKey: Buffer.from(root.publicKey.rawData).toString('base64'),
  };
}

/** SHA-256 of the root's PEM, as join tokens carry it. */
export function rootDigest(rootCertificate: string): Uint8Array {
  return createHash('sha256').update(rootCertificate).digest();
}

function generateKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${lines(body)}\n-----END PRIVATE KEY-----\n`;
}

function importKey(key: string): Promise<webcrypto.CryptoKey> {
  const body = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return webcrypto.subtle.importKey('pkcs8', body, CURVE, false, ['sign']);
}

function pem(certificate: X509Certificate): string {
  const body = Buffer.from(certificate.rawData).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${lines(body)}\n-----END CERTIFICATE-----\n`;
}

function lines(base64: string): string {
  return (base64.match(/.{1,64}/g) ?? []).join('\n');
}

function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
