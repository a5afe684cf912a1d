import { describe, expect, test } from 'vitest';
import { resolveAddresses } from './addresses.ts';

const eth0 = { name: 'eth0', address: '192.0.2.7', isLoopback: false };
const eth1 = { name: 'eth1', address: '198.51.100.7', isLoopback: false };
const lo = { name: 'lo', address: '127.0.0.1', isLoopback: true };

const resolve = (request: Parameters<typeof resolveAddresses>[0], interfaces = [lo, eth0]) =>
  resolveAddresses(request, interfaces, true);

describe('resolveAddresses', () => {
  test('an interface stands for its address, a missing port for the default', () => {
    expect(resolve({ ListenAddr: 'eth0', AdvertiseAddr: 'eth0:4000', DataPathAddr: 'lo' })).toEqual({
      listen: { host: '192.0.2.7', port: 2377 },
      advertise: { host: '192.0.2.7', port: 4000 },
      dataPathHost: '127.0.0.1',
    });
  });

  test('what is listened on is advertised, and the only address of the machine when all are listened on', () => {
    expect(resolve({ ListenAddr: '127.0.0.1:2000' }).advertise).toEqual({ host: '127.0.0.1', port: 2000 });
    expect(resolve({ ListenAddr: '0.0.0.0:2377' }).advertise).toEqual({ host: '192.0.2.7', port: 2377 });
    expect(resolve({ ListenAddr: ':2377' }).listen).toEqual({ host: '0.0.0.0', port: 2377 });
  });

  test('a choice between addresses is left to the user', () => {
    expect(() => resolve({ ListenAddr: '0.0.0.0' }, [lo, eth0, eth1])).toThrow(
      'could not choose an IP address to advertise since this system has multiple addresses on different interfaces (192.0.2.7 on eth0 and 198.51.100.7 on eth1)',
    );
    expect(() => resolve({ ListenAddr: '0.0.0.0' }, [eth0, { ...eth1, name: 'eth0' }])).toThrow(
      'multiple addresses on interface eth0 (192.0.2.7 and 198.51.100.7)',
    );
    expect(() => resolve({ ListenAddr: '0.0.0.0' }, [lo])).toThrow("could not find the system's IP address");
  });

  test('a joining node may leave its address to the managers', () => {
    expect(resolveAddresses({ ListenAddr: '0.0.0.0' }, [lo, eth0, eth1], false).advertise).toBeUndefined();
  });

  test.each([
    [{ ListenAddr: 'foo' }, 'listen address must be'],
    [{ ListenAddr: '300.0.0.1' }, 'listen address must be'],
    [{ ListenAddr: 'eth0:x' }, 'listen address must be'],
    [{ ListenAddr: '0.0.0.0:99999' }, 'listen tcp: address 99999: invalid port'],
    [{ ListenAddr: 'eth0', AdvertiseAddr: 'nosuchif0' }, 'advertise address must be'],
    [{ ListenAddr: 'eth0', AdvertiseAddr: '0.0.0.0' }, 'advertise address must be'],
    [{ ListenAddr: 'eth0', AdvertiseAddr: '192.0.2.7:0' }, 'advertise address must be'],
    [{ ListenAddr: 'eth0', DataPathAddr: '192.0.2.7:1' }, 'data path address must be'],
    [{ ListenAddr: 'eth0', DataPathAddr: '0.0.0.0' }, 'data path address must be'],
  ])('%j is refused', (request, message) => {
    expect(() => resolve(request)).toThrow(message);
  });
});
