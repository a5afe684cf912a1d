import { createHash } from 'node:crypto';
import { Refusal } from '../../../base/index.ts';

/** `sha256:` and 64 lower-case hex digits; the only algorithm that registries use in practice and that Ruche takes. */
export type Digest = string & { readonly brand: 'Digest' };

const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest in full. */
export function isDigest(text: string): text is Digest {
  return DIGEST_PATTERN.test(text);
}

/** Reads a digest from a document; `where` names the document in the error. */
export function parseDigest(text: string, where: string): Digest {
  if (!isDigest(text)) throw new Refusal('image-document-invalid', { where, why: `${text} is not a sha256 digest` });
  return text;
}

/** The digest of bytes held in memory. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The 64 hex digits: names of files. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** The 12 digits that people see in tables and messages. */
export function shortId(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/**
 * Chain ids of layers, bottom first: each names a layer together with all below it.
 * Source: OCI image specification, config.md, "Layer ChainID".
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
