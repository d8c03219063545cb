/** What the window knows, and how an event changes it. Pure: the same events give the same picture. */

import type { Activity } from '../api/gen/Activity';
import type { Alert } from '../api/gen/Alert';
import type { Event } from '../api/gen/Event';
import type { Latest } from '../api/gen/Latest';
import type { LoginPrompt } from '../api/gen/LoginPrompt';
import type { ServerId } from '../api/gen/ServerId';
import type { ServerView } from '../api/gen/ServerView';
import type { Snapshot } from '../api/gen/Snapshot';

/** The snapshot as events have changed it since, and the newest values of every server that sent some. */
export interface Model extends Snapshot {
  latest: ReadonlyMap<ServerId, Latest>;
}

/** The most activity that is kept without the activity screen asking for more. */
const ACTIVITY_KEPT = 50;

const LOCAL: ServerId = 0;

/** The model right after a snapshot. */
export function fromSnapshot(snapshot: Snapshot): Model {
  return { ...snapshot, latest: new Map() };
}

/** This computer first, the others by name: the order of the snapshot. */
function inOrder(a: ServerView, b: ServerView): number {
  if (a.server.id === LOCAL || b.server.id === LOCAL) {
    return Number(b.server.id === LOCAL) - Number(a.server.id === LOCAL);
  }
  return a.server.name.localeCompare(b.server.name);
}

/** `items` with `item` in the place of the one with its id, or in front of all. */
export function upsert<Item extends { id: number }>(items: readonly Item[], item: Item): Item[] {
  const known = items.some(({ id }) => id === item.id);
  return known ? items.map((old) => (old.id === item.id ? item : old)) : [item, ...items];
}

function withServer(model: Model, view: ServerView): Model {
  const index = model.servers.findIndex(({ server }) => server.id === view.server.id);
  const renamed = model.servers[index]?.server.name !== view.server.name;
  const servers = index < 0 ? [...model.servers, view] : model.servers.with(index, view);
  return { ...model, servers: renamed ? servers.sort(inOrder) : servers };
}

function withoutServer(model: Model, id: ServerId): Model {
  const latest = new Map(model.latest);
  latest.delete(id);
  return {
    ...model,
    servers: model.servers.filter(({ server }) => server.id !== id),
    // The engine forgets the alerts of a server together with it.
    alerts: model.alerts.filter(({ server }) => server !== id),
    latest,
  };
}

function withAlert(alerts: Alert[], alert: Alert): Alert[] {
  return alert.state === 'firing' ? upsert(alerts, alert) : alerts.filter(({ id }) => id !== alert.id);
}

function withActivity(activity: Activity[], entry: Activity): Activity[] {
  return upsert(activity, entry)
    .sort((a, b) => b.id - a.id)
    .slice(0, ACTIVITY_KEPT);
}

/** The one that was asked first is answered first: a prompt that the snapshot held already keeps its place. */
function withPrompt(prompts: LoginPrompt[], prompt: LoginPrompt): LoginPrompt[] {
  return prompts.some(({ id }) => id === prompt.id) ? prompts : [...prompts, prompt];
}

function without(prompts: LoginPrompt[], id: string): LoginPrompt[] {
  return prompts.filter((prompt) => prompt.id !== id);
}

/** The model after `event`. Events carry whole things, so one that the snapshot already held changes nothing. */
export function apply(model: Model, event: Event): Model {
  switch (event.type) {
    case 'server':
      return withServer(model, event.view);
    case 'serverRemoved':
      return withoutServer(model, event.id);
    case 'latest':
      return { ...model, latest: new Map(model.latest).set(event.id, event.latest) };
    case 'queue':
      return { ...model, queue: event.queue };
    case 'alert':
      return { ...model, alerts: withAlert(model.alerts, event.alert) };
    case 'activity':
      return { ...model, activity: withActivity(model.activity, event.entry) };
    case 'prompt':
      return { ...model, prompts: withPrompt(model.prompts, event.prompt) };
    case 'promptGone':
      return { ...model, prompts: without(model.prompts, event.id) };
    case 'settings':
      return { ...model, settings: event.settings };
    case 'troubles':
      return { ...model, troubles: event.troubles };
    case 'testStep':
    case 'export':
    case 'showServer':
    case 'missed':
      return model;
  }
}
