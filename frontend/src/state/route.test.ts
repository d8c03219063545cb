import { expect, it } from 'vitest';

import { href, parseRoute, type Route } from './route';

it('leads back from every address', () => {
  const routes: Route[] = [
    { screen: 'overview' },
    { screen: 'queue' },
    { screen: 'server', id: 0, at: null, part: 'metrics' },
    { screen: 'server', id: 12, at: 1_764_000_000_000, part: 'log' },
    { screen: 'server', id: 12, at: null, part: 'connection' },
  ];
  for (const route of routes) expect(parseRoute(href(route))).toEqual(route);
});

it('shows the first part of a server for one that is none', () => {
  expect(parseRoute('#/servers/1?part=cellar')).toEqual({ screen: 'server', id: 1, at: null, part: 'metrics' });
});

it('shows the overview for an address that is none', () => {
  for (const hash of ['', '#', '#/nowhere', '#/servers/x', '#/servers/1/2'])
    expect(parseRoute(hash)).toEqual({ screen: 'overview' });
});
