import { json } from '../http/answer.ts';
import { MAX_API_VERSION, MIN_API_VERSION } from '../http/path.ts';
import type { Route } from '../http/router.ts';
import type { ApiPorts } from '../ports.ts';

/** `GET /version`: ours first among the components, then what we stand on. */
export function versionRoutes(ports: ApiPorts): readonly Route[] {
  return [{ method: 'GET', path: '/version', handle: () => json(versionDocument(ports)) }];
}

function versionDocument(ports: ApiPorts): Readonly<Record<string, unknown>> {
  const own = ports.engineInfo.version();
  const common = {
    ApiVersion: MAX_API_VERSION,
    Arch: own.arch,
    BuildTime: own.buildTime,
    GitCommit: own.gitCommit,
    // Clients print this field; it names what runs us.
    GoVersion: own.runtime,
    KernelVersion: own.kernelVersion,
    MinAPIVersion: MIN_API_VERSION,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'Ruche' },
    Components: [
      { Name: 'Engine', Version: own.version, Details: { ...common, Experimental: 'false' } },
      ...own.components,
    ],
    Version: own.version,
    ...common,
  };
}
