import { useModel } from '../state/hooks';

/** Whether a server asks a person something: the question lies over every other dialog, and the keys are for it. */
export function usePrompted(): boolean {
  return useModel((model) => model.prompts.length > 0);
}
