import type { Client } from './client.ts';

interface Info {
  readonly Swarm?: { readonly LocalNodeState?: string };
}

/** Makes the daemon a swarm of one unless it is in a swarm. Resolves with what undoes it. */
export async function enterSwarm(client: Client): Promise<() => Promise<void>> {
  const { Swarm } = await client.call<Info>('GET', '/info');
  if (Swarm?.LocalNodeState === 'active') return async () => undefined;
  await client.call('POST', '/swarm/init', { ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' });
  return async () => {
    await client.call('POST', '/swarm/leave?force=1');
  };
}
