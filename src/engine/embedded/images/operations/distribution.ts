import { MAX_CONFIG_BYTES, parseImageConfig } from '../documents/image-config.ts';
import type { Platform } from '../documents/platform.ts';
import { parseReference, withDefaultTag } from '../reference.ts';
import { RepositoryClient } from '../registry/client.ts';
import type { Credentials } from '../registry/credentials.ts';
import type { RegistryParts } from './pull.ts';

/** The answer of `GET /distribution/{name}/json`. */
export interface DistributionInspect {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly Platforms: readonly Platform[];
}

/** What a registry has under a name, without bringing it here; clients pin services to the digest. */
export async function inspectDistribution(
  text: string,
  parts: RegistryParts & { readonly credentials: Credentials; readonly signal: AbortSignal },
): Promise<DistributionInspect> {
  const reference = withDefaultTag(parseReference(text));
  const { client, fetched } = await RepositoryClient.connect(reference, parts);
  const { manifest, digest, sizeBytes } = fetched;
  const Descriptor = { mediaType: manifest.mediaType, digest, size: sizeBytes };
  if (manifest.kind === 'index') {
    const platforms = manifest.manifests.map(({ platform }) => platform);
    return { Descriptor, Platforms: platforms.filter((platform) => platform !== undefined) };
  }
  const config = parseImageConfig(await client.fetchDocument(manifest.config, MAX_CONFIG_BYTES, parts.signal));
  const { architecture, os, variant } = config;
  return { Descriptor, Platforms: [{ architecture, os, ...(variant === undefined ? {} : { variant }) }] };
}
