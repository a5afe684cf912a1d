import { describe, expect, test } from 'vitest';
import { parseConfiguration, readConfiguration } from './configuration.ts';

describe('the configuration', () => {
  test('an empty one is all defaults', () => {
    const defaults = parseConfiguration('{}', 'f');
    expect(defaults).toMatchObject({
      socket: '/run/ruche/ruche.sock',
      engine: 'embedded',
      listen: [],
      tlsVerify: false,
    });
  });

  test('what it sets is taken, the rest stays', () => {
    const set = parseConfiguration('{"engine":"docker","labels":["zone=a"]}', 'f');
    expect(set).toMatchObject({ engine: 'docker', labels: ['zone=a'], group: 'ruche' });
  });

  test.each([
    ['{', 'f can’t be read'],
    ['[]', 'one JSON object'],
    ['{"engine":"podman"}', '"engine" must be one of embedded, docker'],
    ['{"socket":"ruche.sock"}', '"socket" must be an absolute path'],
    ['{"labels":[1]}', '"labels" must be a list of labels'],
    ['{"state-directory":"/x"}', 'did you mean "stateDirectory"?'],
    ['{"sockt":"/x"}', 'did you mean "socket"?'],
    ['{"__proto__":1}', 'does not know'],
  ])('%s is refused: %s', (text, message) => {
    expect(() => parseConfiguration(text, 'f')).toThrow(message.replace('’', "'"));
  });

  test('a file that was named must be there', async () => {
    await expect(readConfiguration('/nonexistent/ruche.json')).rejects.toMatchObject({
      code: 'configuration-unreadable',
    });
  });
});
