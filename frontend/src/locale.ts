/**
 * Under `LANG=C.UTF-8` the webview reports the language "C", which no `Intl` constructor accepts, and uPlot makes one while
 * it is being imported. So this module is the first import of the window and puts a language there that exists.
 */

const FALLBACK = 'en-US';

function isUsable(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

/** The first of `tags` that `Intl` can work with, or English. */
export function usableLanguage(tags: readonly (string | undefined)[]): string {
  return tags.find((tag): tag is string => tag !== undefined && isUsable(tag)) ?? FALLBACK;
}

/** Makes `navigator.language` one that `Intl` accepts; leaves a good one alone. */
export function repairLanguage(target: Navigator): string {
  const language = usableLanguage([target.language, ...target.languages]);
  if (language !== target.language) {
    Object.defineProperty(target, 'language', { value: language, configurable: true });
    Object.defineProperty(target, 'languages', { value: [language], configurable: true });
  }
  return language;
}

/** The language that numbers and dates are written in. */
export const language = repairLanguage(navigator);
