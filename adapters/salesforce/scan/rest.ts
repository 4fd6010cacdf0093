// Pages of a REST query, each one counted before it is believed.
import { jsonReader, parsePage, type Meta, type Row } from '../object/read.ts'
import { refused } from '../org/failure.ts'
import { letGo, type Extraction } from '../extraction.ts'
import type { Plan } from '../object/nodes.ts'
import { turn } from 'dreampipe/waiting'

/** What is asked: records in the recycle bin too, where `all`. */
export interface Query {
  readonly soql: string
  readonly all: boolean
  readonly plan: Plan
  readonly meta: Meta
}
export interface RestPage {
  readonly rows: readonly Row[]
  readonly total: number
  readonly first: boolean
}

interface Answer {
  readonly totalSize: number
  readonly done: boolean
  readonly nextRecordsUrl?: string
  readonly records: readonly { [name: string]: unknown }[]
}

const answerOf = (verb: string, text: string, exact: boolean): Answer => {
  let answer: Partial<Answer> | undefined
  try {
    answer = parsePage(text, exact) as Partial<Answer>
  } catch {
    // The edge's maintenance page, with a good status.
  }
  if (answer === undefined || !Array.isArray(answer.records) || typeof answer.totalSize !== 'number')
    throw refused(verb, 'the answer is no page of records', { code: 'NOT_JSON', retry: true })
  return answer as Answer
}

/** The path of a query, and whether a URI can hold it: Salesforce takes 16,384 bytes with headers. */
const queryPath = ({ soql, all }: Pick<Query, 'soql' | 'all'>): string =>
  `/${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`
export const fitsUri = (query: Pick<Query, 'soql' | 'all'>): boolean => queryPath(query).length < 15_000

interface Came {
  readonly rows: readonly Row[]
  readonly totalSize: number
  readonly done: boolean
  readonly next: string | undefined
}

// Text and answer end with this call: while the next page comes, only the rows of the last one are kept.
const cameIn = (verb: string, text: string, read: ReturnType<typeof jsonReader>): Came => {
  const { records, totalSize, done, nextRecordsUrl } = answerOf(verb, text, false)
  const exactly = (): Answer['records'] => answerOf(verb, text, true).records
  const rows =
    read(records, { exact: false, again: () => answerOf(verb, text, false).records }) ??
    read(exactly(), { exact: true, again: exactly }) ??
    []
  return { rows, totalSize, done, next: nextRecordsUrl }
}

// Salesforce says where the next page is before it lists records; it writes no slash as an escape.
const nextIn = (text: string): string | undefined =>
  /^\s*\{\s*"totalSize"\s*:\s*\d+\s*,\s*"done"\s*:\s*false\s*,\s*"nextRecordsUrl"\s*:\s*"([^"\\]+)"/.exec(
    text,
  )?.[1]

/**
 * Every page of a query. A page whose count or place contradicts what Salesforce says is thrown away before
 * anything of it is used.
 */
export const restPages = async function* (
  { call, object }: Extraction,
  query: Query,
): AsyncGenerator<RestPage> {
  const verb = `query ${object}`
  const wrong = (why: string) => refused(verb, why, { code: 'WRONG_COUNT', retry: true })
  const read = jsonReader(query.plan, query.meta)
  const textOf = async (path: string): Promise<string> =>
    (await call({ verb, path, headers: { 'Sforce-Query-Options': 'batchSize=2000' } })).text()
  let coming: Promise<string> | undefined = textOf(queryPath(query))
  let count = 0
  let firstId: string | undefined
  for (let first = true; ; first = false) {
    let text: string | undefined = await (coming as Promise<string>)
    // The next page comes while this one is read and stored; after the first one it may all be left to Bulk.
    const promised = first ? undefined : nextIn(text)
    const early: Promise<string> | undefined = promised === undefined ? undefined : textOf(promised)
    early?.catch(() => undefined)
    coming = early
    // A turn of the event loop, so that the request leaves before this one is parsed.
    if (early !== undefined) await turn()
    const { rows, totalSize, done, next } = cameIn(verb, text, read)
    text = undefined
    // The locator ends with the number of records before its page.
    const behind = count + rows.length
    const expected = done ? totalSize : Number(/-(\d+)$/.exec(next ?? '')?.[1] ?? behind)
    if (behind !== expected) throw wrong(`a page was to end at record ${expected}, and it ends at ${behind}`)
    if (rows.length > 0 && rows[0]?.id === firstId) throw wrong('the same page came twice')
    if (!done && (next === undefined || rows.length === 0))
      throw wrong('more records are promised, and no way to them')
    count = behind
    firstId = rows[0]?.id
    yield { rows, total: totalSize, first }
    letGo(rows)
    if (done || next === undefined) return
    if (coming === undefined || next !== promised) coming = textOf(next)
  }
}
