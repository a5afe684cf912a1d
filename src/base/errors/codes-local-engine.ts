import type { ErrorTable } from './kinds.ts';

/** Errors of the container and image endpoints on the daemon's own engine. A code is stable API: add, never rename. */
export const localEngineErrors = {
  'api-no-such-container': { kind: 'notFound', text: ({ id }) => `No such container: ${id}` },
  'api-no-such-exec': { kind: 'notFound', text: ({ id }) => `No such exec instance: ${id}` },
  'api-body-not-object': {
    kind: 'invalid',
    text: () => 'the body must be one JSON object with the fields of the Engine API',
  },
  'container-runs': {
    kind: 'conflict',
    text: ({ name }) =>
      `cannot remove container "${name}": container is running: stop the container before removing or force remove`,
  },
  'container-without-image': { kind: 'invalid', text: () => 'no image specified: name one in the field Image' },
  'exec-without-command': { kind: 'invalid', text: () => 'No exec command specified' },
  'api-invalid-number': {
    kind: 'invalid',
    text: ({ name, value }) => `the query value ${name} must be a number, not "${value}"`,
  },
  'invalid-wait-condition': {
    kind: 'invalid',
    text: ({ condition }) => `invalid condition: "${condition}": use not-running, next-exit or removed`,
  },
} as const satisfies ErrorTable;
