import type { Answer } from '../http/answer.ts';
import type { Route } from '../http/router.ts';
import type { ApiPorts, SwarmMembership } from '../ports.ts';

/** `GET` and `HEAD /_ping`: how clients find the version to speak, and whether this node manages a swarm. */
export function pingRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'GET', path: '/_ping', handle: () => pong(ports, 'OK') },
    { method: 'HEAD', path: '/_ping', handle: () => pong(ports, '') },
  ];
}

function pong(ports: ApiPorts, text: string): Answer {
  return {
    kind: 'text',
    status: 200,
    text,
    headers: {
      'Cache-Control': 'no-cache, no-store, must-revalidate',
      Pragma: 'no-cache',
      'Builder-Version': '2',
      Swarm: swarmWord(ports.swarm.membership(), ports.swarm.manager() !== undefined),
    },
  };
}

/** The six values of the `Swarm` header. */
function swarmWord(membership: SwarmMembership, isManager: boolean): string {
  if (membership.kind !== 'active') return membership.kind;
  return isManager ? 'active/manager' : 'active/worker';
}
