// Tables, views and functions as BigQuery has them, before an emulator that is asked SQL alone.
// Mended here: etags and If-Match (it has none), tables.patch (it changes metadata and no table), views and
// functions replaced (it says duplicate), insertAll (it keeps texts inside of records as texts, base64 as it
// is, and drops no repeated insertId; a bad row is a 500).
import { inPlace, type TableField } from '../../src/schema/bigquery.ts'
import { ok, refusal, type Answered, type Asked } from './bigquery-answers.ts'
import {
  createTable,
  holdsAll,
  literal,
  ownValue,
  unknownFields,
  widenTable,
  type Json,
} from './bigquery-sql.ts'

interface Table {
  fields: readonly TableField[]
  etag: number
  readonly seen: Set<string>
}
interface Defined {
  query: string
  etag: number
}

/** Answers a call about what a project's datasets hold: `kind` is tables or routines, `verb` what follows. */
type TableCall = (
  asked: Asked,
  dataset: string,
  kind: string,
  name: string,
  verb: string,
) => Promise<Answered>

/** The tables of a project whose datasets are these, and whose SQL runs there. */
export const tablesOf = (
  project: string,
  datasets: ReadonlySet<string>,
  sql: (query: string) => Promise<void>,
): TableCall => {
  const tables = new Map<string, Table>()
  const defined = new Map<string, Defined>()
  let etags = 0

  const define = async (kind: string, dataset: string, name: string, query: string): Promise<Answered> => {
    const full = inPlace({ project, dataset }, name)
    const key = `${dataset}/${kind}/${name}`
    if (kind === 'tables' && defined.has(key)) await sql(`DROP VIEW ${full}`)
    await sql(
      kind === 'tables'
        ? `CREATE VIEW ${full} AS ${query}`
        : `CREATE OR REPLACE TABLE FUNCTION ${full}(__instant__ TIMESTAMP) AS ${query}`,
    )
    defined.set(key, { query, etag: ++etags })
    return ok()
  }

  const insertAll = async (
    dataset: string,
    name: string,
    table: Table,
    rows: readonly { readonly insertId: string; readonly json: Json }[],
  ): Promise<Answered> => {
    const errors: { index: number; errors: { reason: string; location: string; message: string }[] }[] = []
    const literals: string[] = []
    rows.forEach(({ json }, index) => {
      const unknown = unknownFields(table.fields, json)
      if (unknown.length > 0) {
        errors.push({
          index,
          errors: unknown.map((location) => ({
            reason: 'invalid',
            location,
            message: `no such field: ${location}.`,
          })),
        })
        return
      }
      try {
        const values = table.fields.map((field) => literal(field, ownValue(json, field.name), field.name))
        literals.push(`(${values.join(', ')})`)
      } catch (thrown) {
        const { location, message } = thrown as { location: string; message: string }
        errors.push({ index, errors: [{ reason: 'invalid', location, message }] })
      }
    })
    const refused = new Set(errors.map(({ index }) => index))
    if (refused.size > 0)
      return ok({
        insertErrors: [
          ...errors,
          ...rows.flatMap((_, index) =>
            refused.has(index) ? [] : [{ index, errors: [{ reason: 'stopped', location: '', message: '' }] }],
          ),
        ],
      })
    const fresh = literals.filter((_, i) => !table.seen.has(rows[i]?.insertId ?? ''))
    for (const { insertId } of rows) table.seen.add(insertId)
    const columns = table.fields.map((field) => `\`${field.name}\``).join(', ')
    if (fresh.length > 0)
      await sql(`INSERT INTO ${inPlace({ project, dataset }, name)} (${columns}) VALUES ${fresh.join(', ')}`)
    return ok()
  }

  return async (asked, dataset, kind, name, verb) => {
    const body = (asked.body === '' ? {} : JSON.parse(asked.body)) as {
      tableReference?: { tableId: string }
      routineReference?: { routineId: string }
      view?: { query: string }
      definitionBody?: string
      schema?: { fields: readonly TableField[] }
      rows?: readonly { insertId: string; json: Json }[]
    }
    if (!datasets.has(dataset)) return refusal(404, 'notFound', `Not found: Dataset ${project}:${dataset}`)
    const id = name === '' ? (body.tableReference?.tableId ?? body.routineReference?.routineId ?? '') : name
    const key = `${dataset}/${kind}/${id}`
    const [table, object] = [tables.get(key), defined.get(key)]
    const query = body.view?.query ?? body.definitionBody
    if (asked.method === 'POST' && verb === '') {
      if (table !== undefined || object !== undefined)
        return refusal(409, 'duplicate', `Already Exists: ${key}`)
      if (query !== undefined) return define(kind, dataset, id, query)
      await sql(createTable(inPlace({ project, dataset }, id), body.schema?.fields ?? []))
      tables.set(key, { fields: body.schema?.fields ?? [], etag: ++etags, seen: new Set() })
      return ok()
    }
    if (table === undefined && object === undefined)
      return refusal(
        404,
        'notFound',
        `Not found: ${kind === 'tables' ? 'Table' : 'Routine'} ${project}:${dataset}.${id}`,
      )
    const etag = `"${table?.etag ?? object?.etag}"`
    if (asked.method === 'GET')
      return ok(
        table !== undefined
          ? { etag, schema: { fields: table.fields } }
          : kind === 'tables'
            ? { etag, view: { query: object?.query } }
            : { etag, definitionBody: object?.query },
      )
    if (asked.etag !== undefined && asked.etag !== etag)
      return refusal(412, 'conditionNotMet', 'Precondition check failed.')
    if (asked.method === 'DELETE') {
      await sql(`DROP ${table === undefined ? 'VIEW' : 'TABLE'} ${inPlace({ project, dataset }, id)}`)
      tables.delete(key)
      defined.delete(key)
      return ok()
    }
    if (query !== undefined) return define(kind, dataset, id, query)
    if (table === undefined) return refusal(400, 'invalid', 'a view takes no rows and no columns')
    if (verb === 'insertAll') return insertAll(dataset, id, table, body.rows ?? [])
    const fields = body.schema?.fields ?? table.fields
    if (!holdsAll(table.fields, fields))
      return refusal(400, 'invalid', 'Provided Schema does not match Table')
    for (const statement of widenTable(
      inPlace({ project, dataset }, id),
      inPlace({ project, dataset }, `${id}_aside`),
      table.fields,
      fields,
    ))
      await sql(statement)
    tables.set(key, { ...table, fields, etag: ++etags })
    return ok()
  }
}
