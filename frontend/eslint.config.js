import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Only `src/api` talks to the engine. */
const onlyApi = { patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/api talks to the engine.' }] };

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'e2e', 'src/api/gen', 'eslint.config.js'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat['recommended-latest'],
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/api/**', 'src/**/*.test.{ts,tsx}', 'src/test/**'],
    rules: { 'no-restricted-imports': ['error', onlyApi] },
  },
  {
    files: ['src/components/**'],
    ignores: ['src/components/**/*.test.{ts,tsx}'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...onlyApi.patterns,
            {
              group: ['**/api/*', '!**/api/gen', '!**/api/gen/**', '**/state/*', '**/features/**'],
              allowTypeImports: true,
              message: 'Components are given what they show.',
            },
          ],
        },
      ],
    },
  },
);
