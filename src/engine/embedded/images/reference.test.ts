import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalName, familiarName, parseReference, withDefaultTag } from './reference.ts';

const hex = 'a'.repeat(64);

describe('names as people write them', () => {
  test.each([
    ['busybox', 'docker.io/library/busybox', 'busybox'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['index.docker.io/busybox', 'docker.io/library/busybox', 'busybox'],
    ['docker.io/user/app:v1', 'docker.io/user/app:v1', 'user/app:v1'],
    ['localhost/app', 'localhost/app', 'localhost/app'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
    ['registry.local/a/b/c', 'registry.local/a/b/c', 'registry.local/a/b/c'],
    ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000/app'],
    ['Host/app', 'Host/app', 'Host/app'],
    ['library/a/b', 'docker.io/library/a/b', 'library/a/b'],
    [`app:v1@sha256:${hex}`, `docker.io/library/app:v1@sha256:${hex}`, `app:v1@sha256:${hex}`],
    ['a__b/c--d.e', 'docker.io/a__b/c--d.e', 'a__b/c--d.e'],
  ])('%s', (text, canonical, familiar) => {
    const reference = parseReference(text);
    expect(canonicalName(reference)).toBe(canonical);
    expect(familiarName(reference)).toBe(familiar);
  });

  test.each([
    ['', 'invalid reference format'],
    [':latest', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
    ['-a', 'invalid reference format'],
    ['a:', 'invalid reference format'],
    ['a@', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    ['../../etc/passwd', 'invalid reference format'],
    ['Busybox', 'invalid reference format: repository name (library/Busybox) must be lowercase'],
    ['a@sha256:abc', 'invalid checksum digest length'],
    [`a:${'t'.repeat(129)}`, 'invalid reference format'],
    [hex, `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`],
    ['a/'.repeat(130).concat('b'), 'repository name must not be more than 255 characters'],
  ])('refuses %j', (text, message) => {
    expect(() => parseReference(text)).toThrowError(expect.objectContaining({ message, kind: 'invalid' }));
  });

  test('the default tag is added only where nothing else says which image is meant', () => {
    expect(familiarName(withDefaultTag(parseReference('app')))).toBe('app:latest');
    expect(familiarName(withDefaultTag(parseReference('app:v1')))).toBe('app:v1');
    expect(familiarName(withDefaultTag(parseReference(`app@sha256:${hex}`)))).toBe(`app@sha256:${hex}`);
  });
});

test('the canonical and the familiar spelling mean the same image', () => {
  const component = fc.stringMatching(/^[a-z0-9]{1,6}([._-][a-z0-9]{1,4})?$/);
  const domain = fc.constantFrom('', 'docker.io/', 'localhost/', 'localhost:5000/', 'r.example.com/', '[::1]:80/');
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/), { nil: undefined });
  fc.assert(
    fc.property(domain, fc.array(component, { minLength: 1, maxLength: 4 }), tag, (registry, path, tagged) => {
      const reference = parseReference(`${registry}${path.join('/')}${tagged === undefined ? '' : `:${tagged}`}`);
      expect(parseReference(canonicalName(reference))).toEqual(reference);
      expect(parseReference(familiarName(reference))).toEqual(reference);
    }),
  );
});

test('any text is either read or refused as invalid', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseReference(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'image-reference-invalid' });
      }
    }),
  );
});
