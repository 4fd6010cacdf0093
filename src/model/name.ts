// Names of properties and entities: what every engine behind a pipeline can hold.
import { limits } from './limits.ts'
import { isMetadataName } from './yadto.ts'

/** The query engine's own columns; no property may bear their names. */
export const systemColumns = [
  '_entity_id',
  '_event_id',
  '_sequence',
  '_occurred_at',
  '_recorded_at',
  '_operation',
  '_source',
  '_version',
  '_present',
  '_extra',
  '_written',
] as const

const system: ReadonlySet<string> = new Set<string>(systemColumns)

// https://cloud.google.com/bigquery/docs/schemas#column_names
const bigQueryPrefixes = [
  '_table_',
  '_file_',
  '_partition',
  '_row_timestamp',
  '__root__',
  '_colidentifier',
  '_change_sequence_number',
  '_change_type',
  '_change_timestamp',
]

const checked = new Map<string, string | undefined>()

const wrongWith = (name: string): string | undefined => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    return 'a property name has ASCII letters, digits and _ and starts with a letter or _'
  if (name.length > limits.nameLength) return `a property name has at most ${limits.nameLength} characters`
  const lower = name.toLowerCase()
  if (bigQueryPrefixes.some((prefix) => lower.startsWith(prefix))) return 'this name is reserved in BigQuery'
  if (/^__.*__$/.test(name)) return 'this name is reserved in Datastore'
  return undefined
}

/** Why a name cannot be a property's, or undefined where it can. Remembered for the names in use. */
export const badName = (name: string): string | undefined => {
  const found = checked.get(name)
  if (found !== undefined || checked.has(name)) return found
  const why = wrongWith(name)
  // Names come from outside: what is remembered of them stays small.
  if (checked.size < 10_000 && name.length <= limits.nameLength) checked.set(name, why)
  return why
}

/**
 * Why a name cannot be a property's at the top of an entity, where the query engine has columns of its own.
 */
export const badTopName = (name: string): string | undefined =>
  badName(name) ??
  (system.has(name.toLowerCase()) ? "this name is a column of the query engine's own" : undefined)

/** Why a name cannot be declared: metadata names stand for the metadata. */
export const badDeclaredName = (name: string): string | undefined =>
  badTopName(name) ?? (isMetadataName(name) ? 'this name carries metadata' : undefined)

/** Why a name cannot be an entity's: it becomes tables, topics, kinds and SQL names. */
export const badEntityName = (name: string): string | undefined =>
  !/^[A-Za-z][A-Za-z0-9_]*$/.test(name)
    ? 'an entity name has ASCII letters, digits and _ and starts with a letter'
    : name.length > 100
      ? 'an entity name has at most 100 characters'
      : /_(log(_\d+)?|events|as_of)$/i.test(name)
        ? "the endings _log, _events and _as_of name an entity's SQL objects, and _log with a number " +
          'their tables'
        : undefined
