// A source of rows, page by page, and the counts of a run that reads it.
import { producer, type Page, type PageContext, type RunReport } from 'dreampipe'
import { t } from 'dreampipe/fp'
import { day, Lead } from './kit.ts'

export interface Row {
  readonly id: string
  readonly at: string
  readonly score: number | string
}

export const rows = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${i % 10}`, at: day(1 + Math.floor(i / 10)), score: i }))

/** A source of so many rows a page; the cursor counts the rows that are behind. */
export const source = (
  all: readonly Row[],
  size = 10,
  watch: (from: number, context: PageContext) => void | Promise<void> = () => undefined,
) =>
  producer({
    name: 'rows',
    entity: Lead,
    version: 2,
    cursor: t.number,
    start: 0,
    async *pages(from, context): AsyncGenerator<Page<Row, number>> {
      for (let at = from; at < all.length; at += size) {
        await watch(at, context)
        const records = all.slice(at, at + size)
        yield { records, cursor: at + records.length, expected: all.length }
      }
    },
    normalise: (row, to) => {
      if (row.score === 'throw') throw new Error('no such score')
      return to.update({ id: row.id, at: row.at, score: row.score as number })
    },
  })

export const countsOf = ({ stored, duplicate, rejected, records, pages, ended, cursor }: RunReport) => ({
  stored,
  duplicate,
  rejected,
  records,
  pages,
  ended,
  cursor,
})
