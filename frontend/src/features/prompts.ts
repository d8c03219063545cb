import type { LoginPrompt } from '../api/gen/LoginPrompt';
import type { ServerId } from '../api/gen/ServerId';
import { useModel } from '../state/hooks';

/** Whether a server asks a person something: the question lies over every other dialog, and the keys are for it. */
export function usePrompted(): boolean {
  return useModel((model) => model.prompts.length > 0);
}

/** What the server `id` asks a person at this moment. Until that is answered, how it went before says nothing. */
export function usePromptOf(id: ServerId): LoginPrompt | undefined {
  return useModel((model) => model.prompts.find(({ server }) => server === id));
}
