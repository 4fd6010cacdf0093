// Rows of one SELECT, checked by the caller's codec.
import { E, type t, type TaskEither } from '../../fp.ts'
import { invalidQuery, type Contention, type ReadError } from '../../model/errors.ts'
import type { Ports } from '../../ports/driver.ts'
import type { SqlParameters } from '../../ports/query-engine.ts'
import type { QueryResult } from './identify.ts'

export interface SqlOptions<A> {
  readonly row?: t.Type<A, unknown, unknown> | undefined
  readonly integers?: 'number' | 'bigint' | undefined
}

/** Rows of one SELECT, each checked by the `row` codec where one is given. */
export const sql =
  <A>(
    ports: Ports,
    text: string,
    parameters: SqlParameters,
    { row, integers = 'number' }: SqlOptions<A>,
  ): TaskEither<ReadError | Contention, readonly A[]> =>
  async () => {
    if (typeof text !== 'string') return E.left(invalidQuery('sql', '', 'expects the text of a SELECT'))
    const rows = await ports.queryEngine.query(text, parameters, { integers })()
    if (rows._tag === 'Left' || row === undefined) return rows as QueryResult<readonly A[]>
    const decoded: A[] = []
    for (let i = 0; i < rows.right.length; i++) {
      const each = row.decode(rows.right[i])
      if (each._tag === 'Left') {
        const [wrong] = each.left
        const path =
          wrong?.context
            .map(({ key }) => key)
            .filter((key) => key !== '')
            .join('.') ?? ''
        return E.left(
          invalidQuery('sql', `[${i}]${path === '' ? '' : `.${path}`}`, `the row is no ${row.name}`),
        )
      }
      decoded.push(each.right)
    }
    return E.right(decoded)
  }
