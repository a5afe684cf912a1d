import { describe, expect, test } from 'vitest';
import { applyChanges } from './changes.ts';
import { parseDuration } from './duration.ts';

/** A variable in braces, as Dockerfiles have them. */
const braced = (inside: string) => `$\{${inside}}`;
const apply = (...changes: string[]) => applyChanges({}, changes);

describe('instructions of docker import -c', () => {
  test.each<[string, object]>([
    ['CMD ["sh", "-c", "echo hi"]', { Cmd: ['sh', '-c', 'echo hi'] }],
    ['cmd echo hi', { Cmd: ['/bin/sh', '-c', 'echo hi'] }],
    ['CMD [not json', { Cmd: ['/bin/sh', '-c', '[not json'] }],
    ['ENTRYPOINT ["/init"]', { Entrypoint: ['/init'] }],
    ['ENV A=1 B="two words" C=three\\ words D=\'$A\'', { Env: ['A=1', 'B=two words', 'C=three words', 'D=$A'] }],
    ['ENV A the rest of it', { Env: ['A=the rest of it'] }],
    [
      'EXPOSE 80 443/TCP 53/udp 8000-8002',
      { ExposedPorts: { '80/tcp': {}, '443/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} } },
    ],
    ['LABEL a=b "c d"="e f"', { Labels: { a: 'b', 'c d': 'e f' } }],
    ['ONBUILD RUN make', { OnBuild: ['RUN make'] }],
    ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['USER 1000:50', { User: '1000:50' }],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }],
    ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }],
    ['WORKDIR srv/../app', { WorkingDir: '/app' }],
    [
      'HEALTHCHECK --interval=5s --retries=3 CMD curl -f x',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 5e9, Retries: 3 } },
    ],
    ['HEALTHCHECK CMD ["true"]', { Healthcheck: { Test: ['CMD', 'true'] } }],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }],
    ['', {}],
    ['# a comment', {}],
  ])('%s', (change, config) => {
    expect(apply(change)).toEqual(config);
  });

  test('build on those before, with variables', () => {
    const changes = [
      'ENV BASE=/srv A=1',
      `ENV A=2 B=${braced('BASE')}/x`,
      'WORKDIR $BASE',
      'WORKDIR app',
      `USER ${braced('WHO:-bee')}`,
      'LABEL a=1',
      `LABEL b=${braced('A:+yes')}`,
    ];
    expect(apply(...changes)).toEqual({
      Env: ['BASE=/srv', 'A=2', 'B=/srv/x'],
      WorkingDir: '/srv/app',
      User: 'bee',
      Labels: { a: '1', b: 'yes' },
    });
  });

  test.each([
    ['RUN make', 'run is not a valid change command'],
    ['FROM scratch', 'from is not a valid change command'],
    ['CMD', 'CMD requires at least one argument'],
    ['ENV A', 'ENV must have two arguments'],
    ['ENV A=1 B', 'Must be of the form: name=value'],
    ['ENV =1', 'ENV names can not be blank'],
    ['ENV A="open', 'matching double-quote'],
    ['EXPOSE http', 'invalid containerPort: http'],
    ['EXPOSE 70000', 'invalid containerPort: 70000'],
    ['STOPSIGNAL $X', 'Invalid signal'],
    ['ONBUILD ONBUILD RUN x', "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['HEALTHCHECK --every=5s CMD x', 'Unknown flag: every'],
    ['HEALTHCHECK --interval=soon CMD x', 'invalid duration "soon"'],
    ['HEALTHCHECK curl', 'Unknown type "curl" in HEALTHCHECK (try CMD)'],
  ])('%s is refused', (change, message) => {
    expect(() => apply(change)).toThrowError(
      expect.objectContaining({ code: 'image-change-invalid', message: expect.stringContaining(message) }),
    );
  });
});

test.each<[string, number | undefined]>([
  ['0', 0],
  ['1m30s', 90e9],
  ['1.5h', 5400e9],
  ['100ms', 1e8],
  ['5', undefined],
  ['-5s', undefined],
  ['5 s', undefined],
])('the duration %j', (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds);
});
