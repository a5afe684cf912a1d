import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

export interface TlsFiles {
  /** Certificates of authorities, PEM: the system's and those given for this host. */
  readonly ca: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** What `<directory>/<host>` holds for TLS; a host without a folder has the system's authorities only. */
export async function loadCertificates(directory: string, host: string): Promise<TlsFiles> {
  const folder = join(directory, host);
  const names = await listOf(folder);
  const own = await Promise.all(
    names.filter((name) => name.endsWith('.crt')).map((name) => readFile(join(folder, name), 'utf8')),
  );
  const ca = [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own])];
  const cert = names.find((name) => name.endsWith('.cert') && names.includes(name.replace(/\.cert$/, '.key')));
  if (cert === undefined) return { ca };
  return {
    ca,
    cert: await readFile(join(folder, cert), 'utf8'),
    key: await readFile(join(folder, cert.replace(/\.cert$/, '.key')), 'utf8'),
  };
}

async function listOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
