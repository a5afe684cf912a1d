import { networkInterfaces } from 'node:os';

/** Addresses of this machine's interfaces, those of loopback and of link scope marked or left out. */
export function machineInterfaces(): ReadonlyArray<{
  readonly name: string;
  readonly address: string;
  readonly isLoopback: boolean;
}> {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family, scopeid }) => family === 'IPv4' || scopeid === 0)
      .map(({ address, internal }) => ({ name, address, isLoopback: internal })),
  );
}
