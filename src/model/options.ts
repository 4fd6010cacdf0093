// Every option there is, by what takes it: one table, so that a mistyped option is refused, not ignored.
import { invalidOption } from './errors.ts'

/** The names of the options of each verb, definition and driver. */
export const knownOptions = {
  createPipeline: ['driver', 'observe', 'results', 'maxAhead'],
  embedded: ['folder', 'memory'],
  googleCloud: [
    'projectId',
    'databaseId',
    'namespace',
    'views',
    'index',
    'names',
    'updates',
    'lanes',
    'provision',
    'sweepAfter',
    'dataset',
    'bigquery',
    'clients',
  ],
  entity: [
    'properties',
    'additionalProperties',
    'identifier',
    'timestamp',
    'updates',
    'attributes',
    'deduplication',
    'transform',
    'view',
  ],
  'entity.deduplication': ['by', 'ignore'],
  'entity.view': ['properties', 'calculated', 'index', 'calculate'],
  producer: ['name', 'entity', 'version', 'cursor', 'start', 'pages', 'normalise'],
  start: ['roles'],
  submitAll: ['signal', 'onProgress', 'onRejected'],
  settled: ['timeout'],
  find: ['where', 'limit', 'cursor'],
  sql: ['row', 'integers'],
  run: ['signal', 'dryRun', 'budget', 'tolerate', 'tries', 'onProgress'],
  'run.budget': ['run', 'day'],
  'run.tolerate': ['records', 'share'],
  schedule: ['signal', 'budget', 'tolerate', 'tries', 'onProgress', 'jitter', 'timeZone', 'onRun'],
  verify: ['repair', 'onProgress'],
  rebuild: ['target', 'onProgress'],
  provision: ['apply'],
  subscribe: ['name', 'filter', 'from', 'handle'],
  subscribeResults: ['name', 'handle'],
  close: ['timeout'],
  csv: [
    'entity',
    'source',
    'normalise',
    'onBadRow',
    'delimiter',
    'headers',
    'encoding',
    'quote',
    'comment',
    'skipLines',
    'columns',
    'nulls',
    'decimal',
    'ragged',
    'dates',
  ],
  'csv.dates': ['format', 'zone'],
  jsonl: ['normalise', 'onBadLine', 'maxLength', 'encoding'],
  httpPages: ['first', 'next', 'records', 'cursor', 'expected', 'headers', 'timeout', 'encoding'],
} as const

// Edits that turn one word into the other (Levenshtein).
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (next[j - 1] as number) + 1,
          (row[j] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] as number
}

/** `: did you mean x?` where one of the names is near, the names there are otherwise. */
const suggestion = (given: string, names: readonly string[]): string => {
  const near = names
    .map((name) => ({ name, edits: distance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0]
  return near === undefined ? `; there are ${names.join(', ')}` : `: did you mean ${near.name}?`
}

/**
 * Throws `InvalidDefinition` where `options` is no object or has one that nobody knows; the message names the
 * option and the one that may have been meant.
 */
export const checkOptions = (
  of: keyof typeof knownOptions,
  options: unknown,
  refuse: (path: string, why: string) => never = (path, why) => {
    throw invalidOption(of, path, why)
  },
): void => {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return refuse('', `expects an object of options, got ${described(options)}`)
  const names: readonly string[] = knownOptions[of]
  for (const name of Object.keys(options))
    if (!names.includes(name)) refuse(name, `is no option${suggestion(name, names)}`)
}

/** Throws `InvalidDefinition` where a value is none of those that an option takes. */
export const checkChoice = (
  of: keyof typeof knownOptions,
  option: string,
  value: unknown,
  values: readonly string[],
): void => {
  if (!values.some((each) => each === value))
    throw invalidOption(of, option, `cannot be ${described(value)}${suggestion(String(value), values)}`)
}

/** What something is, for a message; never its content beyond a short text. */
export const described = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'string'
        ? JSON.stringify(value.slice(0, 40))
        : typeof value === 'object' || typeof value === 'undefined'
          ? typeof value
          : `${typeof value} ${String(value).slice(0, 40)}`
