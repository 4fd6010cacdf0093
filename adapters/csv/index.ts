// The csv adapter: comma-separated values, plain or gzip, from a file or a stream, typed by the entity that
// they are of.
import { sourceFailed, type AnyEntity, type Change, type Update } from 'dreampipe'
import { sourceOf, type Bytes } from '../reading/bytes.ts'
import { placed, reasonOf, rejected, wrongAnswer } from '../reading/rejected.ts'
import { encodingOf, texts } from '../reading/text.ts'
import { columnsOf } from './columns.ts'
import { rowReader, type Row } from './rows.ts'
import { typed } from './values.ts'

/** A row as it stands in the file: header to text. */
export type CsvRow = { readonly [header: string]: string }

/** A row that could not be turned into updates; the rows behind it go on. */
export interface BadRow {
  /** The line that it begins on; 1 is the file's first. */
  readonly line: number
  readonly reason: string
}

/** How rows become updates of an entity. */
export interface CsvOptions<L extends AnyEntity> {
  readonly entity: L
  /** The updates' source. */
  readonly source: string
  /**
   * What becomes of a row; by default each column is the property of its name, its text read as that
   * property's type.
   */
  readonly normalise?: (row: CsvRow, to: Change<L>) => Update<L['name']> | readonly Update<L['name']>[]
  /** Told of every bad row, which `submitAll` counts as rejected in any case. */
  readonly onBadRow?: (bad: BadRow) => void
  /** One character, or several; `,` unless said. */
  readonly delimiter?: string
  /** The headers, where the file has none. */
  readonly headers?: readonly string[]
  /** How the bytes are text, as TextDecoder names it (`latin1`, `utf-16le`); `utf-8` unless said. */
  readonly encoding?: string
}

/** Characters of one row: far more than an event holds. */
const longest = 4_000_000

/**
 * Updates from CSV (RFC 4180): a path, a file URL, or a stream of bytes or text. The first row names the
 * columns. A row that has another number of cells, whose quotes are wrong, or that `normalise` refuses, is
 * yielded as an update that is rejected with its line and the reason, and the rest goes on. Throws
 * `SourceFailed` where the headers cannot be columns or a byte is no text. Flat memory.
 */
export const csv = <L extends AnyEntity>(
  from: string | URL | Bytes,
  options: CsvOptions<L>,
): AsyncGenerator<Update<L['name']>> => {
  const encoding = encodingOf('csv', options.encoding)
  return updates(from, options, encoding)
}

const rowsOf = async function* (source: Bytes, delimiter: string, encoding: string): AsyncGenerator<Row> {
  const reader = rowReader({ delimiter, quote: '"', comment: undefined, skipLines: 0, longest })
  for await (const text of texts(source, 'csv', encoding)) yield* reader.push(text)
  yield* reader.end()
}

const updates = async function* <L extends AnyEntity>(
  from: string | URL | Bytes,
  { entity, source, normalise, onBadRow, delimiter = ',', headers }: CsvOptions<L>,
  encoding: string,
): AsyncGenerator<Update<L['name']>> {
  const meta = { source }
  const change: Change<L> = {
    update: (values) => entity.toUpdate(values as never, meta) as Update<L['name']>,
    delete: (keys) => entity.toDelete(keys as never, meta) as Update<L['name']>,
  }
  const bad = (line: number, reason: string): Update<L['name']> => {
    onBadRow?.({ line, reason })
    return rejected(line, reason, entity.name) as unknown as Update<L['name']>
  }
  let columns = headers === undefined ? undefined : columnsOf(headers, 0, normalise !== undefined)
  const make = typed(entity, source)
  for await (const { line, cells, wrong } of rowsOf(sourceOf(from), delimiter, encoding)) {
    if (columns === undefined) {
      if (wrong !== undefined) throw sourceFailed('csv', `line ${line}, which names the columns: ${wrong}`)
      columns = columnsOf(cells, line, normalise !== undefined)
      continue
    }
    if (wrong !== undefined) {
      yield bad(line, wrong)
      continue
    }
    if (cells.length !== columns.length) {
      yield bad(line, `has ${cells.length} cells, and there are ${columns.length} columns`)
      continue
    }
    let made: Update<L['name']> | readonly Update<L['name']>[]
    try {
      made =
        normalise === undefined
          ? (make(columns, cells) as Update<L['name']>)
          : normalise(Object.fromEntries(columns.map((name, i) => [name, cells[i] as string])), change)
      const unfit = wrongAnswer(made)
      if (unfit !== undefined) throw new TypeError(unfit)
    } catch (thrown) {
      yield bad(line, reasonOf(thrown))
      continue
    }
    if (!Array.isArray(made)) yield placed(made as Update<L['name']>, line)
    else for (const each of made as readonly Update<L['name']>[]) yield placed(each, line)
  }
}
