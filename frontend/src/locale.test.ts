import { expect, it } from 'vitest';

import { repairLanguage, usableLanguage } from './locale';

it('replaces a language that Intl does not accept', () => {
  const fake = { language: 'C', languages: ['C'] } as unknown as Navigator;
  expect(() => new Intl.NumberFormat(fake.language)).toThrow();
  repairLanguage(fake);
  expect(() => new Intl.NumberFormat(fake.language)).not.toThrow();
  expect(fake.languages).toEqual([fake.language]);
});

it('leaves a good language alone and prefers a usable one of the list', () => {
  expect(usableLanguage(['de-CH', 'en'])).toBe('de-CH');
  expect(usableLanguage(['C', undefined, 'fr-FR'])).toBe('fr-FR');
});
