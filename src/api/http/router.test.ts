import { expect, test } from 'vitest';
import { empty } from './answer.ts';
import { type Route, Router } from './router.ts';

const route = (method: Route['method'], path: string): Route => ({ method, path, handle: () => empty() });

const router = new Router([
  route('GET', '/services'),
  route('POST', '/services/create'),
  route('GET', '/services/{id}'),
  route('GET', '/services/{id}/logs'),
  route('GET', '/images/json'),
  route('GET', '/images/{name:.*}/json'),
  route('GET', '/_ping'),
]);

test.each([
  ['GET', '/services', '/services', {}],
  ['POST', '/services/create', '/services/create', {}],
  ['GET', '/services/create', '/services/{id}', { id: 'create' }],
  ['GET', '/services/web/logs', '/services/{id}/logs', { id: 'web' }],
  ['GET', '/images/json', '/images/json', {}],
  ['GET', '/images/host:5000/a/b/json', '/images/{name:.*}/json', { name: 'host:5000/a/b' }],
  ['GET', '/_ping', '/_ping', {}],
])('%s %s goes to %s', (method, path, expected, params) => {
  const found = router.find(method, path);
  expect(found?.route.path).toBe(expected);
  expect(found?.params).toEqual(params);
});

test.each([
  ['GET', '/'],
  ['GET', '/services/'],
  ['GET', '/services/a/b/c'],
  ['PUT', '/services'],
  ['HEAD', '/services'],
  ['GET', '/service'],
  ['GET', '/_pingx'],
])('%s %s goes nowhere', (method, path) => {
  expect(router.find(method, path)).toBeUndefined();
});
