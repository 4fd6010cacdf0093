// The query engine of a pipeline that was given no dataset: says so.
import { TE } from '../../fp.ts'
import { notProvisioned } from '../../model/errors.ts'
import type { QueryEngine } from '../../ports/query-engine.ts'

const refused = () => TE.left(notProvisioned('query engine', 'this pipeline was given no dataset', "googleCloud({ dataset: '…' })"))

export const withoutDataset: QueryEngine = {
  evolve: refused, append: refused, position: refused, lacking: refused, check: refused, fill: refused, query: refused,
  generations: { of: refused, begin: refused, advance: refused, swap: refused },
}
