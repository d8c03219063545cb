/** What a command that was not carried out rejects with. */

import type { ApiError } from './gen/ApiError';
import type { ErrorCode } from './gen/ErrorCode';
import type { FieldError } from './gen/FieldError';

/** An `ApiError` of the engine, or `unexpected` where the shell itself refused or broke. */
export class CommandError extends Error {
  constructor(
    readonly code: ErrorCode | 'unexpected',
    message: string,
    readonly hint: string,
    readonly fields: readonly FieldError[],
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

function isApiError(value: unknown): value is ApiError {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

/** Whatever was thrown, in the one shape that the window shows. */
export function toCommandError(cause: unknown): CommandError {
  if (cause instanceof CommandError) return cause;
  if (isApiError(cause)) return new CommandError(cause.code, cause.message, cause.hint, cause.fields);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CommandError('unexpected', message, 'Try again. If it happens again, restart Hostrounds.', []);
}
