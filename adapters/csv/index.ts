// The csv adapter: comma-separated values, plain or gzip, from a file or a stream, typed by the entity that
// they are of.
import { sourceFailed, type AnyEntity, type Change, type Update } from 'dreampipe'
import { sourceOf, type Bytes } from '../reading/bytes.ts'
import { placed, reasonOf, rejected, wrongAnswer } from '../reading/rejected.ts'
import { texts } from '../reading/text.ts'
import { columnsOf } from './columns.ts'
import { checked, type Checked, type CsvOptions } from './options.ts'
import { rowReader, type Row } from './rows.ts'
import { typed } from './values.ts'

export type { CsvDates } from './dates.ts'
export type { BadRow, CsvOptions, CsvRow } from './options.ts'

/**
 * Updates from CSV (RFC 4180): a path, a file URL, or a stream of bytes or text. The first row names the
 * columns. A row that has another number of cells, whose quotes are wrong, or that `normalise` refuses, is
 * yielded as an update that is rejected with its line and the reason, and the rest goes on. Throws
 * `InvalidDefinition` for an option that is not known or cannot be, and while reading `SourceFailed` where
 * the headers cannot be columns or a byte is no text. Flat memory.
 */
export const csv = <L extends AnyEntity>(
  from: string | URL | Bytes,
  options: CsvOptions<L>,
): AsyncGenerator<Update<L['name']>> => updates(from, options, checked(options))

const rowsOf = async function* (source: Bytes, { dialect, encoding }: Checked): AsyncGenerator<Row> {
  const reader = rowReader(dialect)
  for await (const text of texts(source, 'csv', encoding)) yield* reader.push(text)
  yield* reader.end()
}

// The cells as many as there are columns, or why not.
const fitted = (
  cells: readonly string[],
  columns: readonly string[],
  ragged: Checked['ragged'],
): readonly (string | undefined)[] | string => {
  const missing = columns.length - cells.length
  if (missing === 0) return cells
  if (missing < 0 && ragged === 'ignore') return cells.slice(0, columns.length)
  if (missing > 0 && ragged !== 'reject')
    return [...cells, ...Array.from({ length: missing }, () => (ragged === 'pad' ? '' : undefined))]
  return `has ${cells.length} cells, and there are ${columns.length} columns`
}

type Make<N extends string> = (cells: readonly (string | undefined)[]) => Update<N> | readonly Update<N>[]

// What makes updates of the cells of these columns.
const makerOf = <L extends AnyEntity>(
  { entity, source, normalise }: CsvOptions<L>,
  columns: readonly string[],
  { reading }: Checked,
): Make<L['name']> => {
  if (normalise === undefined) return typed(entity, source, columns, reading) as Make<L['name']>
  const meta = { source }
  const change: Change<L> = {
    update: (values) => entity.toUpdate(values as never, meta) as Update<L['name']>,
    delete: (keys) => entity.toDelete(keys as never, meta) as Update<L['name']>,
  }
  return (cells) => {
    const pairs = columns.flatMap((name, i) => (cells[i] === undefined ? [] : [[name, cells[i]] as const]))
    const made = normalise(Object.fromEntries(pairs), change)
    const unfit = wrongAnswer(made)
    if (unfit !== undefined) throw new TypeError(unfit)
    return made
  }
}

const updates = async function* <L extends AnyEntity>(
  from: string | URL | Bytes,
  options: CsvOptions<L>,
  known: Checked,
): AsyncGenerator<Update<L['name']>> {
  const { entity, onBadRow, headers } = options
  const bad = (line: number, reason: string): Update<L['name']> => {
    onBadRow?.({ line, reason })
    return rejected(line, reason, entity.name) as unknown as Update<L['name']>
  }
  let columns = headers === undefined ? undefined : columnsOf(headers, 0, options)
  let make = columns === undefined ? undefined : makerOf(options, columns, known)
  for await (const { line, cells, wrong } of rowsOf(sourceOf(from), known)) {
    if (columns === undefined || make === undefined) {
      if (wrong !== undefined) throw sourceFailed('csv', `line ${line}, which names the columns: ${wrong}`)
      columns = columnsOf(cells, line, options)
      make = makerOf(options, columns, known)
      continue
    }
    const fit = wrong ?? fitted(cells, columns, known.ragged)
    if (typeof fit === 'string') {
      yield bad(line, fit)
      continue
    }
    let made: ReturnType<Make<L['name']>>
    try {
      made = make(fit)
    } catch (thrown) {
      yield bad(line, reasonOf(thrown))
      continue
    }
    if (!Array.isArray(made)) yield placed(made as Update<L['name']>, line)
    else for (const each of made as readonly Update<L['name']>[]) yield placed(each, line)
  }
}
