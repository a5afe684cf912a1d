import { readFile } from 'node:fs/promises';
import type { ApiListener } from '../api/index.ts';
import { messageOf, Refusal } from '../base/index.ts';
import { CONFIGURATION_FILE, type Configuration } from './configuration.ts';

/** The addresses that the configuration asks for, with their certificates read. */
export async function tcpListeners(configuration: Configuration): Promise<ApiListener[]> {
  const { listen, tlsVerify, insecureLoopback } = configuration;
  if (listen.length === 0) return [];
  const tls = tlsVerify ? { tls: await readTls(configuration) } : {};
  return listen.map((address) => ({ kind: 'tcp', ...splitAddress(address), ...tls, insecureLoopback }));
}

async function readTls({ tlsCa, tlsCert, tlsKey }: Configuration): Promise<{ ca: string; cert: string; key: string }> {
  const read = async (key: string, file: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      const expected = `the path of a readable PEM file (${messageOf(cause)})`;
      throw new Refusal('configuration-value-wrong', { file: CONFIGURATION_FILE, key, expected, cause });
    }
  };
  return { ca: await read('tlsCa', tlsCa), cert: await read('tlsCert', tlsCert), key: await read('tlsKey', tlsKey) };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    const expected = `a list of addresses such as "127.0.0.1:2376", not "${address}"`;
    throw new Refusal('configuration-value-wrong', { file: CONFIGURATION_FILE, key: 'listen', expected });
  }
  return { host, port };
}
