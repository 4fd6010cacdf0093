// Who may import whom: the layers, the rooms inside them, and how the edges that break a rule are found.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cruise,
  type IConfiguration,
  type ICruiseResult,
  type IRegularForbiddenRuleType as Rule,
} from 'dependency-cruiser'

export const root = fileURLToPath(new URL('..', import.meta.url))
/** The text of one of the repository's files. */
export const read = (file: string): string => readFileSync(join(root, file), 'utf8')
/** The TypeScript files below these folders. */
export const files = (...folders: string[]): string[] =>
  globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  )
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()

const fp = '^src/fp\\.ts$'
const waiting = '^src/waiting\\.ts$'
export const entries = '^src/(index|fp|waiting|embedded|google-cloud|driver|testing)\\.ts$'
const [model, schema, ports] = ['^src/model/', '^src/schema/', '^src/ports/']
const ours = '^(src|adapters|examples|test|bench)/'
// A package as it reads when it is not installed, and when it is.
const packages = (...names: string[]): string[] => [
  `^(${names.join('|')})(/|$)`,
  `node_modules/(${names.join('|')})/`,
]

interface Layer {
  readonly name: string
  readonly from: string
  readonly may: readonly string[]
}

/** Each layer, and what of this repository it may import; `$1` is the layer's own folder. */
export const layers: readonly Layer[] = [
  { name: 'fp', from: fp, may: [] },
  { name: 'waiting', from: waiting, may: [fp] },
  { name: 'model', from: model, may: [fp, model] },
  { name: 'schema', from: schema, may: [fp, model, schema] },
  { name: 'ports', from: ports, may: [fp, model, ports] },
  { name: 'flow', from: '^src/flow/', may: [fp, waiting, model, schema, ports, '^src/flow/'] },
  {
    name: 'drivers',
    from: '^src/drivers/([^/]+)/',
    may: [fp, waiting, model, schema, ports, '^src/drivers/$1/'],
  },
  { name: 'pipeline', from: '^src/pipeline\\.ts$', may: ['^src/(?!drivers/google-cloud/)'] },
  { name: 'testing', from: '^src/testing/', may: [fp, waiting, model, ports, '^src/testing/'] },
  {
    name: 'entries',
    from: '^src/(index|embedded|driver|testing)\\.ts$',
    may: ['^src/(?!drivers/google-cloud/)'],
  },
  { name: 'google-cloud entry', from: '^src/google-cloud\\.ts$', may: ['^src/'] },
  { name: 'shared by adapters', from: '^adapters/reading/', may: [entries, '^adapters/reading/'] },
  {
    name: 'adapters',
    from: '^adapters/([^/]+)/',
    may: [entries, '^adapters/$1/', '^adapters/reading/'],
  },
  {
    name: 'examples',
    from: '^examples/',
    may: [entries, '^adapters/[^/]+/(index|testing)\\.ts$', '^examples/'],
  },
]

// Rooms inside a layer: what each may import of it, beside itself. Data moves one way through them.
const roomsOf = (layer: string, rooms: { readonly [room: string]: readonly string[] }): readonly Layer[] =>
  Object.entries(rooms).map(([room, may]) => ({
    name: `${layer}/${room}`,
    from: `^${layer}/${room}/`,
    may: [`^(?!${layer}/)`, `^${layer}/${room}/`, ...may.map((each) => `^${layer}/${each}`)],
  }))

/** What all rooms of the flow share; the rest beside the rooms puts them together. */
const shared = '(call|context|schemas|signal)\\.ts$'

export const rooms: readonly Layer[] = [
  ...roomsOf('src/flow', {
    events: [],
    consume: [shared, 'events/'],
    project: [shared, 'events/', 'consume/'],
    query: [shared, 'events/', 'project/'],
    prove: [shared, 'events/', 'consume/', 'project/'],
    receive: [shared, 'query/', 'consume/running\\.ts$'],
    produce: [shared, 'events/', 'receive/'],
  }),
  ...roomsOf('src/drivers/google-cloud', {
    datastore: ['failure\\.ts$'],
    pubsub: ['(failure|names)\\.ts$', 'datastore/'],
    bigquery: ['datastore/registry\\.ts$'],
  }),
  ...roomsOf('src/drivers/embedded', { sqlite: [], duckdb: [] }),
  ...roomsOf('adapters/salesforce', {
    org: [],
    object: ['csv\\.ts$', 'org/'],
    scan: ['(cursor|csv|extraction)\\.ts$', 'org/', 'object/'],
    run: ['(cursor|extraction)\\.ts$', 'org/', 'object/', 'scan/'],
    testing: [],
  }),
]

const forbid = (name: string, from: Rule['from'], to: Rule['to']): Rule => ({
  name,
  severity: 'error',
  from,
  to,
})
const rules: readonly Rule[] = [
  ...[...layers, ...rooms].map(({ name, from, may }) =>
    forbid(name, { path: from }, { path: ours, pathNot: [...may] }),
  ),
  forbid(
    'public entries by name',
    { path: '^(adapters/[^/]+|examples)/' },
    { path: ours, pathNot: ['^$1/', '^adapters/reading/'], dependencyTypes: ['local'] },
  ),
  forbid('one door to fp-ts and io-ts', { pathNot: fp }, { path: packages('fp-ts', 'io-ts') }),
  forbid(
    'no packages in the pure layers',
    { path: '^src/(model|schema|ports|testing)/' },
    { pathNot: ours, dependencyTypesNot: ['core'] },
  ),
  forbid('duckdb in its driver', { pathNot: '^src/drivers/embedded/' }, { path: packages('@duckdb') }),
  forbid(
    'google cloud in its driver',
    { pathNot: '^src/drivers/google-cloud/' },
    { path: packages('@google-cloud') },
  ),
  forbid('no cycles', {}, { circular: true }),
  // What does not resolve escapes every rule above. Optional peers need not be installed.
  forbid('resolvable', {}, { couldNotResolve: true, pathNot: packages('@google-cloud', 'jsforce') }),
]

// dependency-cruiser's types know fewer of the resolver's options than the resolver takes.
type ResolveOptions = NonNullable<NonNullable<IConfiguration['options']>['enhancedResolveOptions']>
const resolution: ResolveOptions & { readonly extensions: string[] } = {
  exportsFields: ['exports'],
  conditionNames: ['@dreampipe/source', 'import', 'node', 'default', 'types'],
  extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts'],
}

/** The edges under `baseDir` that break a rule, each as `rule: from -> to`. */
export const violations = async (baseDir: string): Promise<readonly string[]> => {
  const folders = ['src', 'adapters', 'examples'].filter((folder) => existsSync(join(baseDir, folder)))
  const { output } = await cruise(
    folders,
    {
      baseDir,
      enhancedResolveOptions: resolution,
      ruleSet: { forbidden: [...rules] },
      validate: true,
      tsPreCompilationDeps: true, // or type-only imports would escape
      doNotFollow: { path: 'node_modules' },
    },
    { bustTheCache: true },
  )
  return (output as ICruiseResult).summary.violations
    .map(
      ({ rule, from, to, cycle }) =>
        `${rule.name}: ${[from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' -> ')}`,
    )
    .toSorted()
}
