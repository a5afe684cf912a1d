import { arch } from 'node:process';
import { Refusal } from '../../../../base/index.ts';

/** In Go's words: linux, amd64, v8. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const ARCHITECTURES: Readonly<Record<string, Platform>> = {
  x64: { os: 'linux', architecture: 'amd64' },
  arm64: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  arm: { os: 'linux', architecture: 'arm', variant: 'v7' },
  ia32: { os: 'linux', architecture: '386' },
};

/** Other spellings of architectures that people write. */
const SPELLINGS: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm/v7',
  armel: 'arm/v6',
  i386: '386',
};

/** The platform that this process runs on. */
export function hostPlatform(): Platform {
  return ARCHITECTURES[arch] ?? { os: 'linux', architecture: arch };
}

/** Reads `os[/arch[/variant]]` as people write it; what is left out is the host's. */
export function parsePlatform(text: string, host: Platform): Platform {
  const refused = () => new Refusal('image-platform-invalid', { platform: text });
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9_.-]+$/.test(part))) throw refused();
  const [first = '', second, third] = parts;
  const isOs = ['linux', 'windows', 'darwin', 'freebsd', 'wasi'].includes(first);
  if (!isOs && second !== undefined) throw refused();
  const architecture = isOs ? second : first;
  if (architecture === undefined) return { ...host, os: first };
  const [name = '', variant = third] = (SPELLINGS[architecture] ?? architecture).split('/');
  return { os: isOs ? first : host.os, architecture: name, ...(variant === undefined ? {} : { variant }) };
}

/** `linux/arm64/v8`: as messages have it. */
export function platformName({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/**
 * How well an offered platform suits the wanted one: 0 is best, undefined is not at all. An ARM machine runs older variants; no
 * platform at all is what old images have.
 */
export function platformRank(offered: Platform | undefined, wanted: Platform): number | undefined {
  if (offered === undefined) return 100;
  if (offered.os !== wanted.os) return undefined;
  if (offered.architecture !== wanted.architecture) {
    const is32BitArm = wanted.architecture === 'arm64' && offered.architecture === 'arm';
    return is32BitArm ? 50 : undefined;
  }
  const have = variantNumber(offered);
  const want = variantNumber(wanted);
  return have > want ? undefined : want - have;
}

/** 32-bit ARM without a variant means v7, 64-bit ARM v8, amd64 v1. */
function variantNumber({ architecture, variant }: Platform): number {
  const standard = architecture === 'arm64' ? 8 : architecture === 'arm' ? 7 : 1;
  const digits = /^v(\d)/.exec(variant ?? '')?.[1];
  return digits === undefined ? standard : Number(digits);
}
