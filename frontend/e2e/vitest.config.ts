import { defineConfig } from 'vitest/config';

// One window at a time: the application is a single instance, and the steps of a test build on each other.
export default defineConfig({
  cacheDir: '../node_modules/.vite-e2e',
  test: {
    root: import.meta.dirname,
    include: ['**/*.e2e.ts'],
    environment: 'node',
    fileParallelism: false,
    bail: 1,
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
});
