/** An engine that answers as a test tells it, behind the real `invoke` and `listen`. */

import { mockIPC } from '@tauri-apps/api/mocks';
import { emit } from '@tauri-apps/api/event';
import { act } from '@testing-library/react';

import type { CommandMap } from '../api/commands';
import { EVENT_NAME } from '../api/events';
import type { ApiError } from '../api/gen/ApiError';
import type { Event } from '../api/gen/Event';
import { snapshot, storage } from './fixtures';

type Name = keyof CommandMap;
type Answer<Of extends Name> = CommandMap[Of]['answer'] | Promise<CommandMap[Of]['answer']>;
export type Answers = { [Of in Name]?: (args: CommandMap[Of]['args']) => Answer<Of> };

export interface Call {
  name: string;
  args: unknown;
}

const usual: Answers = {
  snapshot: () => snapshot(),
  latest: () => null,
  history: () => [],
  alerts: () => [],
  activity: () => [],
  collections: () => [],
  metrics: () => [],
  set_live: () => null,
  collect: () => 1,
  collect_all: () => [],
  pause: () => null,
  resume: () => null,
  clean: () => null,
  retry: () => 1,
  remove_server: () => null,
  accept_host_key: () => null,
  replace_host_key: () => null,
  answer_prompt: () => null,
  cancel_export: () => null,
  connection_tests: () => [],
  storage: () => storage(),
  preview_retention: () => ({ servers: [], bySize: { collections: 0, bytes: 0 } }),
  set_keep_days: () => null,
  footprint: () => ({ days: [], budget: { logins: null, bytes: null, cpu: null }, overBudget: [], slowStartUp: null }),
};

export interface FakeEngine {
  calls: Call[];
  /** The arguments of every call of one command. */
  argsOf: (name: Name) => unknown[];
  tell: (event: Event) => Promise<void>;
}

/** What a command rejects with when the engine refuses it: a plain object, for errors cross as JSON. */
export function refusal(error: Omit<ApiError, 'fields'> & Partial<Pick<ApiError, 'fields'>>): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- see above
  return Promise.reject({ fields: [], ...error });
}

/** Starts it. A command without an answer is refused, as the shell does it. */
export function startEngine(answers: Answers = {}): FakeEngine {
  const calls: Call[] = [];
  const all = { ...usual, ...answers } as Record<string, ((args: unknown) => unknown) | undefined>;
  mockIPC(
    (name, args) => {
      calls.push({ name, args });
      const answer = all[name];
      if (!answer) throw new Error(`command ${name} not found`);
      return answer(args);
    },
    { shouldMockEvents: true },
  );
  return {
    calls,
    argsOf: (name) => calls.filter((call) => call.name === name).map(({ args }) => args),
    tell: (event) => act(() => emit(EVENT_NAME, event)),
  };
}
