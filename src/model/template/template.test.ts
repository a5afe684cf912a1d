import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../base/index.ts';
import { expandContainer, expandTemplate, type TemplateContext } from '../index.ts';

const context: TemplateContext = {
  Service: { ID: 'sid', Name: 'web', Labels: { 'a.b': 'x', zone: 'east', empty: '' } },
  Node: { ID: 'nid', Hostname: 'h1', Platform: { Architecture: 'x86_64', OS: 'linux' } },
  Task: { ID: 'tid', Name: 'web.3.tid', Slot: '3' },
};

describe('a template expands', () => {
  test.each([
    ['plain', 'plain'],
    ['{{.Service.Name}}-{{.Task.Slot}}', 'web-3'],
    ['{{ .Node.Platform.OS }}/{{.Node.Platform.Architecture}}', 'linux/x86_64'],
    ['{{.Service.Labels.zone}}', 'east'],
    ['{{index .Service.Labels "a.b"}}', 'x'],
    ['[{{index .Service.Labels "none"}}]', '[]'],
    ['{{ join "-" .Service.Name .Task.Slot }}', 'web-3'],
    ['{{.Service.Name | printf "%s-%s" "a"}}', 'a-web'],
    ['{{printf "%q %d%%" "a" 5}}', '"a" 5%'],
    ['{{if eq .Task.Slot "3"}}first{{else}}other{{end}}', 'first'],
    ['{{if eq .Task.Slot "1" "2"}}a{{else if .Service.Labels.empty}}b{{else}}c{{end}}', 'c'],
    ['{{with .Node}}{{.ID}}{{end}}', 'nid'],
    ['a {{- "b" -}} c', 'abc'],
    ['a{{/* no */}}b', 'ab'],
    ['{{len .Service.Name}}{{not true}}', '3false'],
    ['{{(index .Service.Labels "zone") | len}}', '4'],
    ['{{slice .Service.Name 1 2}}{{`raw`}}', 'eraw'],
    ['{{.Service}}', '{sid web map[a.b:x empty: zone:east]}'],
    ['}} {{"}}"}}', '}} }}'],
    ['{{or .Service.Labels.empty "d"}}{{and "a" "b"}}', 'db'],
    ['{{html "<a>"}}{{urlquery "a b"}}', '&lt;a&gt;a+b'],
  ])('%s → %s', (text, expanded) => {
    expect(expandTemplate(text, context)).toBe(expanded);
  });

  test('with the functions of configs', () => {
    expect(expandTemplate('{{env "A"}}', context, { env: (name) => `<${name}>` })).toBe('<A>');
  });
});

describe('a template is refused with the words of Go', () => {
  const type = 'struct { ID string; Hostname string; Platform template.Platform }';
  test.each([
    ['{{', 'template: expansion:1: unclosed action'],
    ['a\n{{.Node.ID', 'template: expansion:2: unclosed action'],
    [
      '{{.Foo}}',
      'template: expansion:1:2: executing "expansion" at <.Foo>: can\'t evaluate field Foo in type *template.Context',
    ],
    [
      '{{.Node.Nope}}',
      `template: expansion:1:7: executing "expansion" at <.Node.Nope>: can't evaluate field Nope in type ${type}`,
    ],
    [
      '{{.Service.Labels.x}}',
      'template: expansion:1:10: executing "expansion" at <.Service.Labels.x>: map has no entry for key "x"',
    ],
    ['{{nope}}', 'template: expansion:1: function "nope" not defined'],
    ['{{}}', 'template: expansion:1: missing value for command'],
    ['{{.Node.ID |}}', 'template: expansion:1: missing value for command'],
    ['{{if true}}', 'template: expansion:1: unexpected EOF'],
    ['{{end}}', 'template: expansion:1: unexpected {{end}}'],
    ['{{"a}}', 'template: expansion:1: unterminated quoted string'],
    ['{{$x}}', 'template: expansion:1: undefined variable "$x"'],
    ['{{range .Service.Labels}}{{end}}', 'template: expansion:1: "range" is not supported here'],
    [
      '{{.Node.constructor}}',
      `template: expansion:1:7: executing "expansion" at <.Node.constructor>: can't evaluate field constructor in type ${type}`,
    ],
  ])('%j', (text, why) => {
    expect(() => expandTemplate(text, context)).toThrow(why);
  });

  test('whatever it is', () => {
    const near = fc.string({
      unit: fc.constantFrom(
        '{{',
        '}}',
        '.',
        'Node',
        '.ID',
        ' ',
        '"',
        '(',
        ')',
        '|',
        'if',
        'end',
        'else',
        'x',
        '-',
        '5',
        '/*',
        'len',
        'index',
        '\n',
      ),
      maxLength: 12,
    });
    fc.assert(
      fc.property(near, (text) => {
        try {
          expandTemplate(text, context);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test('a container is expanded where Swarm expands it', () => {
  const container = {
    Image: '{{.Node.ID}}',
    Args: ['{{.Node.ID}}'],
    Env: ['{{.Node.ID}}={{.Node.ID}}', 'BARE{{'],
    Hostname: '{{.Node.Hostname}}-{{.Task.Slot}}',
    Mounts: [
      {
        Source: '{{.Service.Name}}',
        Target: '/{{.Task.Slot}}',
        VolumeOptions: { Labels: { l: '{{.Task.ID}}' }, DriverConfig: { Name: '{{', Options: { o: '{{.Node.ID}}' } } },
      },
    ],
  };
  expect(expandContainer(container, context)).toEqual({
    Image: '{{.Node.ID}}',
    Args: ['{{.Node.ID}}'],
    Env: ['{{.Node.ID}}=nid', 'BARE{{'],
    Hostname: 'h1-3',
    Mounts: [
      {
        Source: 'web',
        Target: '/3',
        VolumeOptions: { Labels: { l: 'tid' }, DriverConfig: { Name: '{{', Options: { o: 'nid' } } },
      },
    ],
  });
});
