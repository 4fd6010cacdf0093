// An entity's tables and SQL objects in BigQuery: made as they are needed, by any replica, at the same time,
// from wherever another stopped.
import type { Columns } from '../../../schema/columns.ts'
import {
  instantArgument,
  logDefinition,
  logFields,
  logTable,
  mergedFields,
  sqlObjects,
  type SqlObject,
  type TableField,
} from '../../../schema/bigquery.ts'
import { pauseBefore, type Rest } from './client.ts'
import { isConflict, isNotFound, isOutdated, refusalOf, type Refusal } from './errors.ts'
import type { Lives } from './live.ts'

interface Resource {
  readonly etag?: string
  readonly schema?: { readonly fields?: readonly TableField[] }
  readonly view?: { readonly query?: string }
  readonly definitionBody?: string
}

// Undefined where one of these refusals comes instead of an answer.
const unless = async <A>(
  work: Promise<A>,
  ...refused: readonly ((refusal: Refusal) => boolean)[]
): Promise<A | undefined> => {
  try {
    return await work
  } catch (thrown) {
    if (refused.some((is) => is(refusalOf(thrown)))) return undefined
    throw thrown
  }
}

const tablesPath = (dataset: string): string => `datasets/${dataset}/tables`

/** Whether the dataset is there. */
export const hasDataset = async (rest: Rest): Promise<boolean> => {
  const { dataset } = await rest.place()
  return (
    (await unless(rest.call<Resource>({ method: 'GET', path: `datasets/${dataset}` }), isNotFound)) !==
    undefined
  )
}

/** Makes the dataset where it is missing. For provisioning only. */
export const ensureDataset = async (rest: Rest, location?: string): Promise<boolean> => {
  const { project, dataset } = await rest.place()
  if (await hasDataset(rest)) return false
  const body = JSON.stringify({
    datasetReference: { projectId: project, datasetId: dataset },
    ...(location === undefined ? {} : { location }),
  })
  return (await unless(rest.call({ method: 'POST', path: 'datasets', body }), isConflict)) !== undefined
}

// The servers that take rows see a new table later than those that made it. A row of nothing but an unknown
// column is refused once they do, and never written.
const awaitTable = async (rest: Rest, path: string): Promise<void> => {
  const start = performance.now()
  const body = JSON.stringify({ rows: [{ json: { __none__: '' } }] })
  for (let attempt = 1; performance.now() - start < rest.patience; attempt++) {
    if (
      (await unless(rest.call({ method: 'POST', path: `${path}/insertAll`, body }), isNotFound)) !== undefined
    )
      return
    await pauseBefore(attempt)
  }
}

/** Makes a log table hold these columns; repeatable, and side by side with others who add theirs. */
export const ensureTable = async (
  rest: Rest,
  entity: string,
  generation: number,
  columns: Columns,
): Promise<void> => {
  const { project, dataset } = await rest.place()
  const tableId = logTable(entity, generation)
  const path = `${tablesPath(dataset)}/${tableId}`
  for (let attempt = 1; ; attempt++) {
    const found = await unless(rest.call<Resource>({ method: 'GET', path }), isNotFound)
    if (found === undefined) {
      const body = JSON.stringify({
        tableReference: { projectId: project, datasetId: dataset, tableId },
        ...logDefinition(columns),
      })
      if (
        (await unless(rest.call({ method: 'POST', path: tablesPath(dataset), body }), isConflict)) !==
        undefined
      )
        return awaitTable(rest, path)
    } else {
      const have = found.schema?.fields ?? []
      const fields = mergedFields(have, logFields(columns))
      if (fields === have) return
      if (
        (await unless(
          rest.call({
            method: 'PATCH',
            path,
            etag: found.etag,
            body: JSON.stringify({ schema: { fields } }),
          }),
          isOutdated,
        )) !== undefined
      )
        return
    }
    await pauseBefore(attempt)
  }
}

export const dropTable = async (rest: Rest, entity: string, generation: number): Promise<void> => {
  const { dataset } = await rest.place()
  await unless(
    rest.call({ method: 'DELETE', path: `${tablesPath(dataset)}/${logTable(entity, generation)}` }),
    isNotFound,
  )
}

const resourceOf = (
  project: string,
  dataset: string,
  { kind, name, query }: SqlObject,
): { readonly [key: string]: unknown } =>
  kind === 'view'
    ? {
        tableReference: { projectId: project, datasetId: dataset, tableId: name },
        view: { query, useLegacySql: false },
      }
    : {
        routineReference: { projectId: project, datasetId: dataset, routineId: name },
        routineType: 'TABLE_VALUED_FUNCTION',
        language: 'SQL',
        arguments: [{ name: instantArgument, dataType: { typeKind: 'TIMESTAMP' } }],
        definitionBody: query,
      }

// One object as the registry says at a moment after the object was looked at: whoever writes later looked
// later, so that an older
// definition never replaces a newer one, however long its writer slept. False where the registry has moved on
// from this revision: the
// objects that this one reads are not there yet then.
const makeObject = async (
  rest: Rest,
  lives: Lives,
  entity: string,
  revision: number,
  which: number,
): Promise<boolean> => {
  const place = await rest.place()
  for (let attempt = 1; ; attempt++) {
    const kind = which === 3 ? 'routines' : 'tables'
    const path = `datasets/${place.dataset}/${kind}`
    const name = [`${entity}_log`, `${entity}_events`, entity, `${entity}_as_of`][which] as string
    const found = await unless(rest.call<Resource>({ method: 'GET', path: `${path}/${name}` }), isNotFound)
    const live = await lives.reload(entity)
    const object =
      live?.revision === revision
        ? sqlObjects(place, entity, live.generation, live.columns, live.updates)[which]
        : undefined
    if (object === undefined) return false
    if ((found?.view?.query ?? found?.definitionBody) === object.query) return true
    const body = JSON.stringify(resourceOf(place.project, place.dataset, object))
    const made =
      found === undefined
        ? await unless(rest.call({ method: 'POST', path, body }), isConflict)
        : await unless(
            rest.call({
              method: object.kind === 'view' ? 'PATCH' : 'PUT',
              path: `${path}/${name}`,
              etag: found.etag,
              body,
            }),
            isOutdated,
          )
    if (made !== undefined) return true
    await pauseBefore(attempt)
  }
}

const makeAll = async (rest: Rest, lives: Lives, entity: string, revision: number): Promise<boolean> => {
  for (const which of [0, 1, 2, 3])
    if (!(await makeObject(rest, lives, entity, revision, which))) return false
  return true
}

/** Makes the SQL objects what the registry says, and notes that they are. */
export const makeObjects = async (rest: Rest, lives: Lives, entity: string): Promise<void> => {
  for (;;) {
    const before = await lives.reload(entity)
    if (before === undefined || before.made === before.revision) return
    if (await makeAll(rest, lives, entity, before.revision))
      await lives.change(entity, (live) =>
        live?.revision === before.revision ? { ...live, made: before.revision } : undefined,
      )
  }
}
