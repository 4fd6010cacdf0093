// Builds each entry of package.json's exports as ESM and as CJS, with types for both.
import type { Options } from 'tsup'

export default {
  entry: {
    index: 'src/index.ts',
    fp: 'src/fp.ts',
    embedded: 'src/embedded.ts',
    'google-cloud': 'src/google-cloud.ts',
    driver: 'src/driver.ts',
    testing: 'src/testing.ts',
    waiting: 'src/waiting.ts',
    'adapters/csv': 'adapters/csv/index.ts',
    'adapters/http': 'adapters/http/index.ts',
    'adapters/jsonl': 'adapters/jsonl/index.ts',
    'adapters/salesforce': 'adapters/salesforce/index.ts',
    'adapters/salesforce/testing': 'adapters/salesforce/testing.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node22',
  dts: true,
  sourcemap: true,
  clean: true,
  // also for CJS, where it is off by default: entries share their modules, whichever format is loaded
  splitting: true,
  // Also optional dependencies, peers and 'dreampipe' itself, which adapters import by name.
  skipNodeModulesBundle: true,
  removeNodeProtocol: false, // there is no 'sqlite' without its 'node:'
} satisfies Options
