// How the tests run: on the sources, which tests may import by path or as 'dreampipe…' and get the same
// modules.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  // The package resolves to itself through its exports. Conditions replace vite's own, so these come back
  // after ours.
  ssr: { resolve: { conditions: ['@dreampipe/source', 'node', 'development|production'] } },
  test: {
    environment: 'node',
    pool: 'forks',
    // Many tests wait for servers and processes: two at a time, also on two cores, where one would be the
    // default.
    maxWorkers: 2,
    include: ['test/**/*.test.ts'],
    // The compiler judges the type tests, and counts them here; an error anywhere in the sources fails the
    // run as well.
    typecheck: { enabled: true, include: ['test/types/**/*.test-d.ts'], tsconfig: 'tsconfig.json' },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
