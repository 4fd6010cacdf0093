// Pages of a REST query, each one counted before it is believed.
import { jsonReader, parsePage, type Meta, type Row } from './read.ts'
import { refused } from './failure.ts'
import type { Extraction } from './extraction.ts'
import type { Plan } from './plan.ts'

/** What is asked: records in the recycle bin too, where `all`. */
export interface Query { readonly soql: string; readonly all: boolean; readonly plan: Plan; readonly meta: Meta }
export interface RestPage { readonly rows: readonly Row[]; readonly total: number; readonly first: boolean }

interface Answer { readonly totalSize: number; readonly done: boolean; readonly nextRecordsUrl?: string; readonly records: readonly { [name: string]: unknown }[] }

const answerOf = (verb: string, text: string, exact: boolean): Answer => {
  let answer: Partial<Answer> | undefined
  try {
    answer = parsePage(text, exact) as Partial<Answer>
  } catch {
    // The edge's maintenance page, with a good status.
  }
  if (answer === undefined || !Array.isArray(answer.records) || typeof answer.totalSize !== 'number') throw refused(verb, 'the answer is no page of records', { code: 'NOT_JSON', retry: true })
  return answer as Answer
}

/** The path of a query, and whether a URI can hold it: Salesforce takes 16,384 bytes with headers. */
export const queryPath = ({ soql, all }: Pick<Query, 'soql' | 'all'>): string => `/${all ? 'queryAll' : 'query'}?q=${encodeURIComponent(soql)}`
export const fitsUri = (query: Pick<Query, 'soql' | 'all'>): boolean => queryPath(query).length < 15_000

/** Every page of a query. A page whose count or place contradicts what Salesforce says is thrown away before anything of it is used. */
export const restPages = async function* ({ call, object }: Extraction, query: Query): AsyncGenerator<RestPage> {
  const verb = `query ${object}`
  const read = jsonReader(query.plan, query.meta)
  let path = queryPath(query)
  let count = 0
  let firstId: string | undefined
  for (let first = true; ; first = false) {
    const reply = await call({ verb, path, headers: { 'Sforce-Query-Options': 'batchSize=2000' } })
    const text = await reply.text()
    const { records, totalSize, done, nextRecordsUrl } = answerOf(verb, text, false)
    const rows = read(records) ?? read(answerOf(verb, text, true).records) ?? []
    const behind = count + rows.length
    // The locator ends with the number of records before its page.
    const expected = done ? totalSize : Number(/-(\d+)$/.exec(nextRecordsUrl ?? '')?.[1] ?? behind)
    if (behind !== expected) throw refused(verb, `a page was to end at record ${expected}, and it ends at ${behind}`, { code: 'WRONG_COUNT', retry: true })
    if (rows.length > 0 && rows[0]?.id === firstId) throw refused(verb, 'the same page came twice', { code: 'WRONG_COUNT', retry: true })
    if (!done && (nextRecordsUrl === undefined || rows.length === 0)) throw refused(verb, 'more records are promised, and no way to them', { code: 'WRONG_COUNT', retry: true })
    count = behind
    firstId = rows[0]?.id
    yield { rows, total: totalSize, first }
    if (done || nextRecordsUrl === undefined) return
    path = nextRecordsUrl
  }
}
